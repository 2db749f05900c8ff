/** The handle of a program that was launched. */
import { mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { beforeAll, expect, test } from "vitest";
import { defineHooks, type HookedProgram, launch } from "../../src/index.ts";
import { all, driverProgram } from "./driver.ts";

let driver: string;
beforeAll(async () => {
  driver = await driverProgram();
}, 300_000);

const streamOf = ({ stdout }: HookedProgram): Readable => {
  if (stdout === null) throw new Error("it is not a pipe");
  return stdout;
};

const answers = defineHooks({ getpgid: () => 4242 });
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test("pid, standard streams, exit code", async () => {
  await using program = await launch(driver, { args: ["pid", ",", "wait"] });
  program.stdin?.end("hello\n");
  const { pid } = program;
  expect(await all(program.stdout)).toBe(`pid: ${pid}\nwait: hello\n`);
  expect(await program.exited).toEqual({ exitCode: 0, signal: null });
});

test("environment and working directory are those given; arguments may be anything", async () => {
  await using program = await launch("driver", {
    args: ["open", "main.go", ",", "cat", "/a b"],
    env: { PATH: join(driver, "..") },
    cwd: join(import.meta.dirname, "driver"),
  });
  expect(await all(program.stdout)).toBe("open main.go: opened\ncat /a b: errno 2\n");
});

test("hooks come and go while it runs; only calls that somebody names are asked for", async () => {
  await using program = await launch(driver, {
    args: ["pgid", ",", "wait", ",", "pgid", ",", "wait", ",", "pgid"],
  });
  const lines = streamOf(program).iterator({ destroyOnReturn: false });
  const line = async (): Promise<string> => String((await lines.next()).value).trim();
  expect(await line()).toBe("pgid: own");
  program.addHooks(answers);
  program.stdin?.write("on\n");
  expect(`${await line()} ${program.processes.length}`).toMatch(/^wait: on\s*(?:pgid: 4242)? 1$/);
  program.removeHooks(answers);
  program.stdin?.end("off\n");
  let rest = "";
  for await (const chunk of lines) rest += String(chunk);
  expect(rest).toMatch(/pgid: own\n$/);
  await program.exited;
  program.addHooks(answers); // too late, and no harm done
  program.removeHooks(answers);
});

test("a call that is waiting keeps its chain when the hooks are removed", async () => {
  const { promise: isAsked, resolve: asked } = Promise.withResolvers<void>();
  const { promise: goOn, resolve } = Promise.withResolvers<void>();
  const slow = defineHooks({
    async getpgid() {
      asked();
      await goOn;
      return 4242;
    },
  });
  await using program = await launch(driver, { args: ["pgid", ",", "pgid"], hooks: slow });
  await isAsked;
  program.removeHooks(slow);
  resolve();
  expect(await all(program.stdout)).toBe("pgid: 4242\npgid: own\n");
});

test("disposal ends the program and what it started", async () => {
  let child: number | undefined;
  {
    await using program = await launch(driver, {
      args: ["child", "sleep"],
      hooks: defineHooks({ any() {} }),
    });
    while (child === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 5)); // for the child's first call
      // Go makes a child that ends at once, to see whether the kernel has pidfds.
      child = program.processes.find(
        ({ pid, program: path }) => pid !== program.pid && isAlive(pid) && path === realpathSync(driver),
      )?.pid;
    }
    expect(isAlive(child)).toBe(true);
  }
  while (isAlive(child)) await new Promise((resolve) => setTimeout(resolve, 5)); // for its parent to be told
});

test("an aborted signal ends it", async () => {
  const controller = new AbortController();
  await using program = await launch(driver, { args: ["sleep"], signal: controller.signal });
  await once(streamOf(program), "data");
  controller.abort();
  expect(await program.exited).toEqual({ exitCode: null, signal: "SIGKILL" });
  await expect(launch(driver, { signal: AbortSignal.abort() })).rejects.toThrow(/aborted/);
});

test("what cannot be started is refused as on the command line, and nothing is left", async () => {
  const before = readdirSync("/proc/self/fd").length;
  await expect(launch("./no-such-program")).rejects.toMatchObject({ code: "not-found", exitCode: 127 });
  await expect(launch("/bin/sh")).rejects.toMatchObject({ code: "not-go", exitCode: 126 });
  expect(readdirSync("/proc/self/fd").length).toBe(before);
});

test("two programs at the same time, each with its own hooks", async () => {
  await using first = await launch(driver, { args: ["pgid"], hooks: answers });
  await using second = await launch(driver, {
    args: ["pgid"],
    hooks: defineHooks({ getpgid: (call) => call.fail("EPERM") }),
  });
  expect(await Promise.all([all(first.stdout), all(second.stdout)])).toEqual(["pgid: 4242\n", "pgid: errno 1\n"]);
});

test("copies are kept where it is told", async () => {
  const cache = mkdtempSync(join(tmpdir(), "elsewhere-cache-"));
  await using program = await launch(driver, { args: ["pgid"], cache });
  await program.exited;
  expect(readdirSync(cache, { recursive: true }).some((name) => String(name).endsWith("/driver"))).toBe(true);
  rmSync(cache, { recursive: true });
});

test("programs that cannot be hooked are told of", async () => {
  const unhooked: string[] = [];
  await using program = await launch(driver, {
    args: ["exec", "hello"],
    hooks: defineHooks({ execve: (call) => call.proceed({ path: "/bin/echo" }) }),
    onUnhooked: ({ program: path, reason }) => unhooked.push(`${path}: ${reason}`),
  });
  await program.exited;
  expect(unhooked).toMatchObject([expect.stringMatching(/echo: .*not a Go program/) as unknown]);
});
