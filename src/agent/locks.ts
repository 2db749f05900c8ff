/**
 * Locks. Those of an open file (flock, F_OFD_SETLK) are the handle's. Those of a process (F_SETLK) belong to an owner
 * that the caller names: each owner has an open file of its own per locked file, whose F_OFD_SETLK locks stand for them.
 */
import { u16, u64 } from "../linux/scalar.ts";
import { pause } from "../wire/clock.ts";
import { FilesService, type RecordLock } from "../wire/generated/elsewhere/v1/files_pb.ts";
import type { Connection, Kernel } from "./connection.ts";
import { flags as o } from "./constants.ts";
import { checked, fail } from "./errno.ts";

/** include/uapi/asm-generic/fcntl.h, include/uapi/linux/fcntl.h */
const LOCK_NB = 4;
const LOCK_UN = 8;
const F_OFD_GETLK = 36;
const F_OFD_SETLK = 37;
const F_RDLCK = 0;
const F_WRLCK = 1;
const F_UNLCK = 2;
const SIZE = 32;
const EAGAIN = 11;
/** A lock that somebody else has is tried again after so many milliseconds, and then ever later. */
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 25;

export class Locks {
  readonly #kernel: Kernel;
  /** "OWNER DEVICE:INODE" → an open file */
  readonly #owned = new Map<string, number>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** The file whose locks are the owner's. */
  of(owner: bigint, descriptor: number, file: string): number {
    if (owner === 0n) return descriptor;
    const key = `${owner} ${file}`;
    const known = this.#owned.get(key);
    if (known !== undefined) return known;
    // For reading and writing, so that it can hold either lock; else as the file was opened.
    const path = `/proc/self/fd/${descriptor}`;
    const both = this.#kernel.makeNow("openat", o.AT_FDCWD, path, 2 | o.O_CLOEXEC);
    const made = both >= 0 ? both : checked(this.#kernel.makeNow("fcntl", descriptor, o.F_DUPFD_CLOEXEC, 0));
    this.#owned.set(key, made);
    return made;
  }

  /** The owner has no lock of this file any more. */
  release(owner: bigint, file: string): void {
    const key = `${owner} ${file}`;
    const made = this.#owned.get(key);
    if (made === undefined) return;
    this.#owned.delete(key);
    this.#kernel.makeNow("close", made);
  }

  closeAll(): void {
    for (const descriptor of this.#owned.values()) this.#kernel.makeNow("close", descriptor);
    this.#owned.clear();
  }
}

export function serveLocks(connection: Connection): void {
  const { kernel, clock, handles, locks } = connection;

  /** Tries until it works, fails for another reason, or nobody wants it any more. */
  const untilFree = async (isWaiting: boolean, signal: AbortSignal, attempt: () => number): Promise<void> => {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      const result = attempt();
      if (result !== -EAGAIN || !isWaiting) return void checked(result);
      await pause(clock, pauseMs, signal);
    }
  };

  connection.on(FilesService.method.lock, async ({ handle, lock, wait }, signal) => {
    const { descriptor } = handles.get(handle);
    if (lock.case === "flock") {
      const operation = lock.value;
      await untilFree(wait && operation !== LOCK_UN, signal, () =>
        kernel.makeNow("flock", handles.get(handle).descriptor, operation | LOCK_NB),
      );
      return {};
    }
    if (lock.case === undefined) return fail("EINVAL");
    const { type, owner, test, start, length } = lock.value;
    checkAccess(kernel, descriptor, type, test);
    const file = connection.fileOf(descriptor);
    const holder = locks.of(owner, descriptor, file);
    if (test) {
      const found = structFlock(lock.value);
      checked(kernel.makeNow("fcntl", holder, F_OFD_GETLK, found));
      return { conflict: recordLock(found), pid: -1 };
    }
    await untilFree(wait, signal, () => {
      handles.get(handle); // closed meanwhile: EBADF
      return kernel.makeNow("fcntl", holder, F_OFD_SETLK, structFlock(lock.value));
    });
    if (type === F_UNLCK && start === 0n && length === 0n) locks.release(owner, file);
    return {};
  });
}

/** fs/locks.c, fcntl_setlk: a lock for reading needs a file that is open for reading, one for writing likewise. */
function checkAccess(kernel: Kernel, descriptor: number, type: number, isTest: boolean): void {
  if (isTest || type === F_UNLCK) return;
  const F_GETFL = 3;
  const access = checked(kernel.makeNow("fcntl", descriptor, F_GETFL, 0)) & o.O_ACCMODE;
  if (type === F_RDLCK ? access === 1 : type === F_WRLCK && access === 0) fail("EBADF");
}

/** struct flock: l_type, l_whence, l_start, l_len, l_pid */
function structFlock({ type, start, length }: RecordLock): Uint8Array {
  const bytes = Buffer.alloc(SIZE);
  bytes.writeInt16LE(type, 0);
  bytes.writeBigInt64LE(BigInt.asIntN(64, start), 8);
  bytes.writeBigInt64LE(BigInt.asIntN(64, length), 16);
  return bytes;
}

const recordLock = (bytes: Uint8Array): { type: number; start: bigint; length: bigint } => ({
  type: u16(bytes, 0),
  start: BigInt(u64(bytes, 8)),
  length: BigInt(u64(bytes, 16)),
});
