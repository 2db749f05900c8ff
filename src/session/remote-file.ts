/** An open file of the target, for as long as the caller wants it: a new connection changes what is inside only. */
import { errnoNumber } from "../linux/errno.ts";
import { u16, u32, u64 } from "../linux/scalar.ts";
import { HeldLocks } from "./held-locks.ts";

/** A path of the target: the file itself where it is empty, else from `directory`, or from the root where there is none. */
export interface RemotePlace {
  readonly directory?: RemoteFile | undefined;
  /** Without NUL; text is UTF-8. */
  readonly path: Uint8Array | string;
}

/** Why a call cannot be made: its −errno. */
export class Unusable extends Error {
  readonly result: number;

  constructor(name: string) {
    super(name);
    this.result = -(errnoNumber(name) ?? 0);
  }
}

/** What makes a path another one. */
export interface OpenedAs {
  /** O_* */
  readonly flags: number;
  /** RESOLVE_* */
  readonly resolve: bigint;
  /** From the target's root. Undefined: it has none (O_TMPFILE). */
  readonly path: Uint8Array | undefined;
}

export class RemoteFile {
  /** O_* as it was opened with. */
  readonly flags: number;
  readonly resolve: bigint;
  /** struct statx (include/uapi/linux/stat.h, 256 bytes) when it was opened. */
  readonly statx: Uint8Array;
  /** Where it is, from the target's root; follows renames that this session made. Undefined where it has no path. */
  path: Uint8Array | undefined;
  /** What is held through it. @internal */
  readonly locks: HeldLocks = new HeldLocks();
  /** A lock could not be had again. Until it is unlocked, reading and writing fail with EIO, locking with ENOLCK. */
  hasLostLocks = false;
  /** Changes that are being made again after a lost connection, or that were given up: others wait. @internal */
  readonly unsettled: Set<Promise<unknown>> = new Set();
  #handle: bigint;
  #generation: number;
  #isStale = false;

  /** @param handle the agent's, of the connection `generation` */
  constructor({ flags, resolve, path }: OpenedAs, statx: Uint8Array, handle: bigint, generation: number) {
    this.flags = flags;
    this.resolve = resolve;
    this.path = path;
    this.statx = statx;
    this.#handle = handle;
    this.#generation = generation;
  }

  get isOpen(): boolean {
    return this.#handle !== 0n;
  }

  /** It could not be opened again, or its path leads to another file now: all that is left is to close it. */
  get isStale(): boolean {
    return this.#isStale;
  }

  /** The agent's. A handle means nothing on another connection. @throws Unusable EBADF, ESTALE @internal */
  handleIn(generation: number): bigint {
    if (this.#handle === 0n) throw new Unusable("EBADF");
    if (this.#isStale || this.#generation !== generation) throw new Unusable("ESTALE");
    return this.#handle;
  }

  /** The same for reading and writing, which a lost lock forbids. @throws Unusable EBADF, ESTALE, EIO @internal */
  dataHandleIn(generation: number): bigint {
    if (this.hasLostLocks) throw new Unusable("EIO");
    return this.handleIn(generation);
  }

  /** There is a new connection. @param handle undefined: the file is lost @internal */
  renew(handle: bigint | undefined, generation: number): void {
    if (handle === undefined) this.#isStale = true;
    else this.#handle = handle;
    this.#generation = generation;
  }

  /** @returns what it takes to close it on the connection `generation`; undefined where that has nothing to close @internal */
  close(): (generation: number) => bigint | undefined {
    const handle = this.#handle;
    const own = this.#generation;
    this.#handle = 0n;
    this.locks.clear();
    return (generation) => (generation === own && !this.#isStale ? handle : undefined);
  }

  /** Whether what statx says is said of this very file: same device, inode, type, and the same birth if it is known. */
  isDescribedBy(statx: Uint8Array): boolean {
    return identityOf(this.statx) === identityOf(statx);
  }
}

const STATX_BTIME = 0x800;
const S_IFMT = 0o170000;

/** Fields of struct statx: stx_mask 0, stx_mode 28, stx_ino 32, stx_btime 80, stx_dev_major 136, stx_dev_minor 140. */
function identityOf(statx: Uint8Array): string {
  const birth = (u32(statx, 0) & STATX_BTIME) === 0 ? "" : `${u64(statx, 80)}.${u32(statx, 88)}`;
  return `${u32(statx, 136)},${u32(statx, 140)} ${u64(statx, 32)} ${u16(statx, 28) & S_IFMT} ${birth}`;
}
