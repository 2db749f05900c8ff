/** Runs a command and says what it printed, how long it took and how much memory it had. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly elapsedMs: number;
  /** The most memory the process itself had; not a number unless `watchMemory`. */
  readonly memoryMb: number;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Looks at VmHWM every few milliseconds: it only grows, and who ends by _exit cannot tell it. */
  readonly watchMemory?: boolean;
}

const WATCH_MS = 3;

/** @throws Error when the command cannot be started or fails; a benchmark of a failure says nothing */
export async function run(command: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const { watchMemory = false, ...where } = options;
  const [program = "", ...args] = command;
  const startMs = performance.now();
  const child = spawn(program, args, { ...where, stdio: ["ignore", "pipe", "pipe"] });
  let memoryMb = Number.NaN;
  const watch = setInterval(() => (memoryMb = highWaterMb(child.pid) ?? memoryMb), watchMemory ? WATCH_MS : 1 << 30);
  let elapsedMs = Number.NaN;
  child.once("exit", () => (elapsedMs = performance.now() - startMs));
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  try {
    const [exitCode, signal] = (await once(child, "close")) as [number | null, string | null];
    if (exitCode !== 0)
      throw new Error(`${command.slice(0, 4).join(" ")} …: ${signal ?? `exit ${exitCode}`}\n${stderr.slice(-500)}`);
  } finally {
    clearInterval(watch);
  }
  return { stdout, stderr, elapsedMs, memoryMb };
}

function highWaterMb(pid: number | undefined): number | undefined {
  try {
    const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
  } catch {
    return undefined; // it has ended meanwhile
  }
}
