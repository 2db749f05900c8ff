/**
 * Sockets of the program that this process holds as well (pidfd_getfd(2), which asks for the rights that reading the
 * program's memory takes), and calls on them. None of these calls waits.
 */
import { KernelCalls } from "../../linux/kernel-calls.ts";
import { u32 } from "../../linux/scalar.ts";
import { requireHostMachine } from "../../machine/machines.ts";

const kernel = new KernelCalls(requireHostMachine().calls);

/** include/uapi/asm-generic/socket.h, include/linux/socket.h */
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_COOKIE = 57;
/** include/uapi/linux/fcntl.h */
const F_DUPFD_CLOEXEC = 1030;
/** include/uapi/linux/pidfd.h */
const PIDFD_THREAD = 0o200;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** Whose descriptors. A thread may have others than its process (CLONE_FILES); without one they are those of the first. */
export interface Owner {
  readonly pid: number;
  readonly tid?: number | undefined;
}

/** A descriptor of this process that is open on what `fd` of the owner is. @returns it, or −errno */
export const take = (owner: Owner, fd: number): number => takeAll(owner, [fd])[0] ?? 0;

/** The same of several; −errno each where it fails. */
export function takeAll(owner: Owner, fds: readonly number[]): number[] {
  const pidfd = openOwner(owner);
  if (pidfd < 0) return fds.map(() => pidfd);
  const taken = fds.map((fd) => kernel.makeNow("pidfd_getfd", pidfd, fd, 0));
  kernel.makeNow("close", pidfd);
  return taken;
}

/** Threads have a pidfd since Linux 6.9. */
function openOwner({ pid, tid = pid }: Owner): number {
  const thread = tid === pid ? -1 : kernel.makeNow("pidfd_open", tid, PIDFD_THREAD);
  return thread >= 0 ? thread : kernel.makeNow("pidfd_open", pid, 0);
}

/** fcntl(2), F_DUPFD_CLOEXEC. @returns it, or −errno */
export const duplicate = (descriptor: number): number => kernel.makeNow("fcntl", descriptor, F_DUPFD_CLOEXEC, 0);

export const close = (descriptor: number): number => kernel.makeNow("close", descriptor);

/** setsockopt(2). @returns 0 or −errno */
export const setOption = (descriptor: number, level: number, name: number, value: Uint8Array): number =>
  kernel.makeNow("setsockopt", descriptor, level, name, value, value.length);

/** getsockopt(2). @param room bytes; @returns the value, or −errno */
export function getOption(descriptor: number, level: number, name: number, room: number): Uint8Array | number {
  const value = new Uint8Array(Math.max(room, 8));
  const length = Uint8Array.of(room & 0xff, (room >> 8) & 0xff, (room >> 16) & 0xff, 0);
  const result = kernel.makeNow("getsockopt", descriptor, level, name, value, length);
  return result < 0 ? result : value.subarray(0, u32(length, 0));
}

/**
 * Makes a Unix socket not writable (net/unix/af_unix.c, unix_writable: less than a quarter of its buffer may be in use)
 * until the other end has read what this has written.
 * @returns bytes written, or −errno
 */
export function fill(descriptor: number): number {
  const size = getOption(descriptor, SOL_SOCKET, SO_SNDBUF, 4);
  if (typeof size === "number") return size;
  const needed = (u32(size, 0) >> 2) + SLACK;
  if (bytes.length < needed) bytes = new Uint8Array(needed);
  return kernel.makeNow("sendto", descriptor, bytes, needed, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
}

const SLACK = 4096;
/** What is written and read away: nobody looks at it. */
let bytes: Uint8Array = new Uint8Array(0);

/** send(2) without waiting, in one message where the socket has messages. @returns bytes, or −errno */
export const send = (descriptor: number, bytes: Uint8Array): number =>
  kernel.makeNow("sendto", descriptor, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);

/** Reads `count` bytes away. */
export function drain(descriptor: number, count: number): void {
  for (let left = count; left > 0;) {
    const read = kernel.makeNow("recvfrom", descriptor, bytes, left, MSG_DONTWAIT, 0, 0);
    if (read <= 0) return;
    left -= read;
  }
}

/** Which socket it is, among all that this machine ever has (SO_COOKIE). Undefined for what is no socket. */
export function cookieOf(descriptor: number): string | undefined {
  const value = getOption(descriptor, SOL_SOCKET, SO_COOKIE, 8);
  return typeof value === "number" ? undefined : Buffer.from(value).toString("hex");
}

/**
 * Writes a byte into the program's socket, if it is still that one: closing the other end with something unread makes the
 * program find a reset (net/unix/af_unix.c, unix_release_sock).
 */
export function leaveUnread(owner: Owner, fd: number, cookie: string | undefined): void {
  const end = take(owner, fd);
  if (end < 0) return;
  if (cookie !== undefined && cookieOf(end) === cookie)
    kernel.makeNow("sendto", end, Uint8Array.of(0), 1, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
  close(end);
}

/** getsockname(2). @returns struct sockaddr, or −errno */
export function nameOf(descriptor: number): Uint8Array | number {
  const name = new Uint8Array(NAME_ROOM);
  const length = Uint8Array.of(NAME_ROOM, 0, 0, 0);
  const result = kernel.makeNow("getsockname", descriptor, name, length);
  return result < 0 ? result : name.subarray(0, Math.min(u32(length, 0), NAME_ROOM));
}

/** sizeof(struct sockaddr_un), the longest of those that occur here */
const NAME_ROOM = 110;

/** Sends nothing to where a datagram socket is connected: if nobody is there, it gets ECONNREFUSED. */
export const knock = (descriptor: number): number =>
  kernel.makeNow("sendto", descriptor, 0, 0, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
