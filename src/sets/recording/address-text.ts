/** Addresses in reports, and in the program's memory. */
import { type SocketAddress, socketAddress } from "../../hooks/address.ts";
import type { Pointer } from "../../hooks/pointer.ts";
import { u32 } from "../../linux/scalar.ts";

/** "127.0.0.1:80", "[::1]:80", "/run/app.sock", "AF_NETLINK" */
export function addressText(bytes: Uint8Array): string {
  const { family, host, port, path }: SocketAddress =
    bytes.length < 2 ? { family: "nowhere", bytes } : socketAddress(bytes);
  if (path !== undefined) return path.replace("\0", "@");
  if (host === undefined) return family;
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** As the kernel gives an address (net/socket.c, move_addr_to_user): cut to the room there is, and its whole length. */
export function giveAddress(at: Pointer, length: Pointer, address: Uint8Array, room: number = roomAt(length)): void {
  if (at.isNull || length.isNull) return;
  at.write(address.subarray(0, room));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(address.length);
  length.write(size);
}

/** How much room the program has for an address; to be asked before the kernel has said how long one is. */
export function roomAt(length: Pointer): number {
  const room = length.read(4);
  return room.length < 4 ? 0 : u32(room, 0);
}

const AF_INET = 2;
const AF_INET6 = 10;

/** The address of a socket that has none. */
export function noAddress(family: number): Buffer {
  const bytes = Buffer.alloc(family === AF_INET ? 16 : family === AF_INET6 ? 28 : 2);
  bytes.writeUInt16LE(family, 0);
  return bytes;
}
