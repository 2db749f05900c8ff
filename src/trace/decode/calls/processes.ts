/** Processes and threads: beginning, waiting, ending; and what the system says about itself. */
import { environment, path, stringVector } from "../buffer.ts";
import {
  choose,
  decimal,
  directoryFd,
  fd,
  hex,
  pointer,
  type CallFormats,
  type Format,
  type OutputFormat,
} from "../format.ts";
import { readExactly } from "../memory.ts";
import { enumeration, flags } from "../named.ts";
import { u32 } from "../../../linux/scalar.ts";
import { siginfoStructure, signal, signalOf } from "../signal.ts";
import {
  characters,
  number,
  numbers,
  outputOf,
  outputOfOne,
  pointerTo,
  pointerToOne,
  structure,
} from "../structure.ts";
import { nullPointer, pointer as pointerOf, type Decoded } from "../value.ts";
import { usageStructure } from "./limits.ts";

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

/** Resources of a child: filled in when there was one. */
const childUsage: OutputFormat = {
  leave: (scope) => {
    const print = pointerTo(usageStructure)(scope);
    return (value, call) => (call.succeeded && call.result !== 0n ? print(value, call) : pointerOf(value));
  },
};

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
