/** A client that asks a file server for files and looks at every byte that it gets. */
import { Agent, get } from "node:http";

export interface Asked {
  readonly path: string;
  readonly content: Uint8Array;
}

/**
 * Asks for files in turn, over `connections` connections at a time.
 * @returns what was not answered rightly
 */
export async function requestAll(
  port: number,
  files: readonly Asked[],
  { requests, connections }: { readonly requests: number; readonly connections: number },
): Promise<string[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const wrong: string[] = [];
  let next = 0;
  const client = async (): Promise<void> => {
    for (let number = next++; number < requests; number = next++) {
      const file = files[number % files.length];
      if (file === undefined) return;
      const found = await request(agent, port, file.path).catch(String);
      if (typeof found === "string") wrong.push(`${file.path}: ${found}`);
      else if (!found.equals(file.content)) wrong.push(`${file.path}: ${found.length} other bytes`);
    }
  };
  await Promise.all(Array.from({ length: connections }, client));
  agent.destroy();
  return wrong;
}

const request = (agent: Agent, port: number, path: string): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const asked = get({ agent, host: "127.0.0.1", port, path }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () => {
        if (response.statusCode === 200) resolve(Buffer.concat(chunks));
        else reject(new Error(`status ${response.statusCode}`));
      });
    });
    asked.once("error", reject);
  });
