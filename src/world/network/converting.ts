/**
 * Makes a descriptor of the program a Unix socket that is connected to this process. Its thread makes a pair
 * and gives one end up; this process has taken it before, so nothing has a name that anybody could connect to.
 */
import { readFileSync } from "node:fs";
import type { BaseCall } from "../../hooks/types.ts";
import { i32 } from "../../linux/scalar.ts";
import { close, cookieOf, fill, type Owner, takeAll } from "./own-sockets.ts";
import type { OwnEnd } from "./remote-socket.ts";

const AF_UNIX = 1;
export const SOCK_STREAM = 1;
export const SOCK_SEQPACKET = 5;
/** include/uapi/asm-generic/fcntl.h; SOCK_NONBLOCK and SOCK_CLOEXEC are the same. */
const O_NONBLOCK = 0o4000;
export const O_CLOEXEC = 0o2000000;

/** O_* flags of a descriptor, O_CLOEXEC among them (fs/proc/fd.c). */
export function flagsOf(tid: number, fd: number): number {
  try {
    return parseInt(/^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/${tid}/fdinfo/${fd}`, "latin1"))?.[1] ?? "0", 8);
  } catch {
    return 0; // the call says EBADF
  }
}

export const isNonBlocking = (flags: number): boolean => (flags & O_NONBLOCK) !== 0;

export interface Conversion {
  readonly fd: number;
  /** O_* flags that it has. */
  readonly flags: number;
  /** SOCK_STREAM or SOCK_SEQPACKET */
  readonly type: number;
  /** Whether the program may write at once. */
  readonly isReady: boolean;
}

/** @returns our end, −errno, or null when the call is over */
export async function convert(call: BaseCall, conversion: Conversion): Promise<OwnEnd | number | null> {
  const { process } = call;
  const { fd, flags, isReady } = conversion;
  const usockvec = call.lend(8);
  const type = conversion.type | O_CLOEXEC | (flags & O_NONBLOCK);
  const made = await call.run("socketpair", { family: AF_UNIX, type, protocol: 0, usockvec });
  if (made === null || made < 0) return made;
  const pair = usockvec.read(8);
  const [theirs, ours] = [i32(pair, 0), i32(pair, 4)];
  const own = prepare({ pid: process.pid, tid: call.tid }, theirs, ours, isReady);
  const placed =
    typeof own === "number" ? own : await call.run("dup3", { oldfd: theirs, newfd: fd, flags: flags & O_CLOEXEC });
  await closeBoth(call, theirs, ours);
  if (placed !== null && placed >= 0) return own;
  if (typeof own !== "number") close(own.descriptor);
  return placed;
}

/** Numbers next to each other in one call, where the kernel has it (Linux 5.9). */
async function closeBoth(call: BaseCall, theirs: number, ours: number): Promise<void> {
  if (ours === theirs + 1 && (await call.run("close_range", { fd: theirs, max_fd: ours })) === 0) return;
  for (const each of [ours, theirs]) await call.run("close", { fd: each });
}

/** @returns what `ours` is, with the other end not writable unless it `isReady`; or −errno */
function prepare(owner: Owner, theirs: number, ours: number, isReady: boolean): OwnEnd | number {
  const [end = 0, descriptor = 0] = takeAll(owner, [theirs, ours]);
  const filling = end < 0 ? end : descriptor < 0 ? descriptor : isReady ? 0 : fill(end);
  const cookie = filling < 0 ? undefined : cookieOf(end);
  if (end >= 0) close(end);
  if (filling >= 0) return { descriptor, filling, cookie };
  if (descriptor >= 0) close(descriptor);
  return filling;
}
