/**
 * Reading the traced program's memory. A read costs a system call, so a structure is one read, and a string whose
 * length nobody knows begins with a small one.
 */

/** The traced program's memory. Reads what is readable: fewer bytes than asked when the range ends, undefined when the address is bad. */
export interface Memory {
  read(address: bigint, length: number): Uint8Array | undefined;
}

/** No single thing that is decoded is larger; a length beyond it is garbage. */
const readLimit = 4 << 20;

/** At most `length` bytes, or undefined. */
export function readSome(memory: Memory, address: bigint, length: number): Uint8Array | undefined {
  if (length === 0) return new Uint8Array(0);
  return length < 0 || length > readLimit ? undefined : memory.read(address, length);
}

/** Exactly `length` bytes, or undefined. */
export function readExactly(memory: Memory, address: bigint, length: number): Uint8Array | undefined {
  const bytes = readSome(memory, address, length);
  return bytes?.length === length ? bytes : undefined;
}

/** Most strings are shorter; the rest takes a second read. */
const firstRead = 256;

/** PATH_MAX, which counts the final NUL (include/uapi/linux/limits.h). */
export const pathMax = 4096;

export interface MemoryString {
  readonly bytes: Uint8Array;
  /** It ended with a NUL within the limit. */
  readonly complete: boolean;
}

/** The bytes up to the NUL, at most `limit`; undefined where memory ends before either. */
export function readString(memory: Memory, address: bigint, limit: number): MemoryString | undefined {
  const wanted = limit + 1;
  let bytes = memory.read(address, Math.min(firstRead, wanted));
  if (bytes === undefined || bytes.length === 0) return undefined;
  let end = bytes.indexOf(0);
  if (end < 0 && bytes.length === firstRead && wanted > firstRead) {
    const rest = memory.read(address + BigInt(firstRead), wanted - firstRead) ?? new Uint8Array(0);
    const joined = new Uint8Array(firstRead + rest.length);
    joined.set(bytes);
    joined.set(rest, firstRead);
    bytes = joined;
    end = bytes.indexOf(0, firstRead);
  }
  if (end >= 0 && end <= limit) return { bytes: bytes.subarray(0, end), complete: true };
  return bytes.length >= wanted ? { bytes: bytes.subarray(0, limit), complete: false } : undefined;
}
