/** Waiting: poll, epoll, select, futexes; clocks and timers. */
import type { JsonValue } from "../../record.ts";
import {
  argument,
  decimal,
  fd,
  hex,
  list,
  output,
  pointer,
  type CallFormats,
  type CallState,
  type Format,
  type OutputFormat,
  type Scope,
} from "../format.ts";
import { readExactly } from "../memory.ts";
import { dateText } from "../file.ts";
import { enumeration, enumerationOf, flags, flagsOf, nameOf, splitFlags } from "../named.ts";
import { i32, u16, u32, u64 } from "../scalar.ts";
import { signalOf, signalSet } from "../signal.ts";
import {
  arrayOf,
  countReturned,
  number,
  outputOf,
  outputOfOne,
  pointerTo,
  structure,
  type Structure,
} from "../structure.ts";
import {
  clock,
  itimerspecStructure,
  itimervalStructure,
  outputTimespec,
  outputTimeval,
  timespec,
  timeval,
} from "../time.ts";
import {
  hex as hexText,
  jsonInteger,
  nullPointer,
  pointer as pointerOf,
  type Decoded,
  type Integer,
} from "../value.ts";

/** Eight bytes, as strace shows the union: its number in 32 and in 64 bits. */
const epollEvent: Structure = (scope) => {
  const { size, fields } = scope.abi.layouts.epoll_event;
  const data = fields["data"]?.[0] ?? 4;
  return {
    size,
    print(bytes, offset) {
      const events = flagsOf(scope.abi.constants.epollEvents, u32(bytes, offset), "EPOLL???");
      const [low, whole] = [u32(bytes, offset + data), u64(bytes, offset + data)];
      return {
        text: `{events=${events.text}, data={u32=${low}, u64=${whole}}}`,
        value: { events: events.value, data: { u32: low, u64: jsonInteger(whole) } },
      };
    },
  };
};
const epollEvents: OutputFormat = output(arrayOf(epollEvent, countReturned));

/** EPOLL_CTL_DEL takes no event, whatever is passed. */
const epollChange: Format = (scope) => {
  const print = pointerTo(epollEvent)(scope);
  const register = argument(scope, "op");
  const { epollOperation } = scope.abi.constants;
  return (value, call) =>
    nameOf(epollOperation, register(call) & 0xffff_ffffn) === "EPOLL_CTL_DEL" ? pointerOf(value) : print(value, call);
};

/** struct pollfd: descriptor, events asked for, events that came. */
const pollSize = 8;

function pollDescriptors(
  address: Integer,
  count: number,
  limit: number,
  call: CallState,
  constants: Parameters<typeof flagsOf>[0],
): Decoded {
  if (address === 0n) return nullPointer;
  if (count === 0) return list([]);
  const shown = Math.min(count, limit);
  const bytes = readExactly(call.memory, BigInt(address), shown * pollSize);
  if (bytes === undefined) return pointerOf(address);
  const items = Array.from({ length: shown }, (_, index): Decoded => {
    const descriptor = i32(bytes, index * pollSize);
    if (descriptor < 0) return { text: `{fd=${descriptor}}`, value: { fd: descriptor } };
    const events = flagsOf(constants, u16(bytes, index * pollSize + 4), "POLL???");
    return { text: `{fd=${descriptor}, events=${events.text}}`, value: { fd: descriptor, events: events.value } };
  });
  return list(items, count > shown);
}

/** What is asked before the call; what came, in the JSON, after it. */
const poll: OutputFormat = {
  enter: (scope) => {
    const register = argument(scope, "nfds");
    return (address, call) =>
      pollDescriptors(
        address,
        Number(register(call) & 0xffff_ffffn),
        scope.stringLimit,
        call,
        scope.abi.constants.pollEvents,
      );
  },
  leave: (scope) => (address, call, entered) => {
    if (entered === undefined || !Array.isArray(entered.value) || !call.succeeded) return entered;
    const bytes = readExactly(call.memory, BigInt(address), entered.value.length * pollSize);
    if (bytes === undefined) return entered;
    const asked: readonly JsonValue[] = entered.value;
    const value = asked.map((item, index) => ({
      ...(item as Readonly<Record<string, JsonValue>>),
      revents: flagsOf(scope.abi.constants.pollEvents, u16(bytes, index * pollSize + 6), "POLL???").value,
    }));
    return { text: entered.text, value };
  },
};

/** The descriptors of a select set: numbers below n. */
export function setAt(address: Integer, n: number, call: CallState): number[] | undefined {
  if (address === 0n) return undefined;
  // As large as the kernel lets a table of descriptors grow by default (sysctl fs.nr_open).
  const size = Math.ceil(Math.min(Math.max(n, 0), 1_048_576) / 64) * 8;
  const bytes = readExactly(call.memory, BigInt(address), size);
  if (bytes === undefined) return undefined;
  const members: number[] = [];
  for (let number = 0; number < Math.min(n, size * 8); number++)
    if (((bytes[number >> 3] ?? 0) >> (number & 7)) & 1) members.push(number);
  return members;
}

const descriptorSet: Format = (scope) => {
  const register = argument(scope, "n");
  return (address, call) => {
    const members = setAt(address, Number(BigInt.asIntN(32, register(call))), call);
    return members === undefined ? pointerOf(address) : { text: `[${members.join(" ")}]`, value: members };
  };
};

/** pselect6 passes its signal mask as a pair: address and size. */
const pselectMask: Format = (_scope) => (address, call) => {
  const bytes = address === 0n ? undefined : readExactly(call.memory, BigInt(address), 16);
  if (bytes === undefined) return pointerOf(address);
  const [set, size] = [u64(bytes, 0), u64(bytes, 8)];
  if (size !== 8)
    return {
      text: `{sigmask=${pointerOf(set).text}, sigsetsize=${size}}`,
      value: { sigmask: pointerOf(set).value, sigsetsize: jsonInteger(size) },
    };
  const mask = signalMask(set, call);
  return { text: `{sigmask=${mask.text}, sigsetsize=8}`, value: { sigmask: mask.value, sigsetsize: 8 } };
};
const signalMask = (address: Integer, call: CallState): Decoded =>
  signalSet("size")({ position: () => 0 } as never)(address, { ...call, args: [8n] }) ?? nullPointer;

/** The operation in the low seven bits, and two flags (include/uapi/linux/futex.h). */
const futex = { commands: 0x7f, private: 0x80 };

const futexOperation: Format =
  ({ abi }) =>
  (value) => {
    const bits = Number(value);
    const { names, rest } = splitFlags(abi.constants.futexFlags, (bits & ~futex.commands & ~futex.private) >>> 0);
    const command = enumerationOf(abi.constants.futexCommand, bits & futex.commands, "FUTEX_???");
    const base =
      bits & futex.private
        ? typeof command.value === "string"
          ? `${command.text}_PRIVATE`
          : `FUTEX_PRIVATE_FLAG|${command.text}`
        : command.text;
    const flagNames = bits & ~futex.commands & ~futex.private ? names : [];
    const text = [base, ...flagNames, ...(rest === 0n ? [] : [hexText(rest)])].join("|");
    return { text, value: text };
  };

/** Which of its six arguments an operation uses. */
const futexUses: Readonly<Record<string, string>> = {
  FUTEX_WAIT: "val utime",
  FUTEX_WAKE: "val",
  FUTEX_FD: "val",
  FUTEX_REQUEUE: "val utime uaddr2",
  FUTEX_CMP_REQUEUE: "val utime uaddr2 val3",
  FUTEX_CMP_REQUEUE_PI: "val utime uaddr2 val3",
  FUTEX_WAKE_OP: "val utime uaddr2 val3",
  FUTEX_WAIT_BITSET: "val utime val3",
  FUTEX_WAKE_BITSET: "val val3",
  FUTEX_WAIT_REQUEUE_PI: "val utime uaddr2",
  FUTEX_LOCK_PI: "utime",
  FUTEX_LOCK_PI2: "utime",
  FUTEX_UNLOCK_PI: "",
  FUTEX_TRYLOCK_PI: "",
};
/** Operations that take a number where the others take a time. */
const futexCounts = new Set(["FUTEX_REQUEUE", "FUTEX_CMP_REQUEUE", "FUTEX_CMP_REQUEUE_PI", "FUTEX_WAKE_OP"]);

const futexArgument =
  (name: string, format: Format): Format =>
  (scope) => {
    const register = argument(scope, "op");
    const print = format(scope);
    const count = decimal(scope);
    return (value, call) => {
      const command = nameOf(scope.abi.constants.futexCommand, register(call) & BigInt(futex.commands)) ?? "";
      const uses = futexUses[command];
      if (uses !== undefined && !uses.split(" ").includes(name)) return undefined;
      if (name === "utime" && futexCounts.has(command)) return count(Number(BigInt.asUintN(32, BigInt(value))), call);
      if (name !== "val3") return print(value, call);
      if (command === "FUTEX_WAKE_OP") return wakeOperation(Number(value), scope);
      if (command.endsWith("_BITSET")) return value === 0xffff_ffff ? anyBit : print(value, call);
      return uses === undefined ? print(value, call) : count(value, call);
    };
  };

const anyBit: Decoded = { text: "FUTEX_BITSET_MATCH_ANY", value: "FUTEX_BITSET_MATCH_ANY" };

/** FUTEX_WAKE_OP's third number packs an operation and a comparison (include/uapi/linux/futex.h, FUTEX_OP). */
function wakeOperation(packed: number, scope: Scope): Decoded {
  const { futexWakeOperation, futexWakeComparison } = scope.abi.constants;
  const operation = (packed >>> 28) & 7;
  const comparison = (packed >>> 24) & 0xf;
  const text = [
    ...((packed >>> 28) & 8 ? ["FUTEX_OP_OPARG_SHIFT<<28"] : []),
    `${enumerationOf(futexWakeOperation, operation, "FUTEX_OP_???").text}<<28`,
    `${hexText((packed >>> 12) & 0xfff)}<<12`,
    `${enumerationOf(futexWakeComparison, comparison, "FUTEX_OP_CMP_???").text}<<24`,
    hexText(packed & 0xfff),
  ].join("|");
  return { text, value: packed };
}

/** What is left of a sleep: told when it was interrupted. */
const eintr = -4n;
const remaining: OutputFormat = {
  leave: (scope) => {
    const print = timespec(scope);
    return (value, call) => (call.result === eintr ? print(value, call) : pointerOf(value));
  },
};

const timex: Structure = structure(
  "__kernel_timex",
  {
    modes: flags("timexModes", "ADJ_???"),
    offset: decimal,
    freq: decimal,
    maxerror: decimal,
    esterror: decimal,
    status: flags("timexStatus", "STA_???"),
    constant: decimal,
    precision: decimal,
    tolerance: decimal,
  },
  { brief: ["modes", "offset", "freq", "maxerror", "esterror", "status", "constant", "precision", "tolerance"] },
);

/** Seconds since 1970, and the date. */
const dated: Format = () => (value) => {
  const date = dateText(Number(value), 0, 0);
  return { text: date === undefined ? `${value}` : `${value} /* ${date} */`, value: jsonInteger(value) };
};

const mask = signalSet("sigsetsize");
const timerFlags = flags("clockFlags", "TIMER_???");

/** struct sigevent; a thread's number is told for SIGEV_THREAD_ID (include/uapi/asm-generic/siginfo.h). */
const signalEvent: Format =
  ({ abi }) =>
  (address, call) => {
    const { size, fields } = abi.layouts.sigevent;
    const bytes = address === 0n ? undefined : readExactly(call.memory, BigInt(address), size);
    if (bytes === undefined) return pointerOf(address);
    const at = (name: string): number => fields[name]?.[0] ?? 0;
    const whole = pointerOf(u64(bytes, at("sigev_value.sival_ptr")));
    const word = i32(bytes, at("sigev_value.sival_int"));
    const notify = enumerationOf(abi.constants.signalNotify, i32(bytes, at("sigev_notify")), "SIGEV_???");
    const parts: [string, Decoded][] = [];
    if (whole.value !== null)
      parts.push([
        "sigev_value",
        { text: `{sival_int=${word}, sival_ptr=${whole.text}}`, value: { sival_int: word, sival_ptr: whole.value } },
      ]);
    parts.push(["sigev_signo", signalOf(i32(bytes, at("sigev_signo")))], ["sigev_notify", notify]);
    if (notify.value === "SIGEV_THREAD_ID") {
      const thread = i32(bytes, at("_sigev_un._tid"));
      parts.push(["sigev_notify_thread_id", { text: `${thread}`, value: thread }]);
    }
    return {
      text: `{${parts.map(([name, part]) => `${name}=${part.text}`).join(", ")}}`,
      value: Object.fromEntries(parts.map(([name, part]) => [name, part.value])),
    };
  };

export const eventCalls: CallFormats = {
  poll: { ufds: poll, nfds: decimal, timeout: fd },
  ppoll: { ufds: poll, nfds: decimal, tsp: timespec, sigmask: mask, sigsetsize: decimal },
  select: { n: decimal, inp: descriptorSet, outp: descriptorSet, exp: descriptorSet, tvp: timeval },
  pselect6: {
    n: decimal,
    inp: descriptorSet,
    outp: descriptorSet,
    exp: descriptorSet,
    tsp: timespec,
    sig: pselectMask,
  },
  epoll_create: { size: decimal },
  epoll_create1: { flags: flags("epollFlags", "EPOLL_???") },
  epoll_ctl: { epfd: fd, op: enumeration("epollOperation", "EPOLL_CTL_???"), fd, event: epollChange },
  epoll_wait: { epfd: fd, events: epollEvents, maxevents: decimal, timeout: decimal },
  epoll_pwait: {
    epfd: fd,
    events: epollEvents,
    maxevents: decimal,
    timeout: decimal,
    sigmask: mask,
    sigsetsize: decimal,
  },
  epoll_pwait2: {
    epfd: fd,
    events: epollEvents,
    maxevents: decimal,
    timeout: timespec,
    sigmask: mask,
    sigsetsize: decimal,
  },
  futex: {
    uaddr: pointer,
    op: futexOperation,
    val: futexArgument("val", decimal),
    utime: futexArgument("utime", timespec),
    uaddr2: futexArgument("uaddr2", pointer),
    val3: futexArgument("val3", hex),
  },

  nanosleep: { rqtp: timespec, rmtp: remaining },
  clock_nanosleep: { which_clock: clock, flags: timerFlags, rqtp: timespec, rmtp: remaining },
  clock_gettime: { which_clock: clock, tp: outputTimespec },
  clock_getres: { which_clock: clock, tp: outputTimespec },
  clock_settime: { which_clock: clock, tp: timespec },
  clock_adjtime: { which_clock: clock, tx: output(pointerTo(timex)) },
  adjtimex: { txc_p: output(pointerTo(timex)) },
  gettimeofday: { tv: outputTimeval, tz: pointer },
  settimeofday: { tv: timeval, tz: pointer },
  time: { tloc: outputOfOne(number("i64", dated)) },
  getitimer: { which: enumeration("intervalTimer", "ITIMER_???"), value: outputOf(itimervalStructure) },
  setitimer: {
    which: enumeration("intervalTimer", "ITIMER_???"),
    value: pointerTo(itimervalStructure),
    ovalue: outputOf(itimervalStructure),
  },
  timer_create: {
    which_clock: clock,
    timer_event_spec: signalEvent,
    created_timer_id: outputOfOne(number("i32", decimal)),
  },
  timer_settime: {
    timer_id: decimal,
    flags: timerFlags,
    new_setting: pointerTo(itimerspecStructure),
    old_setting: outputOf(itimerspecStructure),
  },
  timer_gettime: { timer_id: decimal, setting: outputOf(itimerspecStructure) },
  timer_delete: { timer_id: decimal },
  timer_getoverrun: { timer_id: decimal },
  timerfd_create: { clockid: clock, flags: flags("timerfdFlags", "TFD_???") },
  timerfd_settime: {
    ufd: fd,
    flags: flags("timerfdFlags", "TFD_???"),
    utmr: pointerTo(itimerspecStructure),
    otmr: outputOf(itimerspecStructure),
  },
  timerfd_gettime: { ufd: fd, otmr: outputOf(itimerspecStructure) },
};
