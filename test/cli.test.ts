/** What a user sees who makes a mistake, or names something that cannot be hooked: a clear message, never a stack trace. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { elsewhere } from "./matrix/elsewhere.ts";
import { repository } from "./matrix/cache.ts";
import { run } from "./matrix/run.ts";
import { probeProgram } from "./engine/programs.ts";

const folder: string = mkdtempSync(join(tmpdir(), "elsewhere-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function buildFor(architecture: string): Promise<void> {
  const built = await run(["go", "build", "-o", join(folder, architecture), "main.go"], {
    cwd: folder,
    environment: { ...process.env, GOARCH: architecture, CGO_ENABLED: "0" },
    timeoutMs: 280_000,
  });
  if (built.exitCode !== 0) throw new Error(built.stderr);
}

beforeAll(async () => {
  writeFileSync(join(folder, "main.go"), "package main\n\nfunc main() {}\n");
  await buildFor("386");
  await buildFor("arm64");
  writeFileSync(join(folder, "script"), "#!/bin/sh\necho hi\n", { mode: 0o755 });
  writeFileSync(join(folder, "text"), "hello\n", { mode: 0o755 });
  writeFileSync(join(folder, "empty"), "", { mode: 0o755 });
  copyFileSync(await probeProgram(), join(folder, "not-executable"));
  writeFileSync(join(folder, "not-executable"), "\x7fELF", { mode: 0o644 });
  copyFileSync(await probeProgram(), join(folder, "setuid"));
  await run(["chmod", "4755", join(folder, "setuid")], { cwd: folder, timeoutMs: 5000 });
  await run(["chmod", "644", join(folder, "not-executable")], { cwd: folder, timeoutMs: 5000 });
  mkdirSync(join(folder, "directory"));
}, 600_000);

const refusals: readonly (readonly [program: string, exitCode: number, message: RegExp])[] = [
  ["./missing", 127, /\.\/missing: program not found/],
  ["no-such-program-anywhere", 127, /no-such-program-anywhere: program not found\n.*PATH/],
  ["./directory", 126, /is a directory/],
  ["./not-executable", 126, /is not executable\n.*mode: 0644\n.*chmod \+x/s],
  ["./script", 126, /is a script\n.*interpreter: \/bin\/sh/],
  ["./text", 126, /is not an ELF file/],
  ["./empty", 126, /is empty/],
  ["./386", 126, /is a 32-bit program/],
  ["./arm64", 126, /is a program for another kind of processor/],
  ["./setuid", 126, /changes its user or group/],
  ["/bin/ls", 126, /is not a Go program/],
  [join(repository, "node_modules/.bin/tsc"), 126, /is a script\n.*it starts .*\/lib\/tsc: name that/s],
];

test.each(refusals)("trace %s: exit code %d", async (program, exitCode, message) => {
  const outcome = await run(elsewhere("trace", program), { cwd: folder, timeoutMs: 30_000 });
  expect(outcome).toMatchObject({ exitCode, stdout: "" });
  expect(outcome.stderr).toMatch(message);
  expect(outcome.stderr).toMatch(/^elsewhere: /);
  expect(outcome.stderr).not.toMatch(/\n\s+at /);
});

test("a trace that cannot be written: exit code 125, and how the program itself had ended", async () => {
  mkdirSync(join(folder, "three"));
  writeFileSync(join(folder, "three/main.go"), 'package main\n\nimport "os"\n\nfunc main() { os.Exit(3) }\n');
  const built = await run(["go", "build", "-o", "exits", "three/main.go"], { cwd: folder, timeoutMs: 100_000 });
  expect(built.exitCode).toBe(0);
  expect(await run(elsewhere("trace", "-o", "trace", "./exits"), { cwd: folder, timeoutMs: 30_000 })).toMatchObject({
    exitCode: 3,
    stderr: "",
  });
  const outcome = await run(elsewhere("trace", "-o", "/dev/full", "./exits"), { cwd: folder, timeoutMs: 30_000 });
  expect(outcome).toMatchObject({ exitCode: 125, stdout: "" });
  expect(outcome.stderr).toMatch(/^elsewhere: cannot write the trace to \/dev\/full\n.*ENOSPC/);
  expect(outcome.stderr).toMatch(/\n {2}the program itself had ended with exit code 3\n$/);
}, 150_000);

const mistakes: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [["trace", "--jsn", "x"], /unknown option '--jsn'\n.*Did you mean --json/s],
  [["trace"], /missing required argument/],
  [["trcae", "x"], /unknown command 'trcae'\n.*Did you mean trace/s],
  [["trace", "-e", "opeant", "x"], /no call or group "opeant".*openat/s],
  [["trace", "-s", "many", "x"], /--string-limit.*number of bytes/s],
  [["trace", "--timestamps", "sometimes", "x"], /Allowed choices are none, clock, relative/],
];

test.each(mistakes)("elsewhere %j: exit code 125", async (args, message) => {
  const outcome = await run(elsewhere(...args), { cwd: folder, timeoutMs: 30_000 });
  expect(outcome).toMatchObject({ exitCode: 125, stdout: "" });
  expect(outcome.stderr).toMatch(message);
  expect(outcome.stderr).not.toMatch(/\n\s+at /);
});

test("a trace that cannot be written is said before the program starts", async () => {
  const outcome = await run(elsewhere("trace", "-o", join(folder, "no/such/file"), await probeProgram(), "ask"), {
    cwd: folder,
    timeoutMs: 30_000,
  });
  expect(outcome).toMatchObject({ exitCode: 125, stdout: "" });
});

test("inspect --json and doctor --json are for machines", async () => {
  const inspected = await run(elsewhere("inspect", "--json", await probeProgram()), { cwd: folder, timeoutMs: 30_000 });
  expect(JSON.parse(inspected.stdout)).toMatchObject({ machine: expect.any(String) as string, verdict: "hookable" });
  const checked = await run(elsewhere("doctor", "--json"), { cwd: folder, timeoutMs: 30_000 });
  expect(JSON.parse(checked.stdout)).toContainEqual(expect.objectContaining({ name: "kernel", ok: true }));
});
