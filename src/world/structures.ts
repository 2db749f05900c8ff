/** Writes what the target said into the structures that calls fill. */
import type { Pointer } from "../hooks/pointer.ts";
import { abis } from "../linux/abi.ts";
import { requireHostMachine } from "../machine/machines.ts";
import type { StatFsResponse } from "../wire/generated/elsewhere/v1/files_pb.ts";

const { statfs } = abis[requireHostMachine().name].layouts;

/** @returns 0 or −EFAULT: the call's result */
export const fill = (at: Pointer, bytes: Uint8Array): number => Math.min(at.write(bytes), 0);

/** struct statfs */
export function statFsOf(found: StatFsResponse): Uint8Array {
  const bytes = Buffer.alloc(statfs.size);
  const put = (field: string, value: bigint): void => {
    bytes.writeBigUInt64LE(value, statfs.fields[field]?.[0] ?? 0);
  };
  put("f_type", found.type);
  put("f_bsize", found.blockSize);
  put("f_blocks", found.blocks);
  put("f_bfree", found.blocksFree);
  put("f_bavail", found.blocksAvailable);
  put("f_files", found.files);
  put("f_ffree", found.filesFree);
  put("f_fsid", found.fileSystemId);
  put("f_namelen", found.nameLength);
  put("f_frsize", found.fragmentSize);
  put("f_flags", found.flags);
  return bytes;
}
