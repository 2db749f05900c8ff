/** Processes and threads, identities, limits, scheduling, prctl. */
import { environment, path, stringVector } from "../buffer.ts";
import {
  absent,
  argument,
  choose,
  decimal,
  directoryFd,
  fd,
  hex,
  id,
  list,
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
import { readExactly } from "../memory.ts";
import { enumeration, flags, flagsText, maskedFlags, nameOf } from "../named.ts";
import { u32, u64 } from "../scalar.ts";
import { signal, signalOf, siginfoStructure } from "../signal.ts";
import {
  arrayOf,
  characters,
  countIn,
  nested,
  number,
  numbers,
  outputOf,
  outputOfOne,
  pointerToOne,
  pointerTo,
  structure,
  type Structure,
} from "../structure.ts";
import { timevalStructure } from "../time.ts";
import {
  hex as hexText,
  jsonInteger,
  nullPointer,
  pointer as pointerOf,
  type Decoded,
  type Integer,
} from "../value.ts";
import { byName } from "./descriptors.ts";

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

/** The status of a child as wait4 packs it (include/uapi/linux/wait.h, the C library's bits/waitstatus.h). */
function waitStatus(status: number): Decoded {
  const low = status & 0x7f;
  const high = (status >> 8) & 0xff;
  if (status === 0xffff) return { text: "[{WIFCONTINUED(s)}]", value: { continued: true } };
  if ((status & 0xff) === 0x7f) {
    const stopped = signalOf(high & 0x7f);
    return {
      text: `[{WIFSTOPPED(s) && WSTOPSIG(s) == ${stopped.text}${high & 0x80 ? " | 0x80" : ""}}]`,
      value: { stopped: stopped.value },
    };
  }
  if (low === 0) return { text: `[{WIFEXITED(s) && WEXITSTATUS(s) == ${high}}]`, value: { exited: high } };
  const killed = signalOf(low);
  const core = (status & 0x80) !== 0;
  return {
    text: `[{WIFSIGNALED(s) && WTERMSIG(s) == ${killed.text}${core ? " && WCOREDUMP(s)" : ""}}]`,
    value: { signaled: killed.value, core },
  };
}

const childStatus: OutputFormat = {
  leave: () => (address, call) => {
    if (address === 0n) return nullPointer;
    const bytes = call.succeeded && call.result !== 0n ? readExactly(call.memory, BigInt(address), 4) : undefined;
    return bytes === undefined ? pointerOf(address) : waitStatus(u32(bytes, 0));
  },
};

const usageStructure: Structure = structure(
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

/** Resources of a child: filled in when there was one. */
const childUsage: OutputFormat = {
  leave: (scope) => {
    const print = pointerTo(usageStructure)(scope);
    return (value, call) => (call.succeeded && call.result !== 0n ? print(value, call) : pointerOf(value));
  },
};

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

const groups: Structure = number("u32", id);
const groupList: Format = arrayOf(groups, countIn("gidsetsize"));
const groupsReturned: OutputFormat = {
  leave: (scope) => {
    const one = groups(scope);
    const room = argument(scope, "gidsetsize");
    return (address, call) => {
      const count = Number(call.result ?? 0n);
      if (!call.succeeded || room(call) === 0n) return pointerOf(address);
      const bytes = readExactly(call.memory, BigInt(address), count * one.size);
      if (bytes === undefined) return pointerOf(address);
      const items = Array.from({ length: Math.min(count, scope.stringLimit) }, (_, index) =>
        one.print(bytes, index * one.size, call),
      );
      return list(items, count > scope.stringLimit);
    };
  },
};
const idOut: OutputFormat = outputOfOne(groups);
const threeUsers = { ruid: id, euid: id, suid: id };
const threeGroups = { rgid: id, egid: id, sgid: id };

const capabilities = (low: number, high: number, scope: Scope): Decoded => {
  const names: string[] = [];
  for (let bit = 0; bit < 64; bit++) {
    if (((bit < 32 ? low >>> bit : high >>> (bit - 32)) & 1) === 0) continue;
    names.push(`1<<${nameOf(scope.abi.constants.capability, bit) ?? bit}`);
  }
  return names.length === 0
    ? { text: "0", value: "0" }
    : { text: names.join("|"), value: names.map((name) => name.slice(3)).join("|") };
};

const capabilityHeader: Format = pointerTo(
  structure("__user_cap_header_struct", {
    version: enumeration("capabilityVersion", "_LINUX_CAPABILITY_VERSION_???"),
    pid: decimal,
  }),
);

/** The version of the interface says how many words a set has: one, or since the second two. */
const firstVersion = 0x1998_0330;

const capabilityData: Format = (scope) => {
  const header = argument(scope, "header");
  return (address, call) => {
    if (address === 0n) return nullPointer;
    const head = readExactly(call.memory, header(call), 8);
    if (head === undefined) return pointerOf(address);
    const wide = u32(head, 0) !== firstVersion;
    const bytes = readExactly(call.memory, BigInt(address), wide ? 24 : 12);
    if (bytes === undefined) return pointerOf(address);
    const parts = ["effective", "permitted", "inheritable"].map((name, index) => {
      const set = capabilities(u32(bytes, index * 4), wide ? u32(bytes, 12 + index * 4) : 0, scope);
      return [name, set] as const;
    });
    return {
      text: `{${parts.map(([name, set]) => `${name}=${set.text}`).join(", ")}}`,
      value: Object.fromEntries(parts.map(([name, set]) => [name, set.value])),
    };
  };
};

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

const second: Readonly<Record<string, ArgumentFormat>> = {
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

const utsname = structure(
  "new_utsname",
  {
    sysname: characters,
    nodename: characters,
    release: characters,
    version: characters,
    machine: characters,
    domainname: characters,
  },
  { brief: ["sysname", "nodename"] },
);

const systemInformation = structure("sysinfo", {
  uptime: decimal,
  loads: numbers("u64", decimal),
  totalram: decimal,
  freeram: decimal,
  sharedram: decimal,
  bufferram: decimal,
  totalswap: decimal,
  freeswap: decimal,
  procs: decimal,
  totalhigh: decimal,
  freehigh: decimal,
  mem_unit: decimal,
});

/** Where the base of a segment register goes; or comes from. */
const archPrctlArgument: OutputFormat = byName(
  (scope) => {
    const register = argument(scope, "option");
    return (call) => nameOf(scope.abi.constants.archPrctlOption, register(call) & 0xffff_ffffn);
  },
  { ARCH_GET_FS: outputOfOne(number("pointer", pointer)), ARCH_GET_GS: outputOfOne(number("pointer", pointer)) },
  hex,
);

const waitFlags = flags("waitFlags", "W???");
const seccompArguments: Format = choose(
  "op",
  {
    1: pointerTo(structure("sock_fprog", { len: decimal, filter: pointer })),
    2: pointerToOne(number("u32", enumeration("seccompAction", "SECCOMP_RET_???"))),
  },
  pointer,
);

export const processCalls: CallFormats = {
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
  execve: { filename: path, argv: stringVector, envp: environment },
  execveat: {
    dfd: directoryFd,
    filename: path,
    argv: stringVector,
    envp: environment,
    flags: flags("atFlags", "AT_???"),
  },
  exit: { error_code: decimal },
  exit_group: { error_code: decimal },
  wait4: { pid: decimal, stat_addr: childStatus, options: waitFlags, ru: childUsage },
  waitid: {
    which: enumeration("waitidType", "P_???"),
    pid: decimal,
    infop: outputOf(siginfoStructure),
    options: waitFlags,
    ru: outputOf(usageStructure),
  },
  kill: { pid: decimal, sig: signal },
  tkill: { pid: decimal, sig: signal },
  tgkill: { tgid: decimal, pid: decimal, sig: signal },
  pidfd_open: { pid: decimal, flags: flags("pidfdFlags", "PIDFD_???") },
  pidfd_send_signal: { pidfd: fd, sig: signal, info: pointerTo(siginfoStructure), flags: hex },
  pidfd_getfd: { pidfd: fd, fd, flags: hex },
  set_tid_address: { tidptr: pointer },
  set_robust_list: { head: pointer, len: decimal },
  rseq: { rseq: pointer, rseq_len: hex, flags: flags("rseqFlags", "RSEQ_FLAG_???"), sig: hex },

  getpgid: { pid: decimal },
  getsid: { pid: decimal },
  setpgid: { pid: decimal, pgid: decimal },
  setuid: { uid: id },
  setgid: { gid: id },
  setreuid: { ruid: id, euid: id },
  setregid: { rgid: id, egid: id },
  setresuid: threeUsers,
  setresgid: threeGroups,
  setfsuid: { uid: id },
  setfsgid: { gid: id },
  getresuid: { ruid: idOut, euid: idOut, suid: idOut },
  getresgid: { rgid: idOut, egid: idOut, sgid: idOut },
  getgroups: { gidsetsize: decimal, grouplist: groupsReturned },
  setgroups: { gidsetsize: decimal, grouplist: groupList },
  capget: { header: capabilityHeader, dataptr: output(capabilityData) },
  capset: { header: capabilityHeader, data: capabilityData },

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

  prctl: {
    option: enumeration("prctlOption", "PR_???"),
    arg2: prctlSecond,
    arg3: prctlThird,
    arg4: byName(optionOf, { PR_SET_VMA: decimal }, ifTaken(4, hex)),
    arg5: ifTaken(5, hex),
  },
  arch_prctl: { option: enumeration("archPrctlOption", "ARCH_???"), arg2: archPrctlArgument },
  seccomp: {
    op: enumeration("seccompOperation", "SECCOMP_SET_MODE_???"),
    flags: choose("op", { 1: flags("seccompFilterFlags", "SECCOMP_FILTER_FLAG_???") }, hex),
    uargs: seccompArguments,
  },
  personality: { personality: hex },
  ptrace: { request: enumeration("ptraceRequest", "PTRACE_???"), pid: decimal, addr: pointer, data: pointer },
  kcmp: { pid1: decimal, pid2: decimal, type: enumeration("kcmpType", "KCMP_???"), idx1: decimal, idx2: decimal },
  uname: { name: outputOf(utsname) },
  sysinfo: { info: outputOf(systemInformation) },
  getcpu: { cpu: outputOfOne(number("u32", decimal)), node: outputOfOne(number("u32", decimal)), cache: pointer },
};
