/** Waiting for descriptors: poll, epoll, select. */
import type { JsonValue } from "../../record.ts";
import {
  argument,
  decimal,
  fd,
  list,
  output,
  type CallFormats,
  type CallState,
  type Format,
  type OutputFormat,
} from "../format.ts";
import { readExactly } from "../memory.ts";
import { enumeration, flags, flagsOf, nameOf } from "../named.ts";
import { i32, u16, u32, u64 } from "../../../linux/scalar.ts";
import { signalSet } from "../signal.ts";
import { arrayOf, countReturned, pointerTo, type Structure } from "../structure.ts";
import { timespec, timeval } from "../time.ts";
import { jsonInteger, nullPointer, pointer as pointerOf, type Decoded, type Integer } from "../value.ts";

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

const mask = signalSet("sigsetsize");

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
};
