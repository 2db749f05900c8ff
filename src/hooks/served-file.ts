/** An open file description whose reads, writes and facts come from handlers that a hook gave. */
import { errnoNumber } from "../linux/errno.ts";
import type { OpenedFile } from "./types.ts";

/** What is answered for an open file. Errors: return −errno, or throw what `node:fs` throws (`code: "ENOSPC"`). */
export interface FileHandlers {
  /** At most `length` bytes from `offset` on; none at the end. */
  readonly read?: (offset: number, length: number) => Answer<Uint8Array | string | number>;
  /** @returns how many bytes were written. Without it opening for writing is EROFS. */
  readonly write?: (offset: number, bytes: Uint8Array) => Answer<number>;
  /** Writes at the end, for a file opened with O_APPEND; without it that is `write` at the size that `stat` tells. */
  readonly append?: (bytes: Uint8Array) => Answer<{ readonly written: number; readonly size: number } | number>;
  /** Without it the file is empty as far as fstat and SEEK_END tell. */
  readonly stat?: () => Answer<ServedStat>;
  /** lseek with SEEK_DATA (3) or SEEK_HOLE (4); without it the file has no holes. @returns the offset, or −errno */
  readonly seek?: (offset: number, whence: number) => Answer<number>;
  readonly truncate?: (size: number) => Answer<void | number>;
  /** fsync and fdatasync. */
  readonly sync?: () => Answer<void | number>;
  /** Nobody has it open any more; up to a second late where the last one was a process that was killed. */
  readonly close?: () => void;
}

type Answer<T> = T | Promise<T>;

/** What fstat tells. */
export interface ServedStat {
  /** Bytes. */
  readonly size: number;
  /** Permissions; 0o644 where writes are handled, else 0o444. */
  readonly mode?: number;
  /** Milliseconds since 1970. */
  readonly mtimeMs?: number;
  /** All there is to tell: struct statx (include/uapi/linux/stat.h). Then `mode` and `mtimeMs` do not count. */
  readonly statx?: Uint8Array;
}

/** For `openWith`: a file whose content is asked for when the program wants it. */
export interface Handled {
  readonly handlers: FileHandlers;
  /** All that is in it, where that is known: reading is the kernel's then, and no handler is asked for that. */
  readonly content?: string | Uint8Array;
  /** O_* flags to open with, where those of the call have been seen to already (O_CREAT, O_TRUNC and the like). */
  readonly flags?: number;
  /** What links in /proc/PID/fd tell, where that is not what the program has opened. */
  readonly path?: string;
}

const key = Symbol("served");
const EIO = -5;

export class ServedFile {
  readonly handlers: FileHandlers;
  /** What is in it is in the program's hands already. */
  readonly hasContent: boolean;
  /** Of the open file description: shared by dup and fork. */
  offset = 0;
  readonly #report: (error: unknown) => void;
  #last: Promise<unknown> = Promise.resolve();

  /** @param report hears of handlers that fail with anything but an error number */
  constructor({ handlers, content }: Handled, report: (error: unknown) => void) {
    this.handlers = handlers;
    this.hasContent = content !== undefined;
    this.#report = report;
  }

  static of(file: OpenedFile | undefined): ServedFile | undefined {
    const served = file?.data.get(key);
    return served instanceof ServedFile ? served : undefined;
  }

  serve(file: OpenedFile): void {
    file.data.set(key, this);
  }

  /** One after the other, as the kernel's f_pos_lock sees to it (fs/file.c, __fdget_pos). */
  inTurn(work: () => Promise<number>): Promise<number> {
    const result = this.#last.then(() => this.attempt(work));
    this.#last = result;
    return result;
  }

  /** What a handler throws as −errno. */
  async attempt(work: () => Promise<number>): Promise<number> {
    try {
      return await work();
    } catch (error) {
      const { code } = (error ?? {}) as { readonly code?: unknown };
      const errno = typeof code === "string" ? errnoNumber(code) : undefined;
      if (errno !== undefined) return -errno;
      this.#report(error);
      return EIO;
    }
  }

  async stat(): Promise<ServedStat & { readonly mode: number }> {
    const { stat, write } = this.handlers;
    const mode = write === undefined ? 0o444 : 0o644;
    return { mode, ...((await stat?.()) ?? { size: 0 }) };
  }

  /** Nobody has it any more. */
  close(): void {
    const { close } = this.handlers;
    if (close === undefined) return;
    void this.attempt(() => {
      close();
      return Promise.resolve(0);
    });
  }
}
