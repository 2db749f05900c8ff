/** What kind of socket a descriptor is open on. */
import type { SocketAddress } from "../../hooks/address.ts";
import type { CallingProcess } from "../../hooks/types.ts";
import { u32 } from "../../linux/scalar.ts";
import { close, getOption, type Owner, take } from "./own-sockets.ts";

/** AF_*, SOCK_* */
export interface SocketKind {
  readonly family: number;
  readonly type: number;
}

/** include/linux/socket.h, include/uapi/asm-generic/socket.h */
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOL_SOCKET = 1;
const SO_TYPE = 3;
const SO_DOMAIN = 39;

/** A descriptor as calls name it. */
export interface OnSocket {
  readonly fd: number;
  readonly tid?: number;
  readonly process: CallingProcess;
}

const key = Symbol("socket kind");

/** Undefined for what is no socket. The kernel is asked where nobody has seen it being made. */
export function socketKind({ fd, tid, process }: OnSocket): SocketKind | undefined {
  const file = process.descriptors.get(fd);
  if (file?.kind !== "socket") return undefined;
  const { family, type } = file;
  if (family !== undefined && type !== undefined) return { family, type };
  const known = file.data.get(key) as SocketKind | undefined;
  if (known !== undefined) return known;
  const asked = ask({ pid: process.pid, tid }, fd);
  if (asked !== undefined) file.data.set(key, asked);
  return asked;
}

function ask(owner: Owner, fd: number): SocketKind | undefined {
  const descriptor = take(owner, fd);
  if (descriptor < 0) return undefined;
  const kind = kindOf(descriptor);
  close(descriptor);
  return kind;
}

/** Of a socket that this process holds. */
export function kindOf(descriptor: number): SocketKind | undefined {
  const [family, type] = [SO_DOMAIN, SO_TYPE].map((name) => getOption(descriptor, SOL_SOCKET, name, 4));
  if (!(family instanceof Uint8Array) || !(type instanceof Uint8Array)) return undefined;
  return { family: u32(family, 0), type: u32(type, 0) };
}

export const isInternetStream = (kind: SocketKind | undefined): boolean =>
  kind !== undefined && (kind.family === AF_INET || kind.family === AF_INET6) && kind.type === SOCK_STREAM;

/** Whether it is a stream socket that can be connected to such an address. */
export const isStreamFor = (address: SocketAddress | undefined, kind: SocketKind | undefined): boolean =>
  isInternetStream(kind) && address?.family === (kind?.family === AF_INET ? "AF_INET" : "AF_INET6");

/** Undefined for what is no datagram socket of the Internet. */
export function datagramKind(call: OnSocket): SocketKind | undefined {
  const kind = socketKind(call);
  return (kind?.family === AF_INET || kind?.family === AF_INET6) && kind.type === SOCK_DGRAM ? kind : undefined;
}

export const isUnixStream = (kind: SocketKind | undefined): boolean =>
  kind?.family === AF_UNIX && kind.type === SOCK_STREAM;

export const isUnixDatagram = (kind: SocketKind | undefined): boolean =>
  kind?.family === AF_UNIX && kind.type === SOCK_DGRAM;
