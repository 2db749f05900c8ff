/**
 * The few kernel and libc functions that Node.js does not offer, through koffi.
 * Every function returns what the C function returns; −1 comes back as −errno, the
 * kernel's own convention.
 */
import koffi, { type LibraryHandle } from "koffi";
import { uninitialised } from "../bytes.ts";

// null: what this process has already loaded, so glibc and musl are both fine.
const libc: LibraryHandle = koffi.load(null);

/** The C function with this prototype; what it takes is declared where it gets its name. */
function native(prototype: string): (...args: readonly unknown[]) => number {
  const call = libc.func(prototype) as (...args: readonly unknown[]) => number | bigint;
  return (...args) => {
    const result = Number(call(...args));
    return result === -1 ? -koffi.errno() : result;
  };
}

export const memfdCreate: (name: string, flags: number) => number = native(
  "int memfd_create(const char *name, unsigned int flags)",
);

const fcntl: (descriptor: number, command: number, argument: number) => number = native(
  "int fcntl(int fd, int cmd, int arg)",
);

/** F_ADD_SEALS, and F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE (include/uapi/linux/fcntl.h). */
const F_ADD_SEALS = 1033;
const ALL_SEALS = 0xf;

/** Nobody can change what is in this memfd any more. @returns 0 or −errno */
export const addSeals = (descriptor: number): number => fcntl(descriptor, F_ADD_SEALS, ALL_SEALS);

const mmap: (
  address: number,
  length: number,
  protection: number,
  flags: number,
  descriptor: number,
  offset: number,
) => number = native("intptr_t mmap(uintptr_t addr, size_t length, int prot, int flags, int fd, int64_t offset)");

const PROT_READ_WRITE = 3;
const PROT_READ_EXEC = 5;
const MAP_SHARED = 1;
const MAP_PRIVATE_ANONYMOUS = 0x22;

/** Maps a file for reading and writing, shared. @returns the address, or −errno */
export const mapShared = (descriptor: number, length: number): number =>
  mmap(0, length, PROT_READ_WRITE, MAP_SHARED, descriptor, 0);

export const munmap: (address: number, length: number) => number = native("int munmap(uintptr_t addr, size_t length)");

const mprotect: (address: number, length: number, protection: number) => number = native(
  "int mprotect(uintptr_t addr, size_t length, int prot)",
);

/**
 * Makes position-independent machine code a function of this process.
 * @param code  it is copied
 * @param entry where the function begins in it, bytes; C type `uint64_t f(void)`
 * @returns undefined where the system forbids it
 */
export function loadFunction(code: Uint8Array, entry: number): (() => bigint) | undefined {
  const address = mmap(0, code.length, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
  if (address < 0) return undefined;
  new Uint8Array(viewMemory(address, code.length)).set(code);
  if (mprotect(address, code.length, PROT_READ_EXEC) < 0) return undefined;
  return () => BigInt(koffi.call(address + entry, ticksPrototype) as number | bigint);
}

const ticksPrototype = koffi.proto("uint64_t elsewhere_ticks(void)");

/** Lets another thread have this processor, if one wants it. */
export const yieldProcessor: () => number = native("int sched_yield(void)");

/** The processor that this thread runs on. */
export const currentProcessor: () => number = native("int sched_getcpu(void)");

const AFFINITY_BYTES = 128;
const getAffinity: (pid: number, size: number, mask: Uint8Array) => number = native(
  "int sched_getaffinity(int pid, size_t size, void *mask)",
);
const setAffinity: (pid: number, size: number, mask: Uint8Array) => number = native(
  "int sched_setaffinity(int pid, size_t size, void *mask)",
);

/**
 * Moves this thread to another processor, if it may use another one: for a moment it may not use this one, and the
 * scheduler has no reason to bring it back.
 */
export function leaveProcessor(): void {
  const allowed = new Uint8Array(AFFINITY_BYTES);
  const here = currentProcessor();
  if (here < 0 || getAffinity(0, AFFINITY_BYTES, allowed) < 0) return;
  const others = allowed.slice();
  others[here >> 3] = (others[here >> 3] ?? 0) & ~(1 << (here & 7));
  if (others.every((byte) => byte === 0) || setAffinity(0, AFFINITY_BYTES, others) < 0) return;
  setAffinity(0, AFFINITY_BYTES, allowed);
}

export const kill: (pid: number, signal: number) => number = native("int kill(int pid, int sig)");

/** Ends this process at once: no handlers, no restored terminal settings. */
export const exitNow: (code: number) => number = native("void _exit(int status)");

const rawFutex = libc.func(
  "long syscall(long nr, uintptr_t word, int op, unsigned int value, void *timeout, void *word2, unsigned int value3)",
);

const FUTEX_WAIT = 0;
const FUTEX_WAKE = 1;
/** struct timespec */
const timespec: BigInt64Array = new BigInt64Array(2);

/** The call number of futex differs by processor, so it comes from the caller. */
export class Futex {
  readonly #number: number;

  constructor(callNumber: number) {
    this.#number = callNumber;
  }

  /** Wakes at most `count` waiters on the word at `address`. */
  wake(address: number, count: number): void {
    rawFutex(this.#number, address, FUTEX_WAKE, count, null, null, 0);
  }

  /** Sleeps, and everything else of this thread with it, while the word holds `value`; at most `ms`. */
  wait(address: number, value: number, ms: number): void {
    timespec[0] = BigInt(Math.floor(ms / 1000));
    timespec[1] = BigInt(Math.round((ms % 1000) * 1e6));
    rawFutex(this.#number, address, FUTEX_WAIT, value, timespec, null, 0);
  }

  /** Sleeps in a thread of its own while the word holds `value`; `woken` runs on the event loop. */
  waitInBackground(address: number, value: number, woken: () => void): void {
    rawFutex.async(this.#number, address, FUTEX_WAIT, value, null, null, 0, woken);
  }
}

const mutexAttributeSize = 16;
const mutexattrInit: (attributes: Uint8Array) => number = native("int pthread_mutexattr_init(void *attr)");
const mutexattrSetpshared: (attributes: Uint8Array, value: number) => number = native(
  "int pthread_mutexattr_setpshared(void *attr, int pshared)",
);
const mutexattrSetrobust: (attributes: Uint8Array, value: number) => number = native(
  "int pthread_mutexattr_setrobust(void *attr, int robust)",
);
const mutexInit: (mutex: number, attributes: Uint8Array) => number = native(
  "int pthread_mutex_init(uintptr_t mutex, void *attr)",
);
const mutexLock: (mutex: number) => number = native("int pthread_mutex_lock(uintptr_t mutex)");
const mutexUnlock: (mutex: number) => number = native("int pthread_mutex_unlock(uintptr_t mutex)");

/**
 * Makes a robust, process-shared mutex at `address` and locks it by the calling thread:
 * when that thread dies without unlocking, the kernel sets FUTEX_OWNER_DIED in the
 * mutex's futex word (Documentation/locking/robust-futexes.rst).
 * @returns 0 or an error number
 */
export function lockRobustMutex(address: number): number {
  const attributes = new Uint8Array(mutexAttributeSize);
  return (
    mutexattrInit(attributes) ||
    mutexattrSetpshared(attributes, 1) ||
    mutexattrSetrobust(attributes, 1) ||
    mutexInit(address, attributes) ||
    mutexLock(address)
  );
}

export const unlockRobustMutex: (address: number) => number = mutexUnlock;

/** struct iovec, twice: local and remote. */
const vectors: BigUint64Array = new BigUint64Array(4);
const scratchSize = 4096;
/** Bytes that one call of processVmRead or processVmWrite moves at most. */
export const MOST_MOVED = 0x10_0000;
const scratch: Uint8Array = new Uint8Array(scratchSize);
const vmReadv = libc.func(
  "long process_vm_readv(int pid, void *local, unsigned long liovcnt, void *remote, unsigned long riovcnt, unsigned long flags)",
);
const vmWritev = libc.func(
  "long process_vm_writev(int pid, void *local, unsigned long liovcnt, void *remote, unsigned long riovcnt, unsigned long flags)",
);
const localVector: Uint8Array = new Uint8Array(vectors.buffer, 0, 16);
const remoteVector: Uint8Array = new Uint8Array(vectors.buffer, 16, 16);
const scratchAddress: bigint = koffi.address(scratch);

/**
 * Reads another process's memory.
 * @param pid    any of its threads
 * @param length at most `MOST_MOVED` bytes are read
 * @returns the bytes, fewer where the mapping ends; or −errno
 */
export function processVmRead(pid: number, address: bigint, length: number): Uint8Array | number {
  const wanted = Math.min(length, MOST_MOVED);
  const isShort = wanted <= scratchSize;
  const bytes = isShort ? scratch : uninitialised(wanted);
  setVectors(isShort ? scratchAddress : koffi.address(bytes), address, wanted);
  const count = Number(vmReadv(pid, localVector, 1, remoteVector, 1, 0));
  if (count < 0) return -koffi.errno();
  return isShort ? bytes.slice(0, count) : bytes.subarray(0, count);
}

/** Writes another process's memory, at most `MOST_MOVED` bytes. @returns bytes written, or −errno */
export function processVmWrite(pid: number, address: bigint, bytes: Uint8Array): number {
  const wanted = Math.min(bytes.length, MOST_MOVED);
  const isShort = wanted <= scratchSize;
  if (isShort) scratch.set(bytes.subarray(0, wanted));
  setVectors(isShort ? scratchAddress : koffi.address(bytes), address, wanted);
  const count = Number(vmWritev(pid, localVector, 1, remoteVector, 1, 0));
  return count < 0 ? -koffi.errno() : count;
}

function setVectors(local: bigint, remote: bigint, length: number): void {
  vectors[0] = local;
  vectors[1] = BigInt(length);
  vectors[2] = remote;
  vectors[3] = BigInt(length);
}

/** A view of memory that was mapped at `address`; it must not be used after munmap. */
export const viewMemory = (address: number, length: number): ArrayBuffer => koffi.view(address, length);

const prlimitCall: (pid: number, resource: number, set: BigUint64Array | null, get: BigUint64Array | null) => number =
  native("int prlimit(int pid, int resource, void *new_limit, void *old_limit)");

/** A soft and a hard limit, as in struct rlimit. */
export interface ResourceLimit {
  readonly soft: bigint;
  readonly hard: bigint;
}

export const RLIMIT_CORE = 4;
export const RLIMIT_NOFILE = 7;

/** @returns the limit of process `pid` (0: this one), or undefined where that is not allowed */
export function getResourceLimit(pid: number, resource: number): ResourceLimit | undefined {
  const words = new BigUint64Array(2);
  if (prlimitCall(pid, resource, null, words) < 0) return undefined;
  return { soft: words[0] ?? 0n, hard: words[1] ?? 0n };
}

/** @returns 0 or −errno */
export function setResourceLimit(pid: number, resource: number, { soft, hard }: ResourceLimit): number {
  return prlimitCall(pid, resource, BigUint64Array.of(soft, hard), null);
}

const rawKcmp = libc.func(
  "long syscall(long nr, int pid1, int pid2, int type, unsigned long idx1, unsigned long idx2)",
);

/**
 * kcmp(2).
 * @param callNumber the processor's number of the call
 * @returns 0 where both are the same, 1, 2 or 3 where they are not, or −errno
 */
export function compareKernelObjects(
  callNumber: number,
  tid: number,
  other: number,
  type: number,
  index: number,
  otherIndex: number,
): number {
  const order = Number(rawKcmp(callNumber, tid, other, type, index, otherIndex));
  return order < 0 ? -koffi.errno() : order;
}
