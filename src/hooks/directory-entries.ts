/** Entries of directories as getdents64(2) gives them. */
import { u16 } from "../linux/scalar.ts";

/** An entry of a directory as getdents64(2) gives it. */
export interface Entry {
  readonly name: string | Uint8Array;
  readonly inode: bigint;
  /** DT_* (include/linux/fs_types.h) */
  readonly type: number;
  /** Where reading goes on behind it. */
  readonly next: bigint;
}

/** struct linux_dirent64 (include/linux/dirent.h) */
const NAME = 19;
export const DT_DIR = 4;
export const DT_REG = 8;
/** The longest entry: NAME_MAX and a NUL. */
export const ENTRY_MAX = 280;

/** As many entries as fit, in the kernel's form. */
export function listing(
  entries: Iterable<Entry>,
  room: number,
): { readonly bytes: Uint8Array; readonly count: number } {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (const entry of entries) {
    const name = typeof entry.name === "string" ? Buffer.from(entry.name) : entry.name;
    const length = (NAME + name.length + 1 + 7) & ~7;
    if (size + length > room) break;
    const chunk = Buffer.alloc(length);
    chunk.writeBigUInt64LE(entry.inode, 0);
    chunk.writeBigInt64LE(entry.next, 8);
    chunk.writeUInt16LE(length, 16);
    chunk.writeUInt8(entry.type, 18);
    chunk.set(name, NAME);
    chunks.push(chunk);
    size += length;
  }
  return { bytes: Buffer.concat(chunks), count: chunks.length };
}

/** The entries of the kernel's without those that are hidden. */
export function without(hidden: (name: string) => boolean, bytes: Uint8Array): Uint8Array {
  const kept: Uint8Array[] = [];
  for (let at = 0; at + NAME < bytes.length;) {
    const length = u16(bytes, at + 16);
    if (length === 0) break;
    const name = bytes.subarray(at + NAME, at + length);
    const end = name.indexOf(0);
    if (!hidden(Buffer.from(end < 0 ? name : name.subarray(0, end)).toString()))
      kept.push(bytes.subarray(at, at + length));
    at += length;
  }
  return kept.length === 0 ? new Uint8Array(0) : Buffer.concat(kept);
}
