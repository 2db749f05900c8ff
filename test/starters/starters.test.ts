/** Programs that start programs: what becomes of those, and what is said of what cannot be hooked. */
import { rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { defineHooks, launch } from "../../src/index.ts";
import { all } from "../hooks/driver.ts";
import { elsewhere } from "../matrix/elsewhere.ts";
import { repository } from "../matrix/cache.ts";
import { run } from "../matrix/run.ts";
import { goProgram } from "../engine/programs.ts";
import { goCommand, inTarget, started, underHooks } from "./starting.ts";

/** Debian's busybox-static: a shell without a dynamic linker. */
const busybox = "/usr/bin/busybox";

let folder: string;
let go: string;
beforeAll(async () => {
  folder = started();
  go = await goCommand();
});
afterAll(() => rmSync(folder, { recursive: true }));

test("go run: what it builds and starts is hooked", { timeout: 180_000 }, async () => {
  const { stdout, stderr, exitCode } = await underHooks(folder, [go, "run", ".", "a", "b"]);
  expect({ stdout, stderr, exitCode }).toEqual({
    stdout: `started: hello from a hook on ${hostname()} with [a b] entry true\n`,
    stderr: "",
    exitCode: 0,
  });
});

test("go test: its tests are hooked", { timeout: 180_000 }, async () => {
  const { stdout, exitCode } = await underHooks(folder, [go, "test", "-count=1", "."]);
  expect({ stdout, exitCode }).toEqual({ stdout: expect.stringMatching(/^ok /) as unknown, exitCode: 0 });
});

test("go run in a target: sources, and what the program reads, are there", { timeout: 180_000 }, async () => {
  const { stdout, exitCode } = await inTarget(folder, [go, "run", ".", "a"]);
  expect(exitCode).toBe(0);
  expect(stdout).toBe("started: hello from there on elsewhere with [a] entry true\n");
});

test("a static shell is refused, with the reason", async () => {
  const { stdout, stderr, exitCode } = await run(
    elsewhere("exec", "--no-config", "--", busybox, "sh", "-c", "echo hi"),
    {
      cwd: folder,
      timeoutMs: 20_000,
    },
  );
  expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 126 });
  expect(stderr).toMatch(/^elsewhere: \S*busybox is not a Go program\n/);
});

test("a static shell that a program starts runs as it is, and so does what it starts; both are told", async () => {
  const program = await goProgram(join(repository, "test/starters/started"));
  const below = `${program} below`;
  const unhooked: string[] = [];
  await using running = await launch(program, {
    args: ["start", busybox, "sh", "-c", below],
    hooks: defineHooks({ openat: () => undefined }),
    onUnhooked: ({ program: path, reason }) => unhooked.push(`${path}: ${reason}`),
  });
  const [stdout] = await Promise.all([all(running.stdout), running.exited]);
  expect(stdout).toBe(
    `started: open /srv/greeting: no such file or directory on ${hostname()} with [below] entry true\n`,
  );
  expect(unhooked).toEqual([expect.stringMatching(/busybox: .*not a Go program/)]);
});

test("in a target that is said where the user sees it", async () => {
  const program = await goProgram(join(repository, "test/starters/started"));
  const { stderr, exitCode } = await inTarget(folder, [program, "start", busybox, "true"]);
  expect(exitCode).toBe(0);
  expect(stderr).toMatch(/^elsewhere: \S*busybox is started on this machine: .*not a Go program\n$/);
});
