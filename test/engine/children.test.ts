/** Programs that start programs: Go ones are hooked too, others run untouched and the trace says so. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TraceRecord } from "../../src/trace/record.ts";
import { elsewhere } from "../matrix/elsewhere.ts";
import { type Outcome, run } from "../matrix/run.ts";
import { probeProgram } from "./programs.ts";

const folder: string = mkdtempSync(join(tmpdir(), "elsewhere-children-"));
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(() => {
  writeFileSync(join(folder, "go.mod"), "module elsewhere.test/hello\n\ngo 1.21\n");
  writeFileSync(
    join(folder, "main.go"),
    'package main\n\nimport "os"\n\nfunc main() { os.WriteFile("hello.txt", []byte("hi"), 0o600) }\n',
  );
  writeFileSync(
    join(folder, "main_test.go"),
    'package main\n\nimport (\n\t"os"\n\t"testing"\n)\n\nfunc TestTouch(t *testing.T) { os.WriteFile("tested.txt", nil, 0o600) }\n',
  );
});

async function trace(
  command: readonly string[],
  ...options: readonly string[]
): Promise<{ outcome: Outcome; records: TraceRecord[] }> {
  const file = join(folder, "trace.jsonl");
  const outcome = await run(elsewhere("trace", ...options, "--json", "-o", file, "--", ...command), {
    cwd: folder,
    environment: { ...process.env, GOFLAGS: "-vet=off" },
    timeoutMs: 170_000,
  });
  const records = readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as TraceRecord);
  return { outcome, records };
}

const opens = (records: readonly TraceRecord[], name: string): boolean =>
  records.some(
    (record) => record.kind === "call" && record.call === "openat" && JSON.stringify(record.args).includes(name),
  );

test("go run: the program that it builds is hooked", { timeout: 180_000 }, async () => {
  const { outcome, records } = await trace([await realGo(), "run", "."], "-e", "openat,execve");
  expect([outcome.exitCode, outcome.stderr]).toEqual([0, ""]);
  expect(opens(records, "hello.txt")).toBe(true);
});

test("go test: the test binary is hooked", { timeout: 180_000 }, async () => {
  const { outcome, records } = await trace([await realGo(), "test", "."], "-e", "openat,execve");
  expect([outcome.exitCode, outcome.stderr]).toEqual([0, ""]);
  expect(opens(records, "tested.txt")).toBe(true);
});

test("a C program runs untouched, and the trace says why", async () => {
  const { outcome, records } = await trace([await probeProgram(), "children", "1", "1"]);
  expect(outcome.exitCode).toBe(0);
  const started = records.filter((record) => record.kind === "process-start" && !record.hooked);
  expect(started).toMatchObject([
    {
      program: expect.stringMatching(/\/echo$/) as string,
      reason: expect.stringMatching(/not a Go program/) as string,
    },
  ]);
});

test("--no-follow: children are left alone", async () => {
  const { records } = await trace([await realGo(), "version", await probeProgram()], "--no-follow");
  expect(records.filter(({ kind }) => kind === "process-start")).toHaveLength(1);
});

/** The go command itself, a Go program, wherever PATH's `go` leads. */
async function realGo(): Promise<string> {
  const { stdout } = await run(["go", "env", "GOROOT"], { cwd: folder, timeoutMs: 60_000 });
  return join(stdout.trim(), "bin/go");
}
