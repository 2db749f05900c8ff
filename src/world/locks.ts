/** fcntl(2) and flock(2) on files of the target: they keep out whoever else locks them, there and here. */
import type { Pointer } from "../hooks/pointer.ts";
import { ServedFile } from "../hooks/served-file.ts";
import type { HookCall, Outcome } from "../hooks/types.ts";
import type { RemoteFile } from "../session/remote-file.ts";
import type { Range } from "../session/remote-files.ts";
import { error } from "./errors.ts";
import type { TargetFile } from "./target-file.ts";

/** include/uapi/asm-generic/fcntl.h */
const LOCK_NB = 4;
const LOCK_MAND = 32;
const F_GETLK = 5;
const F_SETLK = 6;
const F_SETLKW = 7;
const F_OFD_GETLK = 36;
const F_OFD_SETLK = 37;
const F_OFD_SETLKW = 38;
const F_WRLCK = 1;
const F_UNLCK = 2;
const SEEK_SET = 0;
const SEEK_CUR = 1;
const SEEK_END = 2;

export const isLocking = (command: number): boolean =>
  [F_GETLK, F_SETLK, F_SETLKW, F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW].includes(command);

export async function flock(call: HookCall<"flock">, target: TargetFile): Promise<Outcome> {
  const file = await target.kept();
  if (typeof file === "number") return file;
  const operation = call.args.cmd;
  if ((operation & LOCK_MAND) !== 0) return 0; // as if there were none (fs/locks.c, flock)
  return target.files.flock(file, operation & ~LOCK_NB, (operation & LOCK_NB) === 0, call.signal);
}

/** struct flock: l_type, l_whence, l_start, l_len, l_pid */
const FLOCK = 32;
const EVERYTHING = { type: F_UNLCK, start: 0n, length: 0n };

/** Locks of processes (F_SETLK). One that closes any descriptor of a file has no lock of it any more (fcntl(2)). */
export class RecordLocks {
  /** "PID FILE" of whoever may have one. */
  readonly #held = new Set<string>();

  async serve(call: HookCall<"fcntl">, target: TargetFile): Promise<Outcome> {
    const file = await target.kept();
    if (typeof file === "number") return file;
    const { cmd, arg } = call.args;
    const at = call.at(arg);
    const bytes = Buffer.from(at.read(FLOCK));
    if (bytes.length < FLOCK) return error("EFAULT");
    const isOwn = cmd < F_OFD_GETLK;
    // fcntl_getlk (fs/locks.c)
    if (cmd === F_GETLK && bytes.readInt16LE(0) > F_WRLCK) return error("EINVAL");
    const range = await rangeOf(call, target, bytes, isOwn ? BigInt(call.process.pid) : 0n);
    if (typeof range === "number") return range;
    if (cmd === F_GETLK || cmd === F_OFD_GETLK) return test(target, file, range, bytes, at);
    if (isOwn) this.#held.add(`${call.process.pid} ${target.identity}`);
    return target.files.lock(file, range, cmd === F_SETLKW || cmd === F_OFD_SETLKW, call.signal);
  }

  /** A process has closed a descriptor. */
  async closed(pid: number, target: TargetFile): Promise<void> {
    if (!this.#held.delete(`${pid} ${target.identity}`) || target.file === undefined) return;
    await target.files.lock(target.file, { ...EVERYTHING, owner: BigInt(pid) }, false);
  }

  /** Nobody has the file open any more: whoever had, and ended without closing it, has no lock. */
  async released(target: TargetFile): Promise<void> {
    for (const key of this.#held)
      if (key.endsWith(` ${target.identity}`)) await this.closed(Number.parseInt(key, 10), target);
  }
}

async function test(
  { files }: TargetFile,
  file: RemoteFile,
  range: Range,
  bytes: Buffer,
  at: Pointer,
): Promise<number> {
  const conflict = await files.testLock(file, range);
  if (typeof conflict === "number") return conflict;
  bytes.writeInt16LE(conflict.type, 0);
  if (conflict.type !== F_UNLCK) {
    bytes.writeInt16LE(SEEK_SET, 2);
    bytes.writeBigInt64LE(BigInt.asIntN(64, conflict.start), 8);
    bytes.writeBigInt64LE(BigInt.asIntN(64, conflict.length), 16);
    bytes.writeInt32LE(conflict.pid, 24);
  }
  return Math.min(at.write(bytes), 0);
}

/** flock_to_posix_lock (fs/locks.c): from the file's start, the length not negative. */
async function rangeOf(
  { process, fd }: HookCall<"fcntl">,
  target: TargetFile,
  flock: Buffer,
  owner: bigint,
): Promise<Range | number> {
  const type = flock.readInt16LE(0);
  const whence = flock.readInt16LE(2);
  let start = flock.readBigInt64LE(8);
  let length = flock.readBigInt64LE(16);
  if (whence < SEEK_SET || whence > SEEK_END) return error("EINVAL");
  if (whence === SEEK_CUR) start += BigInt(ServedFile.of(process.descriptors.get(fd))?.offset ?? 0);
  else if (whence !== SEEK_SET) {
    const size = await target.size();
    if (size < 0) return size;
    start += BigInt(size);
  }
  if (length < 0n) {
    start += length;
    length = -length;
  }
  return start < 0n ? error("EINVAL") : { type, start, length, owner };
}
