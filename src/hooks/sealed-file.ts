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

/** Registered for all copies of this module: a hook file may have another one than the command line. */
const mark = Symbol.for("elsewhere.sealedFile");

/** Closes those that nobody refers to any more; programs that have them open keep them. */
const forgotten = new FinalizationRegistry<number>(closeSync);

/** As a {@link Content} it is opened as it is: every opening is of the same file. */
export class SealedFile implements Content, Disposable {
  /** What programs open. */
  readonly link: string;
  readonly content: string | Uint8Array;
  readonly mode: number;
  readonly #descriptor: number;

  /** @param path where the program finds it: what links in /proc/PID/fd will tell */
  constructor(path: string, { content, mode = 0o444 }: Content) {
    Object.defineProperty(this, mark, { value: true });
    this.content = content;
    this.mode = mode;
    this.#descriptor = memfdCreate(memfdName(path), MFD_CLOEXEC | MFD_ALLOW_SEALING);
    assert(this.#descriptor >= 0, `memfd_create gives a descriptor, not ${this.#descriptor}`);
    fillAndSeal(this.#descriptor, this);
    forgotten.register(this, this.#descriptor, this);
    this.link = `/proc/${process.pid}/fd/${this.#descriptor}`;
  }

  [Symbol.dispose](): void {
    forgotten.unregister(this);
    closeSync(this.#descriptor);
  }
}

/** Whether it is one that exists already, made by whatever copy of this module. */
export const isSealedFile = (content: Content): content is SealedFile => mark in content;

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
