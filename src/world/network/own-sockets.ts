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
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** A descriptor of this process that is open on what `fd` of process `pid` is. @returns it, or −errno */
export function take(pid: number, fd: number): number {
  const process = kernel.makeNow("pidfd_open", pid, 0);
  if (process < 0) return process;
  const taken = kernel.makeNow("pidfd_getfd", process, fd, 0);
  kernel.makeNow("close", process);
  return taken;
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
  const bytes = new Uint8Array((u32(size, 0) >> 2) + SLACK);
  return kernel.makeNow("sendto", descriptor, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
}

const SLACK = 4096;

/** Reads `count` bytes away. */
export function drain(descriptor: number, count: number): void {
  const bytes = new Uint8Array(count);
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
export function leaveUnread(pid: number, fd: number, cookie: string | undefined): void {
  const end = take(pid, fd);
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
  return result < 0 ? result : name.subarray(0, u32(length, 0));
}

/** sizeof(struct sockaddr_in6) */
const NAME_ROOM = 28;

/** Sends nothing to where a datagram socket is connected: if nobody is there, it gets ECONNREFUSED. */
export const knock = (descriptor: number): number =>
  kernel.makeNow("sendto", descriptor, 0, 0, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
