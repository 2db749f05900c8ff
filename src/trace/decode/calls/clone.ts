/** The clone family: flags, and arguments whose order is the machine's own. */
import { argument, decimal, fd, pointer, type CallFormats, type Format, type OutputFormat } from "../format.ts";
import { readExactly } from "../memory.ts";
import { flags, flagsText } from "../named.ts";
import { u32, u64 } from "../../../linux/scalar.ts";
import { signalOf } from "../signal.ts";
import {
  hex as hexText,
  jsonInteger,
  nullPointer,
  pointer as pointerOf,
  type Decoded,
  type Integer,
} from "../value.ts";

/** The low byte of clone's flags is the signal that the child's end sends (CSIGNAL, include/uapi/linux/sched.h). */
const exitSignalMask = 0xff;

const cloneFlags: Format =
  ({ abi }) =>
  (value) => {
    const bits = Number(BigInt.asUintN(32, BigInt(value)));
    const flagBits = (bits & ~exitSignalMask) >>> 0;
    const number = bits & exitSignalMask;
    const parts: string[] = [];
    if (flagBits !== 0 || number === 0) parts.push(flagsText(abi.constants.cloneFlags, flagBits, "CLONE_???"));
    if (number !== 0) parts.push(signalOf(number).text);
    const text = parts.join("|");
    return { text, value: text };
  };

/** `name=value`: clone's arguments are told by name, since their order differs between machines. */
const labelled =
  (label: string, format: Format): Format =>
  (scope) => {
    const print = format(scope);
    return (value, call) => {
      const decoded = print(value, call);
      return decoded === undefined ? undefined : { text: `${label}=${decoded.text}`, value: decoded.value };
    };
  };

/** Shown when clone's flags have the bit. */
const whenFlag =
  (bit: number, format: Format): Format =>
  (scope) => {
    const print = format(scope);
    const register = argument(scope, "clone_flags");
    return (value, call) => ((register(call) & BigInt(bit)) === 0n ? undefined : print(value, call));
  };

/** include/uapi/linux/sched.h */
const clone = { parentSetTid: 0x10_0000, pidfd: 0x1000, childTids: 0x120_0000, setTls: 0x8_0000 };

/** The new thread's number, once it is there. */
const parentTid: OutputFormat = {
  leave: (scope) => {
    const register = argument(scope, "clone_flags");
    return (value, call) => {
      if ((register(call) & BigInt(clone.parentSetTid | clone.pidfd)) === 0n) return undefined;
      const bytes = call.succeeded ? readExactly(call.memory, BigInt(value), 4) : undefined;
      const tid = bytes === undefined ? pointerOf(value) : { text: `[${u32(bytes, 0)}]`, value: u32(bytes, 0) };
      return { text: `parent_tid=${tid.text}`, value: tid.value };
    };
  },
};

const clone3Arguments: Format = (scope) => {
  const { size } = scope.abi.layouts.clone_args;
  const given = argument(scope, "size");
  /** CLONE_ARGS_SIZE_VER0: what every kernel with the call understands. */
  const smallest = 64;
  return (address, call) => {
    if (address === 0n) return nullPointer;
    const length = Math.min(Number(given(call)), size);
    const bytes = length < smallest ? undefined : readExactly(call.memory, BigInt(address), length);
    if (bytes === undefined) return pointerOf(address);
    const field = (index: number): Integer => (index * 8 + 8 <= bytes.length ? u64(bytes, index * 8) : 0);
    const [bits, pidfd, childTid, parent, exitSignal, stack, stackSize, tls, setTid, setTidSize, cgroup] = [
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ].map(field) as [Integer, Integer, Integer, Integer, Integer, Integer, Integer, Integer, Integer, Integer, Integer];
    const set = (bit: number): boolean => (BigInt(bits) & BigInt(bit)) !== 0n;
    const text = flagsText(scope.abi.constants.clone3Flags, bits, "CLONE_???");
    const parts: [string, Decoded][] = [["flags", { text, value: text }]];
    if (set(clone.pidfd)) parts.push(["pidfd", pointerOf(pidfd)]);
    if (set(clone.childTids)) parts.push(["child_tid", pointerOf(childTid)]);
    if (set(clone.parentSetTid)) parts.push(["parent_tid", pointerOf(parent)]);
    parts.push(
      ["exit_signal", exitSignal === 0 ? { text: "0", value: 0 } : signalOf(Number(exitSignal))],
      ["stack", pointerOf(stack)],
      ["stack_size", { text: hexText(stackSize), value: jsonInteger(stackSize) }],
    );
    if (set(clone.setTls)) parts.push(["tls", pointerOf(tls)]);
    if (setTid !== 0 || setTidSize !== 0) {
      parts.push(
        ["set_tid", pointerOf(setTid)],
        ["set_tid_size", { text: `${setTidSize}`, value: jsonInteger(setTidSize) }],
      );
    }
    if (BigInt(bits) & 0x2_0000_0000n && length === size)
      parts.push(["cgroup", { text: `${cgroup}`, value: jsonInteger(cgroup) }]);
    return {
      text: `{${parts.map(([name, part]) => `${name}=${part.text}`).join(", ")}}`,
      value: Object.fromEntries(parts.map(([name, part]) => [name, part.value])),
    };
  };
};

export const cloneCalls: CallFormats = {
  fork: {},
  vfork: {},
  clone: {
    newsp: labelled("child_stack", pointer),
    clone_flags: labelled("flags", cloneFlags),
    parent_tidptr: parentTid,
    tls: whenFlag(clone.setTls, labelled("tls", pointer)),
    child_tidptr: whenFlag(clone.childTids, labelled("child_tidptr", pointer)),
  },
  clone3: { uargs: clone3Arguments, size: decimal },
  unshare: { unshare_flags: flags("unshareFlags", "CLONE_???") },
  setns: { fd, nstype: flags("namespaceFlags", "CLONE_???") },
};
