/** Runs a command and says what it printed and how long it took. */
import { spawn } from "node:child_process";
import { once } from "node:events";

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  /** What it wrote to descriptor 3. */
  readonly aside: string;
  readonly elapsedMs: number;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** @throws Error when the command cannot be started or fails; a benchmark of a failure says nothing */
export async function run(command: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const [program = "", ...args] = command;
  const startMs = performance.now();
  const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe", "pipe"] });
  let elapsedMs = 0;
  child.once("exit", () => (elapsedMs = performance.now() - startMs));
  const texts = ["", "", ""];
  for (const [index, stream] of [child.stdout, child.stderr, child.stdio[3]].entries())
    stream?.on("data", (chunk: Buffer) => (texts[index] += chunk.toString()));
  const [exitCode, signal] = (await once(child, "close")) as [number | null, string | null];
  const [stdout = "", stderr = "", aside = ""] = texts;
  if (exitCode !== 0)
    throw new Error(`${command.slice(0, 4).join(" ")} …: ${signal ?? `exit ${exitCode}`}\n${stderr.slice(-500)}`);
  return { stdout, stderr, aside, elapsedMs };
}
