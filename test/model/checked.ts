/**
 * Runs a program with the model fed by its calls, and holds the model against the kernel while
 * the calling thread waits: after every call that the model hears of, and where the program
 * calls getpgid.
 */
import { abis } from "../../src/linux/abi.ts";
import { hostMachine } from "../../src/machine/machines.ts";
import { Kcmp, kindOf, listDescriptors, readDescriptor } from "../../src/model/kernel.ts";
import { Model } from "../../src/model/model.ts";
import type { Descriptor, DescriptorTable, Surprises } from "../../src/model/table.ts";
import { CopyCache } from "../../src/patch/cache.ts";
import type { Call } from "../../src/process/call.ts";
import { ExecFollower } from "../../src/process/exec.ts";
import { type Ending, launch } from "../../src/process/launch.ts";
import { Supervisor } from "../../src/process/supervisor.ts";

export interface Checked {
  readonly ending: Ending;
  readonly stderr: string;
  /** Where the model was wrong, a line each; at most a hundred. */
  readonly errors: readonly string[];
  /** Comparisons made with nobody else at work on the same table. */
  readonly compared: number;
  readonly surprises: Surprises;
}

export interface CheckedOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Also whether descriptors share an open file description, pair by pair (kcmp). */
  readonly identity: boolean;
}

const unseen: readonly string[] = ["clone", "clone3", "fork", "vfork"];

export async function runChecked(command: readonly string[], options: CheckedOptions): Promise<Checked> {
  const machine = hostMachine();
  if (machine === undefined) throw new Error("unknown processor");
  const { calls } = abis[machine.name];
  const numbers = (...names: readonly string[]): number[] => names.flatMap((name) => calls.number(name) ?? []);
  using supervisor = new Supervisor({ futexCall: numbers("futex")[0] ?? 0 });
  const model = new Model(supervisor, machine);
  const cache = new CopyCache();
  const exec = new ExecFollower(supervisor, cache, calls, () => {});
  const [unseenNumbers, execNumbers] = [new Set(numbers(...unseen)), new Set(exec.calls)];
  const kcmp = new Kcmp(numbers("kcmp")[0] ?? -1);

  const errors: string[] = [];
  const atWork = new Map<DescriptorTable, number>();
  const count = (table: DescriptorTable, difference: number): void =>
    void atWork.set(table, (atWork.get(table) ?? 0) + difference);
  let compared = 0;
  const compare = (call: Call, what: string): void => {
    const table = model.of(call).descriptors;
    if ((atWork.get(table) ?? 0) > 0) return;
    compared++;
    for (const error of differences(table, call.tid, options.identity ? kcmp : undefined))
      if (errors.length < 100) errors.push(`${what} in ${call.process.pid}/${call.tid}: ${error}`);
  };

  /** Threads that called clone: what it gives them is known when they call again. */
  const cloning = new Map<number, DescriptorTable>();
  const hasCloned = ({ tid }: Call): void => {
    const cloned = cloning.get(tid);
    if (cloned !== undefined && cloning.delete(tid)) count(cloned, -1);
  };
  const serve = (call: Call): void => {
    hasCloned(call);
    if (unseenNumbers.has(call.number)) {
      const { descriptors } = model.before(call).task;
      cloning.set(call.tid, descriptors);
      count(descriptors, 1);
      call.continue();
      return;
    }
    if (execNumbers.has(call.number)) {
      model.before(call);
      exec.serve(call, (result) => (result === null ? call.continue() : call.return(result)));
      return;
    }
    const flight = model.before(call);
    const { descriptors } = flight.task;
    const what = `${calls.name(call.number)}(${call.args.map(String).join(", ")})`;
    count(descriptors, 1);
    call.onAbandoned(() => count(descriptors, -1));
    call.run((result) => {
      model.observe(flight, result);
      count(descriptors, -1);
      compare(call, `${what} = ${result}`);
      call.return(result);
    });
  };
  supervisor.serve([...model.calls, ...exec.calls], serve);
  supervisor.serve(numbers("getpgid"), (call) => {
    hasCloned(call);
    compare(call, "getpgid");
    call.continue();
  });

  const [program = "", ...args] = command;
  const { ended, child } = await launch(supervisor, {
    program,
    args,
    env: options.env ?? process.env,
    cwd: options.cwd,
    stdio: ["ignore", "ignore", "pipe"],
    cache,
  });
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const ending = await ended;
  supervisor.drain();
  return { ending, stderr, errors, compared, surprises: { ...model.surprises } };
}

/** O_APPEND, O_NONBLOCK and the access mode: what fdinfo and the model both know of most files. */
const compoundFlags = 0o6003;

function differences(table: DescriptorTable, tid: number, kcmp: Kcmp | undefined): string[] {
  const numbers = listDescriptors(tid);
  if (numbers === undefined) return [];
  const open = new Set(numbers);
  const found: string[] = [];
  for (const { number, file } of table.all())
    if (!open.has(number)) found.push(`${number} (${file.kind} ${file.path}) is not open`);
  const known: Descriptor[] = [];
  for (const number of numbers) {
    const descriptor = table.peek(number);
    const kernel = readDescriptor(tid, number);
    if (kernel === undefined) continue; // the directory that was read to list them, in our own process only
    if (descriptor === undefined) {
      found.push(`${number} is open (${kernel.link}) and not known`);
      continue;
    }
    known.push(descriptor);
    const { file, closeOnExec } = descriptor;
    if (closeOnExec !== kernel.closeOnExec) found.push(`${number} is ${closeOnExec ? "" : "not "}close-on-exec for us`);
    if (kindOf(kernel.link) !== file.kind) found.push(`${number} is ${kernel.link}, for us ${file.kind}`);
    if (((kernel.flags ^ file.flags) & compoundFlags) !== 0)
      found.push(`${number} ${kernel.link} has flags 0${kernel.flags.toString(8)}, for us 0${file.flags.toString(8)}`);
  }
  if (kcmp !== undefined) found.push(...wrongIdentities(known, tid, kcmp));
  return found;
}

function wrongIdentities(known: readonly Descriptor[], tid: number, kcmp: Kcmp): string[] {
  const found: string[] = [];
  for (const [index, one] of known.entries())
    for (const other of known.slice(index + 1)) {
      const same = kcmp.sameFile(tid, one.number, tid, other.number);
      if (same !== undefined && same !== (one.file === other.file))
        found.push(`${one.number} and ${other.number} are ${same ? "one file" : "two files"}`);
    }
  return found;
}
