/**
 * Devices of the target: those of memory (drivers/char/mem.c: null, zero, full, random, urandom), which anybody may read
 * and write and which never wait. All others are of another machine: ENXIO.
 */
import type { FileHandlers } from "../hooks/served-file.ts";
import { u32 } from "../linux/scalar.ts";
import type { TargetFile } from "./target-file.ts";

/** struct statx */
const RDEV_MAJOR = 128;
const RDEV_MINOR = 132;
/** Documentation/admin-guide/devices.txt */
const MEM_MAJOR = 1;
const MINORS = [3, 5, 7, 8, 9];

export const isMemoryDevice = (statx: Uint8Array): boolean =>
  u32(statx, RDEV_MAJOR) === MEM_MAJOR && MINORS.includes(u32(statx, RDEV_MINOR));

/** Nothing is read ahead or written behind. */
export function deviceHandlers(target: TargetFile, of: FileHandlers, isForWriting: boolean): FileHandlers {
  const { file, files } = target;
  if (file === undefined) return of;
  const write = async (bytes: Uint8Array): Promise<number> => {
    const result = await files.write(file, 0n, bytes);
    return typeof result === "number" ? result : result.written;
  };
  return {
    ...(of.stat && { stat: of.stat }),
    read: (_, length) => files.read(file, 0n, length),
    ...(isForWriting && {
      write: (_, bytes) => write(bytes),
      append: async (bytes) => {
        const written = await write(bytes);
        return written < 0 ? written : { written, size: 0 };
      },
    }),
  };
}
