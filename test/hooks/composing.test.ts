/** Several hooks of one call: who is asked when, and what each of them sees. */
import { beforeAll, expect, test } from "vitest";
import { defineHooks, type HookSet } from "../../src/index.ts";
import { answer, driverProgram, hooked } from "./driver.ts";

beforeAll(async () => {
  await driverProgram();
}, 300_000);

const log: string[] = [];
/** Says when it is asked, and what came out behind it. */
const around = (name: string): HookSet =>
  defineHooks({
    async getpgid(call) {
      log.push(`${name} in`);
      const result = await call.proceed();
      log.push(`${name} out ${result === 4242 ? result : "own"}`);
    },
  });

const run = async (...sets: readonly HookSet[]): Promise<string> => {
  log.length = 0;
  const { stdout, failures } = await hooked("pgid", sets);
  expect(failures).toEqual([]);
  return answer(stdout);
};

test("the set that was added first is the outermost", async () => {
  expect(await run(around("first"), around("second"), around("third"))).toBe("own");
  expect(log).toEqual(["first in", "second in", "third in", "third out own", "second out own", "first out own"]);
});

test("within a set the hook that is written first is", async () => {
  const note = (name: string) => (): void => void log.push(name);
  const generalFirst = defineHooks({
    any: (call) => (call.is("getpgid") ? note("any")() : undefined),
    getpgid: note("own"),
  });
  await run(generalFirst);
  expect(log).toEqual(["any", "own"]);
  await run(defineHooks({ getpgid: note("own"), any: (call) => (call.is("getpgid") ? note("any")() : undefined) }));
  expect(log).toEqual(["own", "any"]);
});

test("whoever answers keeps those behind from being asked, and those in front see the answer", async () => {
  expect(await run(around("front"), defineHooks({ getpgid: () => 4242 }), around("behind"))).toBe("4242");
  expect(log).toEqual(["front in", "front out 4242"]);
});

test("hooks behind see changed arguments, those in front the program's own", async () => {
  const seen: string[] = [];
  const watch = (name: string): HookSet =>
    defineHooks({
      async openat(call) {
        if (call.path.startsWith("/proc") || call.path.startsWith("/sys")) return;
        const { path } = call;
        await call.proceed();
        seen.push(`${name} ${path} ${call.args.filename} ${call.args.flags & 3}`);
      },
    });
  const change = defineHooks({
    openat: (call) => (call.path === "/nowhere" ? call.proceed({ path: "/etc/hostname", dfd: -1 }) : undefined),
  });
  const { stdout } = await hooked("open /nowhere", [watch("front"), change, watch("behind")]);
  expect(answer(stdout)).toBe("opened");
  expect(seen).toEqual(["behind /etc/hostname /etc/hostname 0", "front /nowhere /nowhere 0"]);
});

test("an answer from the front does not wait for hooks behind, nor they for it", async () => {
  const { promise: finished, resolve } = Promise.withResolvers<string>();
  const impatient = defineHooks({
    getpgid(call) {
      void call.proceed();
      return 4242;
    },
  });
  const slow = defineHooks({
    async getpgid(call) {
      await call.delay({ milliseconds: 60_000 }); // is cut short when the call is over
      resolve(`${await call.proceed()}`);
    },
  });
  expect(await run(impatient, slow)).toBe("4242");
  expect(await finished).toBe("null");
});

test("an answer from the front waits for the thread while it is in the kernel", async () => {
  const { promise: slept, resolve } = Promise.withResolvers<number | null>();
  const impatient = defineHooks({
    getpgid(call) {
      const time = new Uint8Array(new BigInt64Array([0n, 20_000_000n]).buffer);
      call.run("nanosleep", { rqtp: time }).then(resolve, resolve);
      void call.proceed();
      return 4242;
    },
  });
  expect(await run(impatient)).toBe("4242");
  expect([0, -4]).toContain(await slept); // EINTR when Go's scheduler looks at the thread
});
