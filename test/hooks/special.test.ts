/** Calls that return twice, elsewhere or never, and what must go on working under hooks that name every call. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { defineHooks, launch } from "../../src/index.ts";
import { fixtureSources } from "../matrix/build.ts";
import { goProgram, probeProgram } from "../engine/programs.ts";
import { run } from "../matrix/run.ts";
import { all, answer, driverProgram, hooked, natively } from "./driver.ts";

let driver: string;
beforeAll(async () => {
  driver = await driverProgram();
}, 300_000);

const asked = new Map<string, (number | null)[]>();
const everything = defineHooks({
  async any(call) {
    const result = await call.proceed();
    const results = asked.get(call.name) ?? [];
    asked.set(call.name, results);
    results.push(result);
  },
});

test("children are hooked, and clone has no result that could be seen", async () => {
  asked.clear();
  const answers = defineHooks({ getpgid: () => 4242 });
  const { stdout, failures } = await hooked("child pgid", [everything, answers]);
  expect(failures).toEqual([]);
  expect(answer(stdout)).toBe(JSON.stringify("pgid: 4242\n"));
  const clones = [...(asked.get("clone") ?? []), ...(asked.get("clone3") ?? []), ...(asked.get("vfork") ?? [])];
  expect(clones.length).toBeGreaterThan(0);
  expect(clones.every((result) => result === null)).toBe(true);
  expect(asked.get("execve")).toEqual([null]);
});

test("a program that replaces itself stays hooked", async () => {
  const answers = defineHooks({ getpgid: () => 4242 });
  const { stdout } = await hooked("exec pgid", [everything, answers]);
  expect(stdout).toBe("pgid: 4242\n");
});

test("execve can be refused, and made with another path", async () => {
  const refused = defineHooks({ execve: (call) => call.fail("EPERM") });
  expect(answer((await hooked("exec pgid", refused)).stdout)).toBe("errno 1");
  const other = defineHooks({ execve: (call) => call.proceed({ path: "/bin/echo" }) });
  expect((await hooked("exec hello", other)).stdout).toBe("hello\n");
});

test("a child can be refused", async () => {
  const { stdout } = await hooked(
    "child pgid",
    defineHooks({ process: (call) => (call.name.startsWith("clone") ? call.fail("EAGAIN") : undefined) }),
  );
  expect(answer(stdout)).toBe("errno 11");
});

test("the program's own path is its own, also behind hooks that change nothing or the path", async () => {
  expect(answer((await hooked("exe", everything)).stdout)).toBe(driver);
  const renamed = defineHooks({
    readlinkat: (call) => (call.path === "/me" ? call.proceed({ path: "/proc/self/exe" }) : undefined),
  });
  expect(answer((await hooked("readlink /me", renamed)).stdout)).toBe(driver);
});

/** What a program prints with every call asked is what it prints natively. */
async function compare(path: string, args: readonly string[]): Promise<void> {
  const failures: unknown[] = [];
  const program = realpathSync(path); // AT_EXECFN tells it
  const folder = mkdtempSync(join(tmpdir(), "elsewhere-hooks-"));
  const fresh = (): string => mkdtempSync(join(folder, "x"));
  const native = await run([program, ...args], { cwd: fresh(), timeoutMs: 60_000 });
  await using child = await launch(program, {
    args,
    cwd: fresh(),
    stdio: ["ignore", "pipe", "pipe"],
    hooks: [everything, defineHooks({ any() {} })],
    onHookError: (failure) => failures.push(failure),
  });
  const [stdout, , { exitCode }] = await Promise.all([all(child.stdout), all(child.stderr), child.exited]);
  expect(failures).toEqual([]);
  rmSync(folder, { recursive: true });
  // Each has a folder of its own; its name may be printed.
  const plain = (text: string): string => text.replace(/elsewhere-hooks-\w+\/x\w+/g, "FOLDER");
  expect({ exitCode, stdout: plain(stdout) }).toEqual({ exitCode: native.exitCode, stdout: plain(native.stdout) });
}

test.each(["files", "tcp", "udp", "unix", "exec", "goroutines", "identity", "stacks", "timers", "exit"])(
  "every call through an async hook: %s",
  async (name) => {
    asked.clear();
    await compare(await goProgram(fixtureSources), [name]);
    expect(asked.size).toBeGreaterThan(2);
  },
  120_000,
);

test("the engine's stress with sync and async hooks mixed", async () => {
  let turn = 0;
  const mixed = defineHooks({
    any(call) {
      turn++;
      if (turn % 3 === 0) return undefined;
      if (turn % 3 === 1) return call.proceed();
      return (async () => {
        await call.proceed();
      })();
    },
    getpgid: () => 4242,
  });
  const failures: unknown[] = [];
  await using child = await launch(await probeProgram(), {
    args: ["stress", "3"],
    stdio: ["ignore", "pipe", "inherit"],
    hooks: mixed,
    onHookError: (failure) => failures.push(failure),
  });
  expect(await all(child.stdout)).toMatch(/^wrong 0 /);
  expect(await child.exited).toEqual({ exitCode: 0, signal: null });
  expect(failures).toEqual([]);
}, 60_000);

test("hooks that come and go under stress", async () => {
  await using child = await launch(await probeProgram(), {
    args: ["stress", "3"],
    stdio: ["ignore", "pipe", "inherit"],
    hooks: defineHooks({ getpgid: () => 4242 }),
  });
  const fleeting = [defineHooks({ any() {} }), everything, defineHooks({ file: (call) => call.proceed() })];
  let changes = 0;
  const toggling = setInterval(() => {
    const set = fleeting[changes++ % 3] ?? everything;
    child.removeHooks(set);
    child.addHooks(set);
    if (changes % 2 === 0) child.removeHooks(...fleeting);
  }, 1);
  expect(await all(child.stdout)).toMatch(/^wrong 0 /);
  clearInterval(toggling);
  expect(await child.exited).toEqual({ exitCode: 0, signal: null });
  expect(changes).toBeGreaterThan(100);
}, 60_000);

test("a hook whose thread dies hears of it", async () => {
  const { promise: isAsked, resolve: asked } = Promise.withResolvers<void>();
  const heard: unknown[] = [];
  const hooks = defineHooks({
    async getpgid(call) {
      asked();
      await call.delay({ milliseconds: 60_000 });
      heard.push(await call.proceed(), await call.run("getpid", {}), call.at(4096n).read(1).length);
    },
  });
  await using child = await launch(driver, { args: ["pgid"], stdio: "ignore", hooks });
  await isAsked;
  process.kill(child.pid, "SIGKILL");
  expect(await child.exited).toEqual({ exitCode: null, signal: "SIGKILL" });
  await new Promise((resolve) => setImmediate(resolve));
  expect(heard).toEqual([null, null, 0]);
});

test("thousands of threads wait in one slow hook while others go on", async () => {
  let waiting = 0;
  let most = 0;
  const { promise: enough, resolve } = Promise.withResolvers<void>();
  const hooks = defineHooks({
    async openat(call) {
      if (call.path !== "/etc/hostname") return;
      most = Math.max(most, ++waiting);
      if (waiting === 2000) resolve();
      await enough;
      waiting--;
    },
  });
  const { stdout, failures } = await hooked("opens 2000 /etc/hostname , pgid", hooks);
  expect(failures).toEqual([]);
  expect(stdout).toBe(await natively("opens 2000 /etc/hostname , pgid"));
  expect(most).toBe(2000);
}, 60_000);

test("io_uring is not there while it could go past a hook", async () => {
  const kernels = answer(await natively("uring"));
  const opening = defineHooks({ openat: (call) => call.proceed() });
  expect(answer((await hooked("uring", opening)).stdout)).toBe("errno 38");
  expect(answer((await hooked("uring", defineHooks({ getpgid: () => 1 }))).stdout)).toBe(kernels);
  const allowing = defineHooks({ io_uring_setup: () => -1 });
  expect(answer((await hooked("uring", [allowing, opening])).stdout)).toBe("errno 1");
});
