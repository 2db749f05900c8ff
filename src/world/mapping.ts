/** mmap(2) of files of the target: what is private is a copy in memory, as of now. */
import { closeSync, openSync, writeSync } from "node:fs";
import type { HookCall, Outcome } from "../hooks/types.ts";
import { limits } from "../wire/limits.ts";
import type { SharedMemories } from "./shared-memories.ts";
import type { TargetFile } from "./target-file.ts";

/** include/uapi/asm-generic/mman-common.h, include/uapi/linux/mman.h */
const MAP_TYPE = 0xf;
const MAP_PRIVATE = 2;
const MFD_CLOEXEC = 1;

export async function map(call: HookCall<"mmap">, target: TargetFile, shared: SharedMemories): Promise<Outcome> {
  const { addr, len, prot, flags, off } = call.args;
  if ((Number(flags) & MAP_TYPE) !== MAP_PRIVATE) return shared.map(call, target);
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
