/**
 * Makes a descriptor of the program a Unix socket that is connected to this process. Its thread makes a pair
 * and gives one end up; this process has taken it before, so nothing has a name that anybody could connect to.
 */
import { readFileSync } from "node:fs";
import type { HookCall } from "../../hooks/types.ts";
import { i32 } from "../../linux/scalar.ts";
import { close, cookieOf, fill, take } from "./own-sockets.ts";
import type { OwnEnd } from "./remote-socket.ts";

const AF_UNIX = 1;
const SOCK_STREAM = 1;
/** include/uapi/asm-generic/fcntl.h; SOCK_NONBLOCK and SOCK_CLOEXEC are the same. */
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

/** O_* flags of a descriptor, O_CLOEXEC among them (fs/proc/fd.c). */
export function flagsOf(tid: number, fd: number): number {
  try {
    return parseInt(/^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/${tid}/fdinfo/${fd}`, "latin1"))?.[1] ?? "0", 8);
  } catch {
    return 0; // the call says EBADF
  }
}

export const isNonBlocking = (flags: number): boolean => (flags & O_NONBLOCK) !== 0;

/**
 * @param isReady whether the program may write at once
 * @returns our end, −errno, or null when the call is over
 */
export async function convert(
  call: HookCall<"connect">,
  flags: number,
  isReady: boolean,
): Promise<OwnEnd | number | null> {
  const { fd, process } = call;
  const usockvec = call.lend(8);
  const type = SOCK_STREAM | O_CLOEXEC | (flags & O_NONBLOCK);
  const made = await call.run("socketpair", { family: AF_UNIX, type, protocol: 0, usockvec });
  if (made === null || made < 0) return made;
  const pair = usockvec.read(8);
  const [theirs, ours] = [i32(pair, 0), i32(pair, 4)];
  const descriptor = take(process.pid, ours);
  const own = descriptor < 0 ? descriptor : prepare(process.pid, theirs, descriptor, isReady);
  await call.run("close", { fd: ours });
  const placed =
    typeof own === "number" ? own : await call.run("dup3", { oldfd: theirs, newfd: fd, flags: flags & O_CLOEXEC });
  await call.run("close", { fd: theirs });
  if (placed !== null && placed >= 0) return own;
  if (typeof own !== "number") close(own.descriptor);
  return placed;
}

function prepare(pid: number, theirs: number, descriptor: number, isReady: boolean): OwnEnd | number {
  const end = take(pid, theirs);
  if (end < 0) {
    close(descriptor);
    return end;
  }
  const filling = isReady ? 0 : fill(end);
  const cookie = cookieOf(end);
  close(end);
  if (filling >= 0) return { descriptor, filling, cookie };
  close(descriptor);
  return filling;
}
