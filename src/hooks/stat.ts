/** The two structures that tell what a file is. */
import { abis } from "../linux/abi.ts";
import { u16, u32, u64 } from "../linux/scalar.ts";
import { requireHostMachine } from "../machine/machines.ts";

/** struct statx (include/uapi/linux/stat.h), alike on every processor: where its fields are. */
const at = {
  blksize: 4,
  nlink: 16,
  uid: 20,
  gid: 24,
  mode: 28,
  ino: 32,
  size: 40,
  blocks: 48,
  atime: 64,
  ctime: 96,
  mtime: 112,
  rdevMajor: 128,
  rdevMinor: 132,
  devMajor: 136,
  devMinor: 140,
} as const;
/** Of a struct statx_timestamp: the nanoseconds. */
const NANOSECONDS = 8;

const { stat } = abis[requireHostMachine().name].layouts;

export const modeOf = (statx: Uint8Array): number => u16(statx, at.mode);
/** Bytes. */
export const sizeOf = (statx: Uint8Array): number => Number(u64(statx, at.size));

/** Which file it is: "DEVICE:INODE". */
export const identityOf = (statx: Uint8Array): string =>
  `${u32(statx, at.devMajor)},${u32(statx, at.devMinor)}:${u64(statx, at.ino)}`;

/** struct stat of this machine (cp_new_stat, fs/stat.c). */
export function statOf(statx: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(stat.size);
  const put = (field: string, value: number | bigint): void => {
    const [offset, type] = stat.fields[field] ?? [0, ""];
    if (/64/.test(type)) bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), offset);
    else bytes.writeUInt32LE(Number(value), offset);
  };
  put("st_dev", newDevice(u32(statx, at.devMajor), u32(statx, at.devMinor)));
  put("st_ino", u64(statx, at.ino));
  put("st_mode", modeOf(statx));
  put("st_nlink", u32(statx, at.nlink));
  put("st_uid", u32(statx, at.uid));
  put("st_gid", u32(statx, at.gid));
  put("st_rdev", newDevice(u32(statx, at.rdevMajor), u32(statx, at.rdevMinor)));
  put("st_size", u64(statx, at.size));
  put("st_blksize", u32(statx, at.blksize));
  put("st_blocks", u64(statx, at.blocks));
  for (const time of ["atime", "mtime", "ctime"] as const) {
    put(`st_${time}`, u64(statx, at[time]));
    put(`st_${time}_nsec`, u32(statx, at[time] + NANOSECONDS));
  }
  return bytes;
}

/** new_encode_dev (include/linux/kdev_t.h) */
const newDevice = (major: number, minor: number): number =>
  ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0;
