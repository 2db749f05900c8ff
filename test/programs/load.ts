/**
 * A server under load while it is traced: every request is answered rightly, every
 * answer is in the trace, and the server ends as it would by itself.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { cached } from "../matrix/cache.ts";
import { traced } from "../matrix/elsewhere.ts";
import { mustRun } from "./packages.ts";
import { loadProgram, type Server } from "./servers.ts";

export interface LoadResult {
  readonly answered: number;
  readonly errors: number;
  readonly firstError: string;
  readonly seconds: number;
  /** The longest that a request took. */
  readonly slowestMs: number;
  /** Calls in the trace. */
  readonly calls: number;
  /** Calls that can carry an answer, in the trace. */
  readonly sends: number;
  /** How the tool ended after SIGTERM. */
  readonly ending: string;
}

const connections = 32;

/** Nothing on a loaded machine takes as long as this; a waiter that nobody woke does. */
const longestMs = 5000;

export async function loadTraced(server: Server, requests: number): Promise<LoadResult> {
  const load = await loadProgram();
  const file = join(cached("runs"), `${server.name}.trace`);
  const [node = "", ...args] = traced(file, server.command);
  const child = spawn(node, args, { cwd: server.directory, stdio: ["ignore", "pipe", "pipe"] });
  try {
    const announced = await waitFor(child, server.ready);
    const base = server.url ?? announced;
    const command = [load, `${base}${server.path}`, String(requests), String(connections), server.expected];
    const report = JSON.parse(await mustRun(command, server.directory)) as LoadResult;
    child.kill("SIGTERM");
    const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
    return { ...report, ...(await countTrace(file)), ending: signal ?? `exit ${code}` };
  } finally {
    child.kill("SIGKILL");
    rmSync(server.directory, { recursive: true, force: true });
    rmSync(file, { force: true });
  }
}

/** Waits until the server prints `ready`; gives what its first group matched. */
function waitFor(child: ChildProcess, ready: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const match = ready.exec(output);
      if (match) resolve(match[1] ?? match[0]);
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", read);
    child.on("exit", (code) => {
      reject(new Error(`the server ended with ${code}: ${output}`));
    });
  });
}

/** A trace of a hundred thousand requests is too long for one string. */
async function countTrace(file: string): Promise<{ calls: number; sends: number }> {
  let calls = 0;
  let sends = 0;
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (!line.startsWith('{"kind":"call"')) continue;
    calls++;
    const record = JSON.parse(line) as { call: string; errno: string | null };
    if (record.errno === null && ["write", "writev", "sendto", "sendfile"].includes(record.call)) sends++;
  }
  return { calls, sends };
}

/** What is wrong with a result; nothing when all is well. */
export function loadProblems(result: LoadResult, requests: number): string[] {
  const problems: string[] = [];
  if (result.errors > 0) problems.push(`${result.errors} errors, the first: ${result.firstError}`);
  if (result.answered !== requests) problems.push(`${result.answered} of ${requests} requests were answered`);
  if (result.slowestMs > longestMs) problems.push(`a request took ${result.slowestMs} ms`);
  if (result.sends < requests) problems.push(`the trace holds ${result.sends} sends for ${requests} answers`);
  if (result.ending !== "exit 0") problems.push(`after SIGTERM: ${result.ending}`);
  return problems;
}
