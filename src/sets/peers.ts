/**
 * Who is at the other end of a descriptor. The kernel is asked, inside the program's thread; the
 * answer is kept by the socket's inode, so that it holds for every copy of the descriptor (dup,
 * fork, SCM_RIGHTS) and for no other socket.
 */
import { type SocketAddress, socketAddress } from "../hooks/address.ts";
import type { AnyCall } from "../hooks/types.ts";
import { u32 } from "../linux/scalar.ts";
import { descriptorTarget } from "./real-path.ts";

export interface Peer {
  readonly address: SocketAddress;
  /** Bytes, not messages: part of what is sent may be sent. */
  readonly isStream: boolean;
}

/** sizeof(struct sockaddr_storage) */
const ADDRESS_SIZE = 128;
/** asm-generic/socket.h, linux/net.h */
const SOL_SOCKET = 1;
const SO_TYPE = 3;
const SOCK_STREAM = 1;
/** Connections that are remembered; the oldest are asked again. */
const REMEMBERED = 20_000;

export class Peers {
  /** Of streams that are connected: they stay so for as long as they live. */
  readonly #byInode = new Map<string, Peer>();

  /** Undefined for what is no connected socket. A promise the first time. */
  of(call: AnyCall, fd: number): Peer | undefined | Promise<Peer | undefined> {
    const inode = descriptorTarget(call.tid, fd);
    if (inode?.startsWith("socket:") !== true) return undefined;
    return this.#byInode.get(inode) ?? this.#ask(call, fd, inode);
  }

  async #ask(call: AnyCall, fd: number, inode: string): Promise<Peer | undefined> {
    const address = await addressOf(call, fd, "getpeername");
    if (address === undefined) return undefined;
    const value = call.lend(4);
    const optlen = call.lend(Uint8Array.of(4, 0, 0, 0));
    await call.run("getsockopt", { fd, level: SOL_SOCKET, optname: SO_TYPE, optval: value, optlen });
    const type = value.read(4);
    const isStream = type.length === 4 && u32(type, 0) === SOCK_STREAM;
    const peer = { address, isStream };
    if (!isStream) return peer;
    const [oldest] = this.#byInode.size >= REMEMBERED ? this.#byInode.keys() : [];
    if (oldest !== undefined) this.#byInode.delete(oldest);
    this.#byInode.set(inode, peer);
    return peer;
  }
}

/** One end's address; undefined where the socket has none. */
export async function addressOf(
  call: AnyCall,
  fd: number,
  which: "getpeername" | "getsockname",
): Promise<SocketAddress | undefined> {
  const usockaddr = call.lend(ADDRESS_SIZE);
  const size = call.lend(Uint8Array.of(ADDRESS_SIZE, 0, 0, 0));
  const result = await call.run(which, { fd, usockaddr, usockaddr_len: size });
  if (result === null || result < 0) return undefined;
  const length = size.read(4);
  return length.length < 4 ? undefined : socketAddress(usockaddr.read(Math.min(u32(length, 0), ADDRESS_SIZE)));
}
