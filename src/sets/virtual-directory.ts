/**
 * Directories that exist for the program only. Behind each is an empty real one that has no name any more: open,
 * fstat, dup, fork, fchdir and locks are the kernel's, and so is the offset, which counts the entries that have been
 * read. What is in it is told by {@link listing}.
 */
import { chmodSync, closeSync, constants, mkdtempSync, openSync, readlinkSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { u16 } from "../linux/scalar.ts";

/** Closes those that nobody refers to any more; programs that have them open keep them. */
const forgotten = new FinalizationRegistry<number>(closeSync);

export class VirtualDirectory implements Disposable {
  /** What programs open. */
  readonly link: string;
  /** What links in /proc tell of it, as no other file has it. */
  readonly text: string;
  readonly #descriptor: number;

  constructor() {
    const path = makeSomewhere(["/dev/shm", tmpdir()]);
    chmodSync(path, 0o555);
    this.#descriptor = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
    rmdirSync(path);
    forgotten.register(this, this.#descriptor, this);
    this.link = `/proc/${process.pid}/fd/${this.#descriptor}`;
    this.text = readlinkSync(this.link);
  }

  [Symbol.dispose](): void {
    forgotten.unregister(this);
    closeSync(this.#descriptor);
  }
}

/** In memory if possible. */
function makeSomewhere(folders: readonly string[]): string {
  for (const folder of folders) {
    try {
      return mkdtempSync(join(folder, "elsewhere-directory-"));
    } catch {
      // the next one
    }
  }
  throw new Error(`no directory can be made in ${folders.join(" or ")}`);
}

/** An entry of a directory as getdents64(2) gives it. */
export interface Entry {
  readonly name: string;
  readonly inode: bigint;
  readonly isDirectory: boolean;
  /** Where reading goes on behind it. */
  readonly next: bigint;
}

/** struct linux_dirent64 (include/linux/dirent.h) */
const NAME = 19;
const DT_DIR = 4;
const DT_REG = 8;
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
    const name = Buffer.from(entry.name);
    const length = (NAME + name.length + 1 + 7) & ~7;
    if (size + length > room) break;
    const chunk = Buffer.alloc(length);
    chunk.writeBigUInt64LE(entry.inode, 0);
    chunk.writeBigInt64LE(entry.next, 8);
    chunk.writeUInt16LE(length, 16);
    chunk.writeUInt8(entry.isDirectory ? DT_DIR : DT_REG, 18);
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
