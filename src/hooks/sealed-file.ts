/**
 * A file that exists in memory only and that nobody can change: a sealed memfd (memfd_create(2)) of this process.
 * Programs open it by `path`, so that each opening is an open file description of its own, with the flags that the
 * program gave, and everything that they do with it is the kernel's: read, mmap, sendfile, dup, fork, locks, fstat.
 * It lives for as long as anybody has it open.
 */
import { closeSync, fchmodSync, writeSync } from "node:fs";
import { assert } from "../errors.ts";
import { addSeals, memfdCreate } from "../linux/native.ts";

/** include/uapi/linux/memfd.h */
export const MFD_CLOEXEC = 1;
export const MFD_ALLOW_SEALING = 2;

/** MFD_NAME_MAX_LEN (mm/memfd.c): NAME_MAX without "memfd:". */
const NAME_MAX = 249;
/** In front of the path in a memfd's name, by which a link in /proc/PID/fd is known. */
const PREFIX = "elsewhere:";
/** How the kernel shows a memfd's name (mm/shmem.c, fs/d_path.c). */
const link = /^\/memfd:elsewhere:(\/.*) \(deleted\)$/s;

/** What the program is to see. */
export interface Content {
  readonly content: string | Uint8Array;
  /** Permissions; 0o444 where it is not given. */
  readonly mode?: number;
}

export class SealedFile implements Disposable {
  /** What programs open. */
  readonly path: string;
  readonly #descriptor: number;

  /** @param path where the program finds it: what links in /proc/PID/fd will tell */
  constructor(path: string, content: Content) {
    this.#descriptor = memfdCreate(memfdName(path), MFD_CLOEXEC | MFD_ALLOW_SEALING);
    assert(this.#descriptor >= 0, `memfd_create gives a descriptor, not ${this.#descriptor}`);
    fillAndSeal(this.#descriptor, content);
    this.path = `/proc/${process.pid}/fd/${this.#descriptor}`;
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }
}

/** Gives a fresh memfd its content, for good. */
export function fillAndSeal(descriptor: number, { content, mode = 0o444 }: Content): void {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at, bytes.length - at, at);
  fchmodSync(descriptor, mode & 0o7777);
  const result = addSeals(descriptor);
  assert(result === 0, `a memfd can be sealed, not ${result}`);
}

/** A memfd's name for a file at `path`; without the path where that is too long for one. */
export function memfdName(path: string): string {
  const name = PREFIX + path;
  return Buffer.byteLength(name) <= NAME_MAX ? name : PREFIX;
}

/** The path that was opened, where a link in /proc/PID/fd tells one of these; undefined for all others. */
export const pathOfLink = (text: string): string | undefined => link.exec(text)?.[1];

/** Whether a link's text, cut off somewhere, may be that of one. */
export const mayBeLink = (text: string): boolean => text.startsWith(`/memfd:${PREFIX}`);
