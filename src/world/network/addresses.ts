/** Addresses of the wire, and as the kernel writes them. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { addressBytes, type SocketAddress } from "../../hooks/address.ts";
import type { Pointer } from "../../hooks/pointer.ts";
import { ipv4, ipv4Bytes, ipv6, ipv6Bytes } from "../../linux/inet.ts";
import { u32 } from "../../linux/scalar.ts";
import type { Endpoint, Internet, InternetSchema } from "../../wire/generated/elsewhere/v1/network_pb.ts";

export type NewInternet = MessageInitShape<typeof InternetSchema>;

/** Undefined for what is no address of the Internet. */
export function internetOf(address: SocketAddress | undefined): NewInternet | undefined {
  const { family, host, port, scopeId } = address ?? {};
  if (host === undefined || port === undefined) return undefined;
  return family === "AF_INET" ? { ip: ipv4Bytes(host), port } : { ip: ipv6Bytes(host), port, scopeId: scopeId ?? 0 };
}

/** "192.0.2.1", "2001:db8::1" */
export const hostOf = ({ ip = new Uint8Array(4) }: NewInternet): string =>
  ip.length === 4 ? ipv4(ip, 0) : ipv6(ip, 0);

/** struct sockaddr_in or sockaddr_in6 */
export function internetBytes(address: Internet): Uint8Array {
  const { ip, port, scopeId } = address;
  const bytes = Buffer.from(addressBytes({ host: hostOf(address), port }));
  if (ip.length === 16) bytes.writeUInt32LE(scopeId, SCOPE_ID);
  return bytes;
}

/** offsetof(struct sockaddr_in6, sin6_scope_id) */
const SCOPE_ID = 24;
const AF_UNIX = 1;

/** struct sockaddr; of a Unix socket without a name the family alone. */
export function endpointBytes(endpoint: Endpoint | undefined): Uint8Array {
  if (endpoint?.kind.case === "internet") return internetBytes(endpoint.kind.value);
  const path = endpoint?.kind.value ?? new Uint8Array(0);
  const isPath = path.length > 0 && path[0] !== 0;
  return Buffer.concat([Uint8Array.of(AF_UNIX, 0), path, Buffer.alloc(isPath ? 1 : 0)]);
}

/** How much room the program has: to be asked before a call changes it. */
export function roomAt(length: Pointer): number {
  const room = length.read(4);
  return room.length < 4 ? 0 : u32(room, 0);
}

/** As the kernel gives an address (net/socket.c, move_addr_to_user): cut to the room there is, and its whole length. */
export function give(at: Pointer, length: Pointer, bytes: Uint8Array, room: number = roomAt(length)): number {
  const written = at.isNull || room === 0 ? 0 : at.write(bytes.subarray(0, room));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(bytes.length);
  return Math.min(written, 0) || Math.min(length.write(size), 0);
}
