/**
 * Real programs, with the model held against the kernel at every call: which descriptors are
 * open and with what flags, and where every path leads.
 *
 * With `ELSEWHERE_MODEL_RUNS` the go command compiles the standard library as well.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { run } from "../matrix/run.ts";
import { npmPackage } from "../programs/packages.ts";
import { writeProject } from "../programs/project.ts";
import { runChecked } from "./checked.ts";

const isLong = process.env["ELSEWHERE_MODEL_RUNS"] !== undefined;

const folder = mkdtempSync(join(tmpdir(), "elsewhere-model-"));
afterAll(() => rmSync(folder, { recursive: true }));

const right = {
  errors: [],
  ending: { exitCode: 0 },
  unhooked: [],
  surprises: { found: 0, vanished: 0 },
};

test("go build", { timeout: 600_000 }, async () => {
  const cwd = join(folder, "hello");
  mkdirSync(cwd);
  writeFileSync(join(cwd, "go.mod"), "module elsewhere.test/hello\n\ngo 1.21\n");
  writeFileSync(join(cwd, "main.go"), 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n');
  const { stdout } = await run(["go", "env", "GOROOT"], { cwd, timeoutMs: 60_000 });
  const env = { ...process.env, ...(isLong ? { GOCACHE: join(folder, "cache") } : {}) };
  const outcome = await runChecked([join(stdout.trim(), "bin/go"), "build", "-o", "hello", "."], {
    cwd,
    env,
    identity: false,
    paths: true,
  });
  expect(outcome).toMatchObject(right);
  expect(outcome.compared).toBeGreaterThan(500);
  expect(outcome.resolved).toBeGreaterThan(500);
  expect((await run([join(cwd, "hello")], { cwd, timeoutMs: 10_000 })).stdout).toBe("hello\n");
});

test("esbuild", { timeout: 120_000 }, async () => {
  const cwd = join(folder, "project");
  mkdirSync(cwd);
  writeProject(cwd, 60);
  const program = join(await npmPackage("@esbuild/linux-x64@0.27.2"), "bin/esbuild");
  const outcome = await runChecked([program, "source/main.ts", "--bundle", "--outdir=out", "--log-level=error"], {
    cwd,
    identity: false,
    paths: true,
  });
  expect(outcome).toMatchObject(right);
  expect(outcome.compared).toBeGreaterThan(50);
  expect(outcome.resolved).toBeGreaterThan(50);
});
