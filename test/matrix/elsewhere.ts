/** Starts programs under `elsewhere trace` from the sources of this checkout, and reads what it wrote. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "./cache.ts";

const cli: readonly string[] = [process.execPath, join(repository, "src/cli/main.ts")];

/** `elsewhere ARGUMENT…` as a command line. */
export function elsewhere(...args: readonly string[]): string[] {
  return [...cli, ...args];
}

/** The command that runs `program` with every call watched, the trace in `file` as JSON lines. */
export function traced(file: string, program: readonly string[], ...options: readonly string[]): string[] {
  return elsewhere("trace", "-e", "all", ...options, "--json", "-o", file, "--", ...program);
}

/** What the published schema promises of a call. */
export interface TracedCall {
  readonly kind: "call";
  readonly pid: number;
  readonly tid: number;
  readonly call: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly result: number | string | null;
  readonly errno: string | null;
  readonly timeUs: number;
  readonly durationUs: number | null;
}

/** The calls of a trace, in its order; throws on a line that is not what the schema says. */
export function readTrace(file: string): TracedCall[] {
  const calls: TracedCall[] = [];
  const lines = readFileSync(file, "utf8").split("\n");
  if (lines.pop() !== "") throw new Error(`${file} does not end with a whole line`);
  for (const [index, line] of lines.entries()) {
    const record = JSON.parse(line) as Record<string, unknown>;
    if (record["kind"] !== "call") continue;
    const wrong = malformed(record);
    if (wrong !== undefined) throw new Error(`line ${index + 1} of ${file}: ${wrong}: ${line}`);
    calls.push(record as unknown as TracedCall);
  }
  return calls;
}

function malformed(record: Readonly<Record<string, unknown>>): string | undefined {
  for (const name of ["pid", "tid", "timeUs"]) if (typeof record[name] !== "number") return `${name} is not a number`;
  if (typeof record["call"] !== "string") return "call is not a string";
  if (typeof record["args"] !== "object" || record["args"] === null) return "args is not an object";
  if (record["errno"] !== null && typeof record["errno"] !== "string") return "errno is not a name";
  return undefined;
}

/**
 * The known calls that a trace lacks. Each is "openat|open" or, with the error that
 * it must have had at least once, "openat|open=ENOENT".
 */
export function missingCalls(known: readonly string[], trace: readonly TracedCall[]): string[] {
  return known.filter((entry) => {
    const [names, errno] = entry.split("=");
    const alternatives = names?.split("|") ?? [];
    return !trace.some((call) => alternatives.includes(call.call) && (errno === undefined || call.errno === errno));
  });
}

export type Way = "asked" | "watched" | "hooks" | "model" | "agent";

/** Ways to have every call of a program pass through the tool, with nothing shown: what stands in front of a command. */
export const ways: Readonly<Record<Way, readonly string[]>> = {
  /** Each is asked, made by its thread, and its record written before the thread goes on. */
  asked: elsewhere("trace", "-e", "all", "--in-step", "--summary", "-o", "/dev/null"),
  /** Each that can be is made by its thread and written to its journal; the record comes later. */
  watched: elsewhere("trace", "-e", "all", "--summary", "-o", "/dev/null"),
  /** Each goes through a hook in TypeScript that lets it proceed and sees the real result. */
  hooks: elsewhere("exec", "--hook", join(repository, "test/std/proceed.ts")),
  /** Each is made by its thread, and the models of descriptors and paths are held against the kernel. */
  model: [process.execPath, join(repository, "test/model/main.ts")],
  /** TCP connections and those of Unix sockets are made by an agent that stands on the network of this machine. */
  agent: [process.execPath, join(repository, "test/std/by-agent.ts")],
};

/** What puts a way in front of a command. */
export const through =
  (way: Way): ((program: readonly string[]) => string[]) =>
  (program) => [...ways[way], "--", ...program];
