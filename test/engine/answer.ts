/**
 * A supervisor of the tests' own: answers getpgid with 4242 and ends as the program ends.
 *
 *     node test/engine/answer.ts [--all] [--late] [--deadly] [--slots N] -- PROGRAM ARGS…
 *
 * --all    every call is asked, made by its own thread, and its result handed back
 * --deadly who has no answer when this is killed ends
 * --late   one answer in ten comes up to 20 ms late
 */
import { parseArgs } from "node:util";
import { endAs, leaveSignalsTo } from "../../src/cli/ending.ts";
import { hostMachine } from "../../src/machine/machines.ts";
import { CopyCache } from "../../src/patch/cache.ts";
import type { Call, Done } from "../../src/process/call.ts";
import { ExecFollower } from "../../src/process/exec.ts";
import { launch } from "../../src/process/launch.ts";
import { Supervisor } from "../../src/process/supervisor.ts";

const answer = 4242n;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    all: { type: "boolean" },
    late: { type: "boolean" },
    deadly: { type: "boolean" },
    slots: { type: "string" },
  },
});
const [program = "", ...args] = positionals;
const machine = hostMachine();
if (machine === undefined) throw new Error("unknown processor");
const numbers = (...names: string[]): number[] => names.flatMap((name) => machine.calls.number(name) ?? []);

const cache = new CopyCache();
const supervisor = new Supervisor({
  futexCall: numbers("futex")[0] ?? 0,
  isDeadly: values.deadly === true,
  ...(values.slots === undefined ? {} : { slots: Number(values.slots) }),
});
const soonOrLater = (work: () => void): void => {
  if (values.late === true && Math.random() < 0.1) setTimeout(work, Math.random() * 20);
  else work();
};
const end =
  (call: Call): Done =>
  (result) =>
    soonOrLater(() => (result === null ? call.continue() : call.return(result)));

if (values.all === true) {
  const unseen = new Set(numbers("clone", "clone3", "fork", "vfork", "exit", "exit_group", "rt_sigreturn"));
  const all = numbers(...machine.calls.names);
  supervisor.serve(all, (call) => {
    if (unseen.has(call.number)) call.continue();
    else call.run(end(call));
  });
  const exec = new ExecFollower(supervisor, cache, machine.calls, () => {});
  supervisor.serve(exec.calls, (call) => exec.serve(call, end(call)));
}
let calls = 0;
supervisor.serve(numbers("getpgid"), (call) => {
  calls++;
  end(call)(answer);
});
const { pid, ended } = await launch(supervisor, {
  program,
  args,
  env: process.env,
  cwd: process.cwd(),
  stdio: "inherit",
  cache,
});
leaveSignalsTo(pid);
const ending = await ended;
supervisor[Symbol.dispose]();
console.error(`answered ${calls}`);
endAs(ending);
