/** prctl and arch_prctl: a number says what the other numbers are. */
import { cString } from "../buffer.ts";
import {
  absent,
  argument,
  decimal,
  hex,
  output,
  pointer,
  simple,
  type ArgumentFormat,
  type CallFormats,
  type CallState,
  type Format,
  type OutputFormat,
  type Scope,
} from "../format.ts";
import { enumeration, flags, nameOf } from "../named.ts";
import { signal } from "../signal.ts";
import { number, outputOfOne } from "../structure.ts";
import { hex as hexText, jsonInteger, pointer as pointerOf } from "../value.ts";
import { byName } from "./descriptors.ts";

/** prctl's further arguments by option; what is not here is shown as it is. */
const taskName: Format = () => (address, call) => {
  const bytes = call.memory.read(BigInt(address), 16);
  if (bytes === undefined) return pointerOf(address);
  const end = bytes.indexOf(0);
  const shown = end >= 0 ? bytes.subarray(0, end) : bytes.length === 16 ? bytes.subarray(0, 15) : undefined;
  if (shown === undefined) return pointerOf(address);
  const text = Buffer.from(shown).toString("latin1");
  return { text: `${JSON.stringify(text)}${end < 0 ? "..." : ""}`, value: text };
};

/** include/linux/sched/coredump.h */
export const dumpable: readonly string[] = ["SUID_DUMP_DISABLE", "SUID_DUMP_USER", "SUID_DUMP_ROOT"];

export const second: Readonly<Record<string, ArgumentFormat>> = {
  PR_SET_NAME: taskName,
  PR_GET_NAME: output(taskName),
  PR_SET_PDEATHSIG: signal,
  PR_GET_PDEATHSIG: outputOfOne(number("i32", signal)),
  PR_SET_DUMPABLE: simple((value) => {
    const name = dumpable[Number(value)];
    return name === undefined ? { text: hexText(value), value: jsonInteger(value) } : { text: name, value: name };
  }),
  PR_SET_NO_NEW_PRIVS: decimal,
  PR_SET_KEEPCAPS: decimal,
  PR_SET_CHILD_SUBREAPER: decimal,
  PR_SET_TIMERSLACK: decimal,
  PR_GET_CHILD_SUBREAPER: outputOfOne(number("i32", decimal)),
  PR_CAPBSET_READ: enumeration("capability", "CAP_???"),
  PR_CAPBSET_DROP: enumeration("capability", "CAP_???"),
  PR_CAP_AMBIENT: enumeration("ambientOperation", "PR_CAP_AMBIENT_???"),
  PR_SET_SECCOMP: enumeration("seccompMode", "SECCOMP_MODE_???"),
  PR_SET_SECUREBITS: flags("secureBits", "SECBIT_???"),
  PR_SET_MM: enumeration("memoryMapField", "PR_SET_MM_???"),
  PR_SET_PTRACER: simple((value) =>
    value === 0xffff_ffff_ffff_ffffn
      ? { text: "PR_SET_PTRACER_ANY", value: "PR_SET_PTRACER_ANY" }
      : { text: `${value}`, value: jsonInteger(value) },
  ),
  PR_SET_VMA: simple((value) =>
    value === 0
      ? { text: "PR_SET_VMA_ANON_NAME", value: "PR_SET_VMA_ANON_NAME" }
      : { text: hexText(value), value: jsonInteger(value) },
  ),
};

/** Options and how many arguments they take; all five for the others. */
const argumentCounts: Readonly<Record<string, number>> = {
  PR_GET_DUMPABLE: 1,
  PR_GET_KEEPCAPS: 1,
  PR_GET_SECCOMP: 1,
  PR_GET_SECUREBITS: 1,
  PR_GET_TIMERSLACK: 1,
  PR_GET_TIMING: 1,
  PR_TASK_PERF_EVENTS_DISABLE: 1,
  PR_TASK_PERF_EVENTS_ENABLE: 1,
  PR_SET_NAME: 2,
  PR_GET_NAME: 2,
  PR_SET_PDEATHSIG: 2,
  PR_GET_PDEATHSIG: 2,
  PR_SET_DUMPABLE: 2,
  PR_SET_KEEPCAPS: 2,
  PR_SET_TIMERSLACK: 2,
  PR_SET_PTRACER: 2,
  PR_GET_CHILD_SUBREAPER: 2,
  PR_SET_CHILD_SUBREAPER: 2,
  PR_CAPBSET_READ: 2,
  PR_CAPBSET_DROP: 2,
  PR_SET_SECUREBITS: 2,
};

const optionOf = (scope: Scope): ((call: CallState) => string | undefined) => {
  const register = argument(scope, "option");
  return (call) => nameOf(scope.abi.constants.prctlOption, register(call) & 0xffff_ffffn);
};

/** Shown when the option has that many arguments. */
const ifTaken =
  (position: number, format: Format): Format =>
  (scope) => {
    const option = optionOf(scope);
    const print = format(scope);
    return (value, call) => (position <= (argumentCounts[option(call) ?? ""] ?? 5) ? print(value, call) : undefined);
  };

const prctlSecond: OutputFormat = byName(
  (scope) => {
    const option = optionOf(scope);
    return (call) => {
      const name = option(call);
      return name !== undefined && argumentCounts[name] === 1 ? "none" : name;
    };
  },
  { ...second, none: absent },
  hex,
);

/** Clearing them all is about none of them. */
const ambientCapability: Format = (scope) => {
  const operation = argument(scope, "arg2");
  const print = enumeration("capability", "CAP_???")(scope);
  const plain = hex(scope);
  const { ambientOperation } = scope.abi.constants;
  return (value, call) =>
    (nameOf(ambientOperation, operation(call)) === "PR_CAP_AMBIENT_CLEAR_ALL" ? plain : print)(value, call);
};

const prctlThird: OutputFormat = byName(
  optionOf,
  { PR_CAP_AMBIENT: ambientCapability, PR_SET_VMA: pointer },
  ifTaken(3, hex),
);

/** Where the base of a segment register goes; or comes from. */
const archPrctlArgument: OutputFormat = byName(
  (scope) => {
    const register = argument(scope, "option");
    return (call) => nameOf(scope.abi.constants.archPrctlOption, register(call) & 0xffff_ffffn);
  },
  { ARCH_GET_FS: outputOfOne(number("pointer", pointer)), ARCH_GET_GS: outputOfOne(number("pointer", pointer)) },
  hex,
);

export const prctlCalls: CallFormats = {
  prctl: {
    option: enumeration("prctlOption", "PR_???"),
    arg2: prctlSecond,
    arg3: prctlThird,
    arg4: byName(optionOf, { PR_SET_VMA: decimal }, ifTaken(4, hex)),
    arg5: byName(optionOf, { PR_SET_VMA: cString }, ifTaken(5, hex)),
  },
  arch_prctl: { option: enumeration("archPrctlOption", "ARCH_???"), arg2: archPrctlArgument },
};
