/** mmap(2) of files of the target: what is private is a copy in memory, as of now. */
import { closeSync, openSync, writeSync } from "node:fs";
import type { HookCall, Outcome } from "../hooks/types.ts";
import { limits } from "../wire/limits.ts";
import { error } from "./errors.ts";
import type { SharedMemories } from "./shared-memories.ts";
import type { TargetFile } from "./target-file.ts";

/** include/uapi/asm-generic/mman-common.h, include/uapi/linux/mman.h */
const PROT_WRITE = 2;
const MAP_TYPE = 0xf;
const MAP_PRIVATE = 2;
const MFD_CLOEXEC = 1;
const O_ACCMODE = 3;
const O_WRONLY = 1;
const O_RDWR = 2;
const O_PATH = 0o10000000;
const PAGE = 4096;

export async function map(call: HookCall<"mmap">, target: TargetFile, shared: SharedMemories): Promise<Outcome> {
  const { addr, len, prot, flags, off } = call.args;
  const access = call.process.descriptors.get(call.fd)?.flags ?? 0;
  const isShared = (Number(flags) & MAP_TYPE) !== MAP_PRIVATE;
  // In the order of ksys_mmap_pgoff and do_mmap (mm/mmap.c).
  if (Number(off) % PAGE !== 0) return error("EINVAL");
  if ((access & O_PATH) !== 0) return error("EBADF");
  if (Number(len) === 0) return error("EINVAL");
  if (isShared && (Number(prot) & PROT_WRITE) !== 0 && (access & O_ACCMODE) !== O_RDWR) return error("EACCES");
  if ((access & O_ACCMODE) === O_WRONLY) return error("EACCES");
  if (target.isDirectory) return error("ENODEV");
  if (isShared) return shared.map(call, target);
  await shared.writeBack(target);
  const fd = await call.run("memfd_create", { uname_ptr: "elsewhere:mapped", flags: MFD_CLOEXEC });
  if (fd === null || fd < 0) return fd;
  const failed = await copyInto(`/proc/${call.tid}/fd/${fd}`, target, Number(off), Number(len));
  const result = failed < 0 ? failed : await call.run("mmap", { addr, len, prot, flags, fd: BigInt(fd), off: 0n });
  await call.run("close", { fd });
  return result;
}

async function copyInto(path: string, target: TargetFile, offset: number, length: number): Promise<number> {
  const descriptor = openSync(path, "r+");
  try {
    for (let at = 0; at < length;) {
      const bytes = await target.read(offset + at, Math.min(length - at, limits.dataBytes));
      if (typeof bytes === "number") return bytes;
      if (bytes.length === 0) break;
      writeSync(descriptor, bytes, 0, bytes.length, at);
      at += bytes.length;
    }
    return 0;
  } finally {
    closeSync(descriptor);
  }
}
