/**
 * Watched calls: nobody answers, and yet the trace must say the same as one that is in step with the program. Threads
 * copy by themselves what pointers lead to, so nothing that they are given may hurt them.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildFixtures } from "../matrix/build.ts";
import { readTrace, traced, type TracedCall } from "../matrix/elsewhere.ts";
import { modeNamed } from "../matrix/modes.ts";
import { releases } from "../matrix/releases.ts";
import { type Outcome, run } from "../matrix/run.ts";
import { probeProgram } from "./programs.ts";

let probe: string;
let folder: string;
beforeAll(async () => {
  probe = await probeProgram();
  folder = mkdtempSync(join(tmpdir(), "elsewhere-watch-"));
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));

async function trace(
  command: readonly string[],
  ...options: readonly string[]
): Promise<{ outcome: Outcome; calls: TracedCall[] }> {
  const file = join(folder, "trace.jsonl");
  const cwd = join(folder, "work");
  rmSync(cwd, { recursive: true, force: true });
  mkdirSync(cwd);
  const outcome = await run(traced(file, command, ...options), { cwd, timeoutMs: 100_000 });
  return { outcome, calls: readTrace(file) };
}

const isAddress = (value: unknown): boolean => typeof value === "string" && /^0x[0-9a-f]+$/.test(value);

/** Of what kind each argument of each call is, by the call's outcome: structures stay structures, and are as large. */
function shapes(calls: readonly TracedCall[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const { call, args, errno, result } of calls)
    for (const [name, value] of Object.entries(args)) {
      const key = `${call} ${errno ?? (result === null ? "never returns" : "succeeds")}: ${name}`;
      const kind = isAddress(value)
        ? "address"
        : typeof value === "object" && value !== null && !Array.isArray(value)
          ? `{${Object.keys(value).join()}}`
          : Array.isArray(value)
            ? "array"
            : value === null
              ? "null"
              : typeof value;
      found.set(key, (found.get(key) ?? new Set()).add(kind));
    }
  return found;
}

describe("says what a trace in step says", () => {
  test.each(["files", "udp", "unix", "tcp", "signals", "timers", "resolver", "identity"])(
    "%s",
    async (fixture) => {
      const release = releases.at(-1);
      const build = release === undefined ? undefined : await buildFixtures(release, modeNamed("static"));
      if (build === undefined || !("program" in build)) throw new Error("no fixtures");
      const command = [build.program, fixture];
      const watched = await trace(command);
      const inStep = await trace(command, "--in-step");
      expect(watched.outcome).toMatchObject({ exitCode: 0, stdout: inStep.outcome.stdout });
      const [found, expected] = [shapes(watched.calls), shapes(inStep.calls)];
      const common = [...expected.keys()].filter((key) => found.has(key));
      expect(common.length).toBeGreaterThan(expected.size * 0.8);
      for (const key of common)
        expect([key, ...(found.get(key) ?? [])].sort()).toEqual([key, ...(expected.get(key) ?? [])].sort());
    },
    60_000,
  );
});

test("64 threads, 20,000 calls each: all there, each thread's in order", async () => {
  const { outcome, calls: all } = await trace([probe, "count", "64", "20000"]);
  const calls = all.filter(({ call }) => call === "getpgid");
  expect(outcome).toMatchObject({ exitCode: 0 });
  const latest = new Map<number, number>();
  for (const { tid, args } of calls) {
    const number = Number(args["pid"]) - 0x40000000;
    expect(number).toBe(((latest.get(tid) ?? 0) % 20_000) + 1); // a thread may serve two goroutines
    latest.set(tid, number);
  }
  expect(calls).toHaveLength(64 * 20_000);
}, 110_000);

test("pointers that lead nowhere, strings of every length: the program's results are the kernel's", async () => {
  const native = await run([probe, "odd"], { cwd: folder, timeoutMs: 10_000 });
  const { outcome, calls } = await trace([probe, "odd"]);
  expect(outcome).toMatchObject({ exitCode: 0, stdout: native.stdout });
  const opened = calls.filter(({ call }) => call === "openat").map(({ args, errno }) => [args["filename"], errno]);
  expect(opened).toContainEqual(["0x100000", "EFAULT"]);
  expect(opened).toContainEqual(["xxxx", "ENOENT"]);
  for (const length of [1, 960, 961, 4095]) expect(opened).toContainEqual(["/".repeat(length), null]);
  expect(opened.filter(([, errno]) => errno === "ENAMETOOLONG")).toHaveLength(2);
});

test("a process that is killed: what its threads were doing is told, without a result", async () => {
  const { outcome, calls } = await trace([probe, "stuck"]);
  expect(outcome).toMatchObject({ signal: "SIGKILL" });
  expect(calls).toContainEqual(expect.objectContaining({ call: "read", result: null, durationUs: null }));
  expect(calls.some(({ call }) => call === "kill")).toBe(true);
});
