/** Hooks that fail: the program lives and gets its documented outcome, and the user is told where, once. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { defineHooks, ElsewhereError, type HookSet } from "../../src/index.ts";
import { run } from "../matrix/run.ts";
import { repository } from "../matrix/cache.ts";
import { answer, driverProgram, hooked } from "./driver.ts";

let driver: string;
beforeAll(async () => {
  driver = await driverProgram();
}, 300_000);

const here = fileURLToPath(import.meta.url);
/** The line of this file that holds the marker. */
const lineOf = (marker: string): number =>
  readFileSync(here, "utf8")
    .split("\n")
    .findIndex((line) => line.includes(`// ${marker}`)) + 1;

const throws = (): number => {
  throw new Error("broken"); // here it is thrown
};

const failing: Readonly<Record<string, HookSet>> = {
  throws: defineHooks({ getpgid: throws }),
  "throws later": defineHooks({
    async getpgid() {
      await Promise.resolve();
      return throws();
    },
  }),
  "throws after proceed": defineHooks({
    async getpgid(call) {
      await call.proceed();
      return throws();
    },
  }),
  "throws while proceed goes on": defineHooks({
    getpgid(call) {
      void call.proceed();
      return throws();
    },
  }),
};

test.each(Object.entries(failing))("a hook that %s", async (_, hooks) => {
  const { stdout, failures, exitCode } = await hooked("pgid , pgid , pgid", hooks);
  expect({ said: answer(stdout), exitCode }).toEqual({ said: "own", exitCode: 0 });
  expect(failures).toMatchObject([
    {
      hook: "getpgid",
      call: "getpgid",
      error: { message: "broken" },
      place: { file: here, line: lineOf("here it is thrown") },
    },
  ]);
});

test("a hook that throws has said nothing: the next one is asked", async () => {
  const { stdout } = await hooked("pgid", [defineHooks({ getpgid: throws }), defineHooks({ getpgid: () => 4242 })]);
  expect(answer(stdout)).toBe("4242");
});

const nonsense: Readonly<Record<string, unknown>> = {
  text: "4242",
  "a fraction": 1.5,
  NaN: Number.NaN,
  true: true,
  "more than a register holds": 1n << 64n,
  "an object": { result: 1 },
};

test.each(Object.entries(nonsense))("a hook that returns %s", async (_, value) => {
  const hooks = defineHooks({ getpgid: () => value as number }); // it is defined here
  const { stdout, failures } = await hooked("pgid , pgid", hooks);
  expect(answer(stdout)).toBe("own");
  expect(failures).toMatchObject([
    { error: expect.any(TypeError) as unknown, place: { file: here, line: lineOf("it is defined here") } },
  ]);
});

const misuses: Readonly<Record<string, readonly [HookSet, RegExp]>> = {
  "an argument that is none": [
    defineHooks({ getpgid: (call) => call.proceed({ pgid: 1 } as object) }),
    /getpgid has no argument pgid/,
  ],
  "proceed twice at the same time": [
    defineHooks({
      getpgid(call) {
        void call.proceed();
        return call.proceed();
      },
    }),
    /proceed was called again/,
  ],
  "a call that does not return": [defineHooks({ getpgid: (call) => call.run("exit", {}) }), /exit does not return/],
  "more memory than there is": [defineHooks({ getpgid: (call) => Number(call.lend(5 << 20).address) }), /no room/],
};

test.each(Object.entries(misuses))("a hook that asks for %s", async (_, [hooks, message]) => {
  const { stdout, failures } = await hooked("pgid", hooks);
  expect(answer(stdout)).toBe("own");
  expect(failures).toHaveLength(1);
  expect(String(failures[0]?.error)).toMatch(message);
});

test("a call that is over has nothing left to read", async () => {
  const kept: {
    args: { filename: string };
    registers: readonly bigint[];
    at(address: bigint): { write(bytes: Uint8Array): number };
  }[] = [];
  await hooked("open /etc/hostname", defineHooks({ openat: (call) => void kept.push(call) }));
  expect(() => kept[0]?.registers).toThrow(/the call is over/);
  expect(() => kept[0]?.args.filename).toThrow(/the call is over/);
  expect(kept[0]?.at(4096n).write(new Uint8Array(1))).toBe(-14);
});

test("without onHookError standard error tells of it, with file and line, once", async () => {
  const folder = mkdtempSync(join(tmpdir(), "elsewhere-hooks-"));
  const script = join(folder, "script.mts");
  writeFileSync(
    script,
    `import { defineHooks, launch } from ${JSON.stringify(`${repository}/src/index.ts`)};
    const hooks = defineHooks({
      getpgid(): number {
        throw new Error("broken");
      },
    });
    const program = await launch(${JSON.stringify(driver)}, { args: ["pgid", ",", "pgid"], hooks, stdio: "inherit" });
    await program.exited;`,
  );
  const outcome = await run([process.execPath, script], { cwd: folder, timeoutMs: 20_000 });
  rmSync(folder, { recursive: true });
  expect(outcome).toMatchObject({ exitCode: 0, stdout: "pgid: own\npgid: own\n" });
  expect(outcome.stderr).toBe(
    `elsewhere: hook getpgid failed: Error: broken\n  at ${script}:4:15\n  getpgid goes on as though the hook had returned nothing; this place is not reported again\n`,
  );
});

test("a set that names no call is refused at once", async () => {
  const hooks = defineHooks({ opneat: () => 1 } as object);
  await expect(hooked("pgid", hooks)).rejects.toThrow(ElsewhereError);
  await expect(hooked("pgid", hooks)).rejects.toThrow(/"opneat"/);
});
