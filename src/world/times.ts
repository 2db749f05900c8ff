/** The times that utimensat(2) and its elders are given. */
import type { Pointer } from "../hooks/pointer.ts";
import type { Attributes } from "../session/remote-files.ts";

type Times = Pick<Attributes, "accessTime" | "modificationTime">;

/** include/uapi/linux/stat.h */
const UTIME_NOW = 0x3fff_ffff;
const NOW = { seconds: 0n, nanoseconds: UTIME_NOW };
const EFAULT = -14;

/** struct timespec[2]; NULL is now. */
export const timespecs = (at: Pointer): Times | number => pairOf(at, 1);
/** struct timeval[2] */
export const timevals = (at: Pointer): Times | number => pairOf(at, 1000);

/** struct utimbuf: two times in seconds. */
export function utimbuf(at: Pointer): Times | number {
  if (at.isNull) return { accessTime: NOW, modificationTime: NOW };
  const bytes = Buffer.from(at.read(16));
  if (bytes.length < 16) return EFAULT;
  const time = (offset: number): typeof NOW => ({ seconds: bytes.readBigInt64LE(offset), nanoseconds: 0 });
  return { accessTime: time(0), modificationTime: time(8) };
}

/** @param factor from the structure's fraction to nanoseconds */
function pairOf(at: Pointer, factor: number): Times | number {
  if (at.isNull) return { accessTime: NOW, modificationTime: NOW };
  const bytes = Buffer.from(at.read(32));
  if (bytes.length < 32) return EFAULT;
  const time = (offset: number): typeof NOW => ({
    seconds: bytes.readBigInt64LE(offset),
    nanoseconds: Number(bytes.readBigInt64LE(offset + 8)) * factor,
  });
  return { accessTime: time(0), modificationTime: time(16) };
}
