/**
 * Hooks under stress, the long way.
 *
 *     node test/hooks/main.ts [--seconds 60] [--children 10000] [--opens 100000] [--threads 4000]
 *
 * - the engine's stress with synchronous and asynchronous hooks mixed, and hooks that come and go while it runs;
 * - a storm of children, and one of opened files, every call hooked;
 * - thousands of threads that wait in one slow hook while others go on: they are answered all the while.
 *
 * Exit code 0 when no answer was wrong, no hook failed and nobody had to wait.
 */
import { parseArgs } from "node:util";
import { text } from "node:stream/consumers";
import { defineHooks, type HookedProgram, type HookSet, launch, type LaunchOptions } from "../../src/index.ts";
import { probeProgram } from "../engine/programs.ts";
import { driverProgram } from "./driver.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    children: { type: "string", default: "10000" },
    opens: { type: "string", default: "100000" },
    threads: { type: "string", default: "4000" },
  },
});

const probe = await probeProgram();
const driver = await driverProgram();
let asked = 0;
/** getpgid is answered: half at once, half in a microtask. */
const answers: HookSet = defineHooks({
  getpgid: (call) => (++asked % 2 === 0 ? 4242 : Promise.resolve(call.tid > 0 ? 4242 : 0)),
});
const everything: HookSet = defineHooks({
  any: (call) => (++asked % 2 === 0 ? call.proceed() : undefined),
});

async function judge(
  what: string,
  program: readonly [path: string, ...args: string[]],
  hooks: readonly HookSet[],
  expected: RegExp,
  meanwhile?: (program: HookedProgram) => Promise<void>,
): Promise<void> {
  const startMs = performance.now();
  const failures: unknown[] = [];
  asked = 0;
  const options: LaunchOptions = {
    args: program.slice(1),
    cwd: "/",
    stdio: ["ignore", "pipe", "inherit"],
    hooks,
    onHookError: (failure) => failures.push(failure),
  };
  await using running = await launch(program[0], options);
  const work = meanwhile?.(running);
  const [stdout, { exitCode }] = await Promise.all([
    running.stdout === null ? "" : text(running.stdout),
    running.exited,
  ]);
  await work;
  const isGood = exitCode === 0 && failures.length === 0 && expected.test(stdout);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  console.log(
    `${isGood ? "good" : "WRONG"}: ${what}: ${stdout.trim().slice(0, 200)}; ${asked} calls asked, ${seconds} s`,
  );
  for (const failure of failures) console.error(failure);
  if (!isGood) process.exitCode = 1;
}

await judge(
  "mixed hooks that come and go",
  [probe, "stress", values.seconds],
  [everything, answers],
  /^wrong 0 /,
  async (program) => {
    const passing = defineHooks({ openat: () => undefined, futex: (call) => call.proceed() });
    const over = new AbortController();
    void program.exited.then(() => over.abort());
    while (!over.signal.aborted) {
      program.addHooks(passing);
      await new Promise((resolve) => setTimeout(resolve, 1));
      program.removeHooks(passing);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  },
);
await judge("children", [probe, "children", values.children, "4"], [everything, answers], /^wrong 0$/m);

const perRound = 1000;
const rounds = Math.ceil(Number(values.opens) / perRound);
const opening = Array.from({ length: rounds }, () => `opens ${perRound} /etc/hostname`).join(" , ");
await judge(
  "opened files",
  [driver, ...opening.split(" ")],
  [everything],
  new RegExp(`^(.*map\\[.*:${perRound}\\]\\s*){${rounds}}$`),
);

const threads = Number(values.threads);
let waiting = 0;
let answeredMeanwhile = 0;
const { promise: released, resolve: release } = Promise.withResolvers<void>();
const slow = defineHooks({
  async openat(call) {
    if (call.path !== "/etc/hostname") return;
    if (++waiting === threads) setTimeout(release, 2000);
    await released;
  },
  getpgid() {
    if (waiting === threads) answeredMeanwhile++;
    return 4242;
  },
});
await judge(
  `${threads} threads wait in one hook`,
  [driver, "beside", String(threads), "/etc/hostname"],
  [slow],
  new RegExp(`map\\[.*:${threads}\\]`),
);
console.log(`${answeredMeanwhile} other calls were answered while all of them waited, for 2 s`);
if (answeredMeanwhile < 1000) process.exitCode = 1;
