/** Servers of the tests, on the loopback. */
import { createServer } from "node:net";
import { once } from "node:events";

export interface Server extends AsyncDisposable {
  readonly port: number;
  /** "127.0.0.1:PORT" */
  readonly address: string;
}

/** Sends `answer` to everybody who connects, and ends the connection. */
export async function answering(answer: string | Uint8Array): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("error", () => {}); // who connected went away
    socket.end(answer);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  return {
    port,
    address: `127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
    },
  };
}
