/** record and replay on programs that nobody here wrote and that do a lot: caddy, and go with its compiler and linker. */
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Difference, type HookedProgram, type HookSet, launch, record, replay } from "../../src/index.ts";
import { scratch } from "../matrix/cache.ts";
import { run } from "../matrix/run.ts";
import { mustRun } from "../programs/packages.ts";
import { caddyServer, type Server } from "../programs/servers.ts";
import { recorded, replayed } from "./replaying.ts";

describe("caddy", () => {
  let caddy: Server;
  /** Where it keeps its certificates and locks. */
  let home: string;
  beforeAll(() => void (home = scratch("caddy-home")));
  beforeEach(async () => {
    caddy = await caddyServer();
  });
  afterEach(() => rmSync(caddy.directory, { recursive: true, force: true }));
  afterAll(() => rmSync(home, { recursive: true }));

  async function started(hooks: HookSet, cwd: string): Promise<HookedProgram> {
    const [program = "", ...args] = caddy.command;
    const env = { PATH: process.env["PATH"], HOME: home };
    return launch(program, { args, cwd, env, hooks, stdio: ["ignore", "ignore", "pipe"] });
  }

  // The second time it finds what it has saved itself, and writes it anew.
  test.each([1, 2])("serves its clients again, from files that are not there: run %i", async () => {
    const file = join(home, "run.elsewhere");
    writeFileSync(join(caddy.directory, "large.txt"), "0123456789".repeat(50_000));
    const first = await started(record(file), caddy.directory);
    let log = "";
    for await (const chunk of first.stderr?.iterator({ destroyOnReturn: false }) ?? []) {
      log += String(chunk);
      if (caddy.ready.test(log)) break;
    }
    first.stderr?.resume();
    const asked = ["file.txt", "large.txt", "nowhere", "file.txt"].map(async (name) => {
      const response = await fetch(`${caddy.url}/${name}`, { headers: { connection: "close" } });
      return `${response.status} ${(await response.text()).length}`;
    });
    expect(await Promise.all(asked)).toEqual(["200 1000", "200 500000", "404 0", "200 1000"]);
    process.kill(first.pid, "SIGTERM");
    expect(await first.exited).toEqual({ exitCode: 0, signal: null });

    rmSync(caddy.directory, { recursive: true });
    const differences: Difference[] = [];
    const served = Promise.withResolvers<void>();
    const hooks = replay(file, { onDifference: (each) => differences.push(each), onServed: served.resolve });
    await using again = await started(hooks, "/");
    again.stderr?.resume();
    await served.promise;
    process.kill(again.pid, "SIGTERM");
    expect(await again.exited).toEqual({ exitCode: 0, signal: null });
    // The time is another one: in the log, and in each answer's Date.
    for (const { kind, what, found } of differences) expect(`${kind} ${found} ${what}`).toMatch(/^output|^sent .*GMT/);
    expect(differences.filter(({ kind }) => kind === "sent").length).toBeLessThanOrEqual(4);
  });
});

test("go builds a program whose source is not there: go, its compiler and its linker", async () => {
  const folder = realpathSync(scratch("replay-go"));
  const [source, cache, file, program] = ["source", "cache", "run.elsewhere", "program"].map((name) =>
    join(folder, name),
  ) as [string, string, string, string];
  const env = { ...process.env, GOCACHE: cache, GOFLAGS: "-mod=mod", CGO_ENABLED: "0" };
  const write = (word: string): void =>
    writeFileSync(join(source, "main.go"), `package main\n\nfunc main() { print("${word}") }\n`);
  mkdirSync(source);
  writeFileSync(join(source, "go.mod"), "module program\n\ngo 1.22\n");
  write("before");
  await mustRun(["go", "build", "-o", program, "."], source, env); // the standard library is built
  write("hello");
  const go = join((await mustRun(["go", "env", "GOROOT"], source, env)).trim(), "bin/go");
  const start = { program: go, args: ["build", "-buildvcs=false", "-o", program, "."], cwd: source, env };
  expect(await recorded(file, start)).toEqual({ stdout: "", stderr: "", exitCode: 0 });
  const built = readFileSync(program);
  rmSync(source, { recursive: true });
  rmSync(program);
  const { differences, ...after } = await replayed(file, { ...start, cwd: "/" });
  expect(after).toEqual({ stdout: "", stderr: "", exitCode: 0 });
  // Entries of the cache say when they were made.
  expect(differences.filter(({ what }) => !what.startsWith(`${cache}/`))).toEqual([]);
  expect(existsSync(program)).toBe(false);
  await replayed(file, { ...start, cwd: "/" }, { writes: "real" });
  expect(readFileSync(program)).toEqual(built);
  expect((await run([program], { cwd: "/", timeoutMs: 5000 })).stderr).toBe("hello");
  rmSync(folder, { recursive: true });
}, 120_000);
