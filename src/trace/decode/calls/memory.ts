/** Calls on the address space. Addresses are input here, never followed. */
import { iovec, outputIovec, remoteIovec } from "../buffer.ts";
import {
  argument,
  decimal,
  fd,
  hex,
  int,
  list,
  output,
  pointer,
  type CallFormats,
  type Format,
  type OutputFormat,
} from "../format.ts";
import { readExactly } from "../memory.ts";
import { enumeration, enumerationOf, flags, maskedFlags, memoized, splitFlags } from "../named.ts";
import { hex as hexText, jsonInteger, pointer as pointerOf } from "../value.ts";

const protection = flags("protection", "PROT_???");
/** Offsets are written in hexadecimal here. */
const offset: Format = () => (value) => ({ text: hexText(value), value: jsonInteger(value) });

/** mremap's new address counts with MREMAP_FIXED or MREMAP_DONTUNMAP (include/uapi/linux/mman.h). */
const newAddressFlags = 0x6n;
const newAddress: Format = (scope) => {
  const register = argument(scope, "flags");
  const print = pointer(scope);
  return (value, call) => ((register(call) & newAddressFlags) === 0n ? undefined : print(value, call));
};

/** The size of huge pages, as a power of two, in the topmost bits (include/uapi/asm-generic/hugetlb_encode.h). */
const hugeShift = 26;
const mapType = 0xf;

const mmapFlags: Format = ({ abi }) =>
  memoized((value) => {
    const bits = Number(BigInt.asUintN(32, BigInt(value)));
    const type = enumerationOf(abi.constants.mmapType, bits & mapType, "MAP_???");
    const others = bits & 0x3ff_fff0;
    const { names, rest } = splitFlags(abi.constants.mmapFlags, others);
    const parts = others === 0 ? [] : names;
    if (others !== 0 && rest !== 0n) parts.push(names.length === 0 ? `${hexText(rest)} /* MAP_??? */` : hexText(rest));
    const huge = bits >>> hugeShift;
    if (huge !== 0) parts.push(`${huge}<<MAP_HUGE_SHIFT`);
    return { text: [type.text, ...parts].join("|"), value: [`${type.value}`, ...parts].join("|") };
  });

/** mincore's vector: one byte a page, of which the lowest bit counts. */
const pageSize = 4096;
const residency: OutputFormat = output((scope) => {
  const length = argument(scope, "len");
  return (address, call) => {
    const pages = Math.ceil(Number(length(call)) / pageSize);
    const bytes = readExactly(call.memory, BigInt(address), Math.min(pages, scope.stringLimit));
    if (bytes === undefined) return pointerOf(address);
    return list(
      [...bytes].map((byte) => ({ text: `${byte & 1}`, value: byte & 1 })),
      pages > bytes.length,
    );
  };
});

/** membarrier's third argument counts with MEMBARRIER_CMD_FLAG_CPU. */
const membarrierCpu: Format = (scope) => {
  const register = argument(scope, "flags");
  const print = decimal(scope);
  return (value, call) => ((register(call) & 1n) === 0n ? undefined : print(value, call));
};

export const memoryCalls: CallFormats = {
  mmap: {
    addr: pointer,
    len: decimal,
    prot: protection,
    flags: mmapFlags,
    fd: int,
    off: offset,
  },
  mprotect: { start: pointer, len: decimal, prot: protection },
  pkey_mprotect: { start: pointer, len: decimal, prot: protection, pkey: decimal },
  munmap: { addr: pointer, len: decimal },
  mremap: {
    addr: pointer,
    old_len: decimal,
    new_len: decimal,
    flags: flags("mremapFlags", "MREMAP_???"),
    new_addr: newAddress,
  },
  brk: { brk: pointer },
  madvise: { start: pointer, len: decimal, behavior: enumeration("madvice", "MADV_???") },
  process_madvise: {
    pidfd: fd,
    vec: remoteIovec("vlen"),
    vlen: decimal,
    behavior: enumeration("madvice", "MADV_???"),
    flags: hex,
  },
  mincore: { start: pointer, len: decimal, vec: residency },
  msync: { start: pointer, len: decimal, flags: flags("msyncFlags", "MS_???") },
  mlock: { start: pointer, len: decimal },
  mlock2: { start: pointer, len: decimal, flags: flags("mlockFlags", "MLOCK_???") },
  munlock: { start: pointer, len: decimal },
  mlockall: { flags: flags("mlockallFlags", "MCL_???") },
  mseal: { start: pointer, len: decimal, flags: hex },
  membarrier: {
    cmd: enumeration("membarrierCommand", "MEMBARRIER_CMD_???"),
    flags: flags("membarrierFlags", "MEMBARRIER_CMD_FLAG_???"),
    cpu_id: membarrierCpu,
  },
  process_vm_readv: {
    pid: decimal,
    lvec: outputIovec("liovcnt"),
    liovcnt: decimal,
    rvec: remoteIovec("riovcnt"),
    riovcnt: decimal,
    flags: hex,
  },
  process_vm_writev: {
    pid: decimal,
    lvec: iovec("liovcnt"),
    liovcnt: decimal,
    rvec: remoteIovec("riovcnt"),
    riovcnt: decimal,
    flags: hex,
  },
  process_mrelease: { pidfd: fd, flags: hex },
  set_mempolicy: {
    mode: maskedFlags("memoryPolicy", 0x1fff, "memoryPolicyFlags", "MPOL_???"),
    nmask: pointer,
    maxnode: decimal,
  },
  get_mempolicy: {
    policy: pointer,
    nmask: pointer,
    maxnode: decimal,
    addr: pointer,
    flags: flags("getMemoryPolicyFlags", "MPOL_F_???"),
  },
  mbind: {
    start: pointer,
    len: decimal,
    mode: maskedFlags("memoryPolicy", 0x1fff, "memoryPolicyFlags", "MPOL_???"),
    nmask: pointer,
    maxnode: decimal,
    flags: flags("bindFlags", "MPOL_MF_???"),
  },
  pkey_alloc: { flags: hex, init_val: hex },
  pkey_free: { pkey: decimal },
  shmget: { key: hex, size: decimal, flag: ipcMode("sharedMemoryGetFlags") },
  shmat: { shmid: decimal, shmaddr: pointer, shmflg: flags("sharedMemoryFlags", "SHM_???") },
  shmdt: { shmaddr: pointer },
  shmctl: { shmid: decimal, cmd: enumeration("ipcCommand", "SHM_???"), buf: pointer },
  semget: { key: hex, nsems: decimal, semflg: ipcMode("ipcFlags") },
  msgget: { key: hex, msgflg: ipcMode("ipcFlags") },
};

/** Flags above, permissions in the low nine bits: `IPC_CREAT|0600`. */
function ipcMode(set: "ipcFlags" | "sharedMemoryGetFlags"): Format {
  return (scope) => {
    const print = flags(set, "???")(scope);
    return (value, call) => {
      const bits = Number(BigInt.asUintN(32, BigInt(value)));
      const permissions = `0${(bits & 0o777).toString(8).padStart(2, "0")}`;
      const rest = bits & ~0o777;
      const names = rest === 0 ? "" : `${print(rest >>> 0, call)?.text ?? ""}|`;
      return { text: `${names}${permissions}`, value: `${names}${permissions}` };
    };
  };
}
