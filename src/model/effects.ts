/**
 * What each call does to descriptor tables and working directories, beside those that only
 * open something (opening.ts). A call has up to two moments: `before` it is made, when its
 * arguments still mean what the program meant by them, and `after`, with its result.
 */
import type { Abi } from "../linux/abi.ts";
import type { Call } from "../process/call.ts";
import { asInt } from "../process/paths.ts";
import { O_CLOEXEC, processOfPidfd } from "./kernel.ts";
import { type FileFacts, OpenFile } from "./open-file.ts";
import { openedBy, openings, socketFacts } from "./opening.ts";
import type { Passing, Sent } from "./passing.ts";
import type { Closing, Descriptor } from "./table.ts";
import type { Task, Tasks } from "./tasks.ts";
import { asUnsigned, valueOf } from "./values.ts";

/** A call that is being made. */
export interface InFlight {
  readonly call: Call;
  readonly number: number;
  readonly args: readonly bigint[];
  /** What its thread has. */
  readonly task: Task;
  /** The moment before it. */
  readonly began: number;
  /** The descriptor that its first argument meant, where it means one. */
  source?: Descriptor | undefined;
  closing?: Closing;
  /** Messages with descriptors that it sends. */
  sent?: readonly Sent[];
}

export interface Effect {
  before?(flight: InFlight): void;
  /** @param result of the kernel, not negative unless `always` */
  after?(flight: InFlight, result: number): void;
  /** `after` is wanted for failures too. */
  readonly always?: boolean;
}

export interface EffectContext {
  readonly abi: Abi;
  readonly tasks: Tasks;
  readonly passing: Passing;
}

/** errno of a close that closed nothing; after any other the descriptor is gone (close(2), "Dealing with error returns"). */
const EBADF = -9;
/** ~0u, the last number that close_range can name. */
const UNSIGNED_MAX = 0xffff_ffff;
/** What F_SETFL can change (fs/fcntl.c, SETFL_MASK): O_APPEND, O_NONBLOCK, O_DIRECT, O_NOATIME and O_ASYNC. */
const setFlags = ["O_APPEND", "O_NONBLOCK", "O_DIRECT", "O_NOATIME", "FASYNC"];

const takeSource = (flight: InFlight): void => {
  flight.source = flight.task.descriptors.get(asInt(flight.args[0] ?? 0n));
};

/** By the kernel's name of the call. */
export function effects(context: EffectContext): ReadonlyMap<string, Effect> {
  const all = new Map<string, Effect>([
    ...Object.entries(duplicating(context)),
    ...Object.entries(closing(context)),
    ...Object.entries(pairs(context)),
    ...Object.entries(passed(context)),
    ...Object.entries(processes(context)),
    ...Object.entries(directories()),
  ]);
  for (const [name, opening] of Object.entries(openings(context.abi)))
    all.set(name, {
      after({ call, args, task, began }, result) {
        if (opening.gives !== undefined && !opening.gives(args, call.memory)) return;
        const { file, closeOnExec } = openedBy(context.abi, opening, args, call.memory);
        task.descriptors.opened(result, file, closeOnExec, began);
      },
    });
  return all;
}

function duplicating({ abi }: EffectContext): Record<string, Effect> {
  const command = (name: string): number => valueOf(abi, "fcntlCommand", name);
  const [dupfd, dupfdCloexec, setfd, setfl] = [
    command("F_DUPFD"),
    command("F_DUPFD_CLOEXEC"),
    command("F_SETFD"),
    command("F_SETFL"),
  ];
  const changeable = setFlags.reduce((mask, name) => mask | valueOf(abi, "openFlags", name), 0);
  const nonblock = valueOf(abi, "openFlags", "O_NONBLOCK");
  const request = (name: string): number => valueOf(abi, "ioctlRequest", name);
  const [fioclex, fionclex, fionbio, tiocgptpeer] = [
    request("FIOCLEX"),
    request("FIONCLEX"),
    request("FIONBIO"),
    request("TIOCGPTPEER"),
  ];
  const replace = ({ source, task }: InFlight, result: number, closeOnExec: boolean): void => {
    if (source !== undefined && source.number !== result) task.descriptors.replaced(result, source.file, closeOnExec);
  };
  return {
    dup: {
      before: takeSource,
      after({ source, task, began }, result) {
        if (source !== undefined) task.descriptors.opened(result, source.file, false, began);
      },
    },
    dup2: { before: takeSource, after: (flight, result) => replace(flight, result, false) },
    dup3: {
      before: takeSource,
      after: (flight, result) => replace(flight, result, (asUnsigned(flight.args[2]) & O_CLOEXEC) !== 0),
    },
    fcntl: {
      before: takeSource,
      after({ source, args, task, began }, result) {
        if (source === undefined) return;
        const [, commandRegister, value = 0n] = args;
        const which = asUnsigned(commandRegister);
        if (which === dupfd || which === dupfdCloexec)
          task.descriptors.opened(result, source.file, which === dupfdCloexec, began);
        else if (which === setfd) source.closeOnExec = (value & 1n) !== 0n;
        else if (which === setfl)
          source.file.flags = (source.file.flags & ~changeable) | (asUnsigned(value) & changeable);
      },
    },
    ioctl: {
      before(flight) {
        const which = asUnsigned(flight.args[1]);
        if (which === fioclex || which === fionclex || which === fionbio) takeSource(flight);
      },
      after({ call, source, args, task, began }, result) {
        const which = asUnsigned(args[1]);
        if (which === tiocgptpeer) {
          const flags = asUnsigned(args[2]);
          const file = new OpenFile({ kind: "path", flags: flags & ~O_CLOEXEC });
          task.descriptors.opened(result, file, (flags & O_CLOEXEC) !== 0, began);
        } else if (source === undefined) return;
        else if (which === fionbio) {
          const on = call.memory.read(args[2] ?? 0n, 4)?.some((byte) => byte !== 0);
          source.file.flags = on === true ? source.file.flags | nonblock : source.file.flags & ~nonblock;
        } else source.closeOnExec = which === fioclex;
      },
    },
  };
}

function closing({ abi, tasks }: EffectContext): Record<string, Effect> {
  const unshareFlag = valueOf(abi, "closeRangeFlags", "CLOSE_RANGE_UNSHARE");
  const cloexecFlag = valueOf(abi, "closeRangeFlags", "CLOSE_RANGE_CLOEXEC");
  const begin = (flight: InFlight, first: number, last: number): void => {
    const { descriptors } = flight.task;
    const begun = descriptors.beginClosing(first, last);
    flight.closing = begun;
    flight.call.onAbandoned(() => descriptors.endClosing(begun, false));
  };
  return {
    close: {
      always: true,
      before(flight) {
        const number = asUnsigned(flight.args[0]);
        begin(flight, number, number);
      },
      after({ task, closing: begun }, result) {
        if (begun !== undefined) task.descriptors.endClosing(begun, result !== EBADF);
      },
    },
    close_range: {
      always: true,
      before(flight) {
        const [first, last, flags] = flight.args.map(asUnsigned);
        if (((flags ?? 0) & (unshareFlag | cloexecFlag)) === 0) begin(flight, first ?? 0, last ?? UNSIGNED_MAX);
      },
      after({ call, task, args, closing: begun }, result) {
        const [first = 0, last = 0, flags = 0] = args.map(asUnsigned);
        if (begun !== undefined) task.descriptors.endClosing(begun, result === 0);
        if (begun !== undefined || result !== 0) return;
        const own =
          (flags & unshareFlag) === 0 ? task : tasks.unshare(call.process, call.tid, { files: false, directory: true });
        if ((flags & cloexecFlag) === 0) return; // what unshare read from the kernel lacks the range already
        for (const descriptor of own.descriptors.all())
          if (descriptor.number >= first && descriptor.number <= last) descriptor.closeOnExec = true;
      },
    },
  };
}

function pairs({ abi }: EffectContext): Record<string, Effect> {
  const O_RDWR = valueOf(abi, "accessMode", "O_RDWR");
  const O_WRONLY = valueOf(abi, "accessMode", "O_WRONLY");
  const nonblock = valueOf(abi, "openFlags", "O_NONBLOCK");
  const both = (
    { call, task, began }: InFlight,
    address: bigint | undefined,
    given: number,
    facts: readonly [FileFacts, FileFacts],
  ): readonly OpenFile[] => {
    const bytes = call.memory.read(address ?? 0n, 8);
    if (bytes?.length !== 8) return [];
    return facts.map((each, index) => {
      const file = new OpenFile({ ...each, flags: (each.flags ?? 0) | (given & nonblock) });
      task.descriptors.opened(Buffer.from(bytes).readInt32LE(index * 4), file, (given & O_CLOEXEC) !== 0, began);
      return file;
    });
  };
  const pipe = (flight: InFlight, flags: number): readonly OpenFile[] =>
    both(flight, flight.args[0], flags, [
      { kind: "pipe", flags: flags & ~O_CLOEXEC },
      { kind: "pipe", flags: O_WRONLY | (flags & ~O_CLOEXEC) },
    ]);
  return {
    pipe: { after: (flight) => void pipe(flight, 0) },
    pipe2: { after: (flight) => void pipe(flight, asUnsigned(flight.args[1])) },
    socketpair: {
      after(flight) {
        const facts: FileFacts = { kind: "socket", flags: O_RDWR, ...socketFacts(flight.args) };
        const [one, other] = both(flight, flight.args[3], asUnsigned(flight.args[1]), [facts, facts]);
        if (one === undefined || other === undefined) return;
        one.peer = other;
        other.peer = one;
      },
    },
  };
}

function passed({ abi, passing, tasks }: EffectContext): Record<string, Effect> {
  const cloexec = valueOf(abi, "messageFlags", "MSG_CMSG_CLOEXEC");
  const peek = valueOf(abi, "messageFlags", "MSG_PEEK");
  const hasRights = ({ rights }: { readonly rights: readonly number[] }): boolean => rights.length > 0;
  const send = (flight: InFlight, count: number, isMultiple: boolean): void => {
    const { call, args, task } = flight;
    const messages = passing.read(call.memory, args[1] ?? 0n, count, isMultiple).filter(hasRights);
    if (messages.length === 0) return;
    takeSource(flight);
    flight.sent = messages.map(({ rights }) => {
      const descriptors = rights.flatMap((number) => task.descriptors.get(number) ?? []);
      return passing.send(call.tid, flight.source?.file, descriptors);
    });
  };
  const takeBack = ({ sent = [] }: InFlight, result: number): void => {
    if (result < 0) for (const each of sent) passing.remove(each);
  };
  const receive = (flight: InFlight, count: number, flags: number, isMultiple: boolean): void => {
    const { call, args, task, began } = flight;
    for (const passed of passing.read(call.memory, args[1] ?? 0n, count, isMultiple)) {
      const sent = passing.recognise(call.tid, flight.source?.file, passed);
      for (const [index, number] of passed.rights.entries())
        task.descriptors.arrived(number, sent?.carried[index]?.file, (flags & cloexec) !== 0, began);
      for (const number of passed.pidfds) task.descriptors.opened(number, new OpenFile({ kind: "pidfd" }), true, began);
      if (sent !== undefined && (flags & peek) === 0) passing.remove(sent);
    }
  };
  return {
    sendmsg: { always: true, before: (flight) => send(flight, 1, false), after: takeBack },
    sendmmsg: {
      always: true,
      before: (flight) => send(flight, asUnsigned(flight.args[2]), true),
      after: takeBack,
    },
    recvmsg: {
      before: takeSource,
      after: (flight) => receive(flight, 1, asUnsigned(flight.args[2]), false),
    },
    recvmmsg: {
      before: takeSource,
      after: (flight, count) => receive(flight, count, asUnsigned(flight.args[3]), true),
    },
    pidfd_getfd: {
      after({ call, args, task, began }, result) {
        const pid = processOfPidfd(call.tid, asInt(args[0] ?? 0n));
        const theirs = pid === undefined ? undefined : tasks.tableOf(pid)?.get(asInt(args[1] ?? 0n));
        task.descriptors.arrived(result, theirs?.file, true, began);
      },
    },
    signalfd: { after: (flight, result) => signalfd(flight, result, 0) },
    signalfd4: { after: (flight, result) => signalfd(flight, result, asUnsigned(flight.args[3])) },
  };
}

/** With a descriptor it changes that one, with −1 it makes one. */
function signalfd({ args, task, began }: InFlight, result: number, flags: number): void {
  if (asInt(args[0] ?? 0n) !== -1) return;
  const file = new OpenFile({ kind: "signalfd", flags: 2 | (flags & ~O_CLOEXEC) });
  task.descriptors.opened(result, file, (flags & O_CLOEXEC) !== 0, began);
}

function processes({ abi, tasks }: EffectContext): Record<string, Effect> {
  const flag = (name: string): bigint => BigInt(valueOf(abi, "cloneFlags", name));
  const files = flag("CLONE_FILES");
  const directory = flag("CLONE_FS");
  const thread = flag("CLONE_THREAD");
  const vfork = flag("CLONE_VFORK");
  const pidfd = flag("CLONE_PIDFD");
  const ownDirectory = directory | flag("CLONE_NEWNS") | flag("CLONE_NEWUSER");
  const clone = ({ call }: InFlight, flags: bigint): void => {
    if ((flags & thread) !== 0n) return;
    const sharing = { files: (flags & files) !== 0n, directory: (flags & directory) !== 0n };
    const isVfork = (flags & vfork) !== 0n;
    tasks.fork(call.process, call.tid, sharing, isVfork, (flags & pidfd) !== 0n);
  };
  const execute: Effect = { before: ({ call }) => tasks.execute(call.process, call.tid) };
  return {
    fork: { before: (flight) => clone(flight, 0n) },
    vfork: { before: (flight) => clone(flight, vfork) },
    clone: { before: (flight) => clone(flight, flight.args[0] ?? 0n) },
    clone3: {
      before(flight) {
        const bytes = flight.call.memory.read(flight.args[0] ?? 0n, 8);
        if (bytes?.length === 8) clone(flight, Buffer.from(bytes).readBigUInt64LE());
      },
    },
    execve: execute,
    execveat: execute,
    unshare: {
      after({ call, args: [flags = 0n] }) {
        const sharing = { files: (flags & files) === 0n, directory: (flags & ownDirectory) === 0n };
        if (!sharing.files || !sharing.directory) tasks.unshare(call.process, call.tid, sharing);
      },
    },
  };
}

function directories(): Record<string, Effect> {
  const real: Effect = {
    after({ task }) {
      task.directory.virtual = undefined;
    },
  };
  return { chdir: real, fchdir: real };
}
