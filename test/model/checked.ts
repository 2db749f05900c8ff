/**
 * Runs a program with the model fed by its calls, and holds the model against the kernel while
 * the calling thread waits: after every call that the model hears of, and where the program
 * calls getpgid.
 */
import { abis } from "../../src/linux/abi.ts";
import { hostMachine } from "../../src/machine/machines.ts";
import { Kcmp, kindOf, listDescriptors, readDescriptor, readLink } from "../../src/model/kernel.ts";
import { Model } from "../../src/model/model.ts";
import type { Resolution } from "../../src/model/resolve.ts";
import type { DescriptorTable, Surprises } from "../../src/model/table.ts";
import { CopyCache } from "../../src/patch/cache.ts";
import type { Call } from "../../src/process/call.ts";
import { ExecFollower } from "../../src/process/exec.ts";
import { Identity } from "../../src/process/identity.ts";
import { type Ending, launch } from "../../src/process/launch.ts";
import { asInt } from "../../src/process/paths.ts";
import { isAlive } from "../../src/process/processes.ts";
import { Supervisor } from "../../src/process/supervisor.ts";

export interface Checked {
  readonly ending: Ending;
  readonly stderr: string;
  /** Where the model was wrong, a line each; each error once, at most a hundred. */
  readonly errors: readonly string[];
  /** Comparisons made with nobody else at work on the same table. */
  readonly compared: number;
  /** Paths that were resolved. */
  readonly resolved: number;
  readonly surprises: Surprises;
  /** Programs that were started and could not be hooked, and why. */
  readonly unhooked: readonly string[];
}

export interface CheckedOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Also where paths lead: what openat and newfstatat find, or which error they give. */
  readonly paths?: boolean;
  /** Also whether descriptors, of all processes, share an open file description: pair by pair (kcmp). */
  readonly identity: boolean;
  /** The program's input and output are our own. */
  readonly inherit?: boolean;
}

const DESCRIPTORS_PER_CALL = 100;
const unseen: readonly string[] = ["clone", "clone3", "fork", "vfork"];

export async function runChecked(command: readonly string[], options: CheckedOptions): Promise<Checked> {
  const machine = hostMachine();
  if (machine === undefined) throw new Error("unknown processor");
  const { calls: callTable } = abis[machine.name];
  const numbers = (...names: readonly string[]): number[] => names.flatMap((name) => callTable.number(name) ?? []);
  using supervisor = new Supervisor({ futexCall: numbers("futex")[0] ?? 0 });
  const model = new Model(supervisor, machine);
  const cache = new CopyCache();
  const unhooked: string[] = [];
  const exec = new ExecFollower(supervisor, cache, callTable, (_, program, reason) =>
    unhooked.push(`${program}: ${reason}`),
  );
  const identity = new Identity(supervisor, machine);
  const [unseenNumbers, execNumbers] = [new Set(numbers(...unseen)), new Set(exec.calls)];
  const kcmp = new Kcmp(numbers("kcmp")[0] ?? -1);

  const errors: string[] = [];
  const atWork = new Map<DescriptorTable, number>();
  const count = (table: DescriptorTable, difference: number): void =>
    void atWork.set(table, (atWork.get(table) ?? 0) + difference);
  let resolved = 0;
  const reported = new Set<string>();
  let compared = 0;
  let calls = 0;
  /** By process, as of its last call. */
  const tables = new Map<number, DescriptorTable>();
  const compare = (call: Call, what: string): void => {
    const table = model.of(call).descriptors;
    if ((atWork.get(table) ?? 0) > 0) return;
    // All descriptors are looked at each time: with thousands of them, not every time.
    if (++calls % Math.ceil((table.size + 1) / DESCRIPTORS_PER_CALL) !== 0) return;
    compared++;
    tables.set(call.process.pid, table);
    // Flags are shared with other tables, and with programs that nobody hooks.
    const isQuiet = unhooked.length === 0 && [...atWork.values()].every((flights) => flights === 0);
    const wrong = differences(table, call.tid, isQuiet);
    // Comparing all pairs takes milliseconds: not every time.
    if (options.identity && (compared % 4 === 0 || what === "getpgid")) {
      wrong.push(...wrongIdentities(table, table, kcmp));
      for (const other of living(tables)) if (other !== table) wrong.push(...wrongIdentities(table, other, kcmp));
    }
    for (const error of wrong)
      if (!reported.has(error) && errors.length < 100) {
        reported.add(error);
        errors.push(`${what} in ${call.process.pid}/${call.tid}: ${error}`);
      }
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
      tables.delete(call.process.pid); // until its hello it is neither what it was nor what it will be
      exec.serve(call, (result) => (result === null ? call.continue() : call.return(result)));
      return;
    }
    const resolution = options.paths === true ? resolvedPath(model, call, callTable.name(call.number)) : undefined;
    const flight = model.before(call);
    const { descriptors } = flight.task;
    const what = `${callTable.name(call.number)}(${call.args.map(String).join(", ")})`;
    count(descriptors, 1);
    call.onAbandoned(() => count(descriptors, -1));
    const done = (result: bigint | null): void => {
      if (result === null) throw new Error("every result is seen");
      model.observe(flight, result);
      count(descriptors, -1);
      compare(call, `${what} = ${result}`);
      if (resolution !== undefined) {
        resolved++;
        const wrong = wrongPath(resolution, call, result);
        if (wrong !== undefined && errors.length < 100) errors.push(`${what} in ${call.process.pid}: ${wrong}`);
      }
      call.return(result);
    };
    if (!identity.serve(call, done)) call.run(done);
  };
  const asked = [...model.calls, ...exec.calls, ...identity.paths.keys()];
  supervisor.serve(asked, serve);
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
    stdio: options.inherit === true ? "inherit" : ["ignore", "ignore", "pipe"],
    cache,
  });
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const ending = await ended;
  supervisor.drain();
  return { ending, stderr, errors, compared, resolved, surprises: { ...model.surprises }, unhooked };
}

interface Resolved {
  readonly path: string;
  readonly resolution: Resolution;
  readonly opens: boolean;
}

const O_CREAT = 0o100;
const O_EXCL = 0o200;
const O_DIRECTORY = 0o200000;
const O_NOFOLLOW = 0o400000;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_EMPTY_PATH = 0x1000;
const AT_FDCWD = -100;
/** What resolution alone decides, beside ENOENT. */
const pathErrors: readonly number[] = [2, 20, 36, 40];

/** Where the path of an openat or newfstatat leads, before the call is made. */
function resolvedPath(model: Model, call: Call, name: string | undefined): Resolved | undefined {
  if (name !== "openat" && name !== "newfstatat") return undefined;
  const [dirfd = 0n, address = 0n, ...rest] = call.args;
  const opens = name === "openat";
  const flags = Number((opens ? rest[0] : rest[1]) ?? 0n);
  const bytes = call.memory.cString(address);
  if (bytes === undefined || (opens && (flags & O_CREAT) !== 0 && (flags & O_EXCL) !== 0)) return undefined;
  const path = Buffer.from(bytes).toString();
  // Longer than PATH_MAX: it has no name that the kernel would tell.
  if (!path.startsWith("/") && asInt(dirfd) === AT_FDCWD && readLink(`/proc/${call.tid}/cwd`) === undefined)
    return undefined;
  const follow = (flags & (opens ? O_NOFOLLOW : AT_SYMLINK_NOFOLLOW)) === 0;
  const emptyPath = !opens && (flags & AT_EMPTY_PATH) !== 0;
  const directory = opens && (flags & O_DIRECTORY) !== 0;
  const resolution = model.resolve(call, asInt(dirfd), path, { follow, emptyPath, directory });
  const creates = opens && (flags & O_CREAT) !== 0 && resolution.errno === 2 && resolution.path !== undefined;
  return { path, resolution: creates ? { path: resolution.path, kind: "other" } : resolution, opens };
}

function wrongPath({ path, resolution, opens }: Resolved, call: Call, result: bigint): string | undefined {
  if (result < 0n && !pathErrors.includes(Number(-result))) return undefined;
  const errno = result < 0n ? Number(-result) : undefined;
  if (errno !== resolution.errno) return `${path}: errno ${errno}, for us ${resolution.errno} ${resolution.path}`;
  if (!opens || errno !== undefined) return undefined;
  const link = readLink(`/proc/${call.tid}/fd/${result}`);
  return link === resolution.path ? undefined : `${path}: is ${link}, for us ${resolution.path}`;
}

function living(tables: Map<number, DescriptorTable>): Iterable<DescriptorTable> {
  for (const pid of tables.keys()) if (!isAlive(pid)) tables.delete(pid);
  return tables.values();
}

/** O_APPEND, O_NONBLOCK and the access mode: what fdinfo and the model both know of most files. */
const compoundFlags = 0o6003;

function differences(table: DescriptorTable, tid: number, withFlags: boolean): string[] {
  const numbers = listDescriptors(tid);
  if (numbers === undefined) return [];
  const open = new Set(numbers);
  const found: string[] = [];
  for (const { number, file } of table.all())
    if (!open.has(number)) found.push(`${number} (${file.kind} ${file.path}) is not open`);
  for (const number of numbers) {
    const descriptor = table.peek(number);
    const kernel = readDescriptor(tid, number);
    if (kernel === undefined) continue; // another process closed it, or this thread is gone
    if (descriptor === undefined) {
      found.push(`${number} is open (${kernel.link}) and not known`);
      continue;
    }
    const { file, closeOnExec } = descriptor;
    if (closeOnExec !== kernel.closeOnExec) found.push(`${number} is ${closeOnExec ? "" : "not "}close-on-exec for us`);
    // What /proc/self/fd/N leads to is opened by a path, whatever it is.
    if (kindOf(kernel.link) !== file.kind && file.path?.startsWith("/proc/") !== true)
      found.push(`${number} is ${kernel.link}, for us ${file.kind}`);
    if (withFlags && ((kernel.flags ^ file.flags) & compoundFlags) !== 0)
      found.push(`${number} ${kernel.link} has flags 0${kernel.flags.toString(8)}, for us 0${file.flags.toString(8)}`);
  }
  return found;
}

/** Pairs of descriptors, of one process or two, that are one open file description for one side only. */
function wrongIdentities(table: DescriptorTable, other: DescriptorTable, kcmp: Kcmp): string[] {
  const found: string[] = [];
  for (const one of table.all())
    for (const two of other.all()) {
      if (table === other && two.number <= one.number) continue;
      const same = kcmp.sameFile(table.tid, one.number, other.tid, two.number); // undefined: that process is gone
      if (same !== undefined && same !== (one.file === two.file))
        found.push(`${one.number} and ${two.number} of ${other.tid} are ${same ? "one file" : "two files"}`);
    }
  return found;
}
