/** Resource limits, usage, priorities, scheduling. */
import {
  argument,
  decimal,
  output,
  simple,
  type CallFormats,
  type CallState,
  type Format,
  type OutputFormat,
} from "../format.ts";
import { readExactly } from "../memory.ts";
import { enumeration, maskedFlags } from "../named.ts";
import { u32 } from "../../../linux/scalar.ts";
import { nested, outputOf, pointerTo, structure, type Structure } from "../structure.ts";
import { timevalStructure } from "../time.ts";
import { jsonInteger, nullPointer, pointer as pointerOf, type Decoded, type Integer } from "../value.ts";

export const usageStructure: Structure = structure(
  "rusage",
  {
    ru_utime: nested(timevalStructure),
    ru_stime: nested(timevalStructure),
    ru_maxrss: decimal,
    ru_minflt: decimal,
    ru_majflt: decimal,
    ru_inblock: decimal,
    ru_oublock: decimal,
    ru_nvcsw: decimal,
    ru_nivcsw: decimal,
  },
  { brief: ["ru_utime", "ru_stime"] },
);

/** RLIM_INFINITY by its name, whole kilobytes as `8192*1024`. */
const infinity: Decoded = { text: "RLIM64_INFINITY", value: "RLIM_INFINITY" };

const limitValue: Format = simple((value) => {
  if (value === 0xffff_ffff_ffff_ffffn) return infinity;
  const number = Number(value);
  return {
    text: number > 1024 && number % 1024 === 0 ? `${number / 1024}*1024` : `${value}`,
    value: jsonInteger(value),
  };
});

const limit = structure("rlimit64", { rlim_cur: limitValue, rlim_max: limitValue });

const resource = enumeration("resource", "RLIMIT_???");

const processors: Format = (scope) => {
  const size = argument(scope, "len");
  return (address, call) => processorsAt(address, Number(size(call) & 0xffff_ffffn), call);
};

const processorsReturned: OutputFormat = {
  leave: () => (address, call) =>
    call.succeeded ? processorsAt(address, Number(call.result ?? 0n), call) : pointerOf(address),
};

/** A set of processors is a bit mask; no machine has more than 8192 today. */
function processorsAt(address: Integer, size: number, call: CallState): Decoded {
  if (address === 0n) return nullPointer;
  const bytes = readExactly(call.memory, BigInt(address), Math.min(size, 1024));
  if (bytes === undefined) return pointerOf(address);
  const set: number[] = [];
  for (const [index, byte] of bytes.entries())
    for (let bit = 0; bit < 8; bit++) if ((byte >>> bit) & 1) set.push(index * 8 + bit);
  return { text: `[${set.join(" ")}]`, value: set };
}

const schedulingParameters: Format = (_scope) => (address, call) => {
  const bytes = address === 0n ? undefined : readExactly(call.memory, BigInt(address), 4);
  return bytes === undefined ? pointerOf(address) : { text: `[${u32(bytes, 0) | 0}]`, value: u32(bytes, 0) | 0 };
};

/** The kernel's SCHED_NORMAL is the C library's SCHED_OTHER, which people know. */
function posixName(format: Format): Format {
  return (scope) => {
    const print = format(scope);
    return (value, call) => {
      const decoded = print(value, call);
      const text = decoded?.text.replace("SCHED_NORMAL", "SCHED_OTHER");
      return text === undefined || text === decoded?.text ? decoded : { text, value: text };
    };
  };
}

export const scheduler: Format = posixName(maskedFlags("scheduler", 0x3fff_ffff, "schedulerFlags", "SCHED_???"));

export const limitCalls: CallFormats = {
  getrlimit: { resource, rlim: outputOf(limit) },
  setrlimit: { resource, rlim: pointerTo(limit) },
  prlimit64: { pid: decimal, resource, new_rlim: pointerTo(limit), old_rlim: outputOf(limit) },
  getrusage: { who: enumeration("usageWho", "RUSAGE_???"), ru: outputOf(usageStructure) },
  getpriority: { which: enumeration("priorityWho", "PRIO_???"), who: decimal },
  setpriority: { which: enumeration("priorityWho", "PRIO_???"), who: decimal, niceval: decimal },
  sched_setaffinity: { pid: decimal, len: decimal, user_mask_ptr: processors },
  sched_getaffinity: { pid: decimal, len: decimal, user_mask_ptr: processorsReturned },
  sched_setscheduler: { pid: decimal, policy: scheduler, param: schedulingParameters },
  sched_setparam: { pid: decimal, param: schedulingParameters },
  sched_getparam: { pid: decimal, param: output(schedulingParameters) },
  sched_get_priority_max: { policy: scheduler },
  sched_get_priority_min: { policy: scheduler },
};
