/** The addresses of sockets (include/uapi/linux/in.h, in6.h, un.h) as hooks see and give them. */
import { isIP } from "node:net";
import { constants } from "../linux/generated/constants.ts";
import { beU16, ipv4, ipv4Bytes, ipv6, ipv6Bytes } from "../linux/inet.ts";
import { u16, u32 } from "../linux/scalar.ts";

/** The address of a socket. Which fields there are depends on `family`. */
export interface SocketAddress {
  /** "AF_INET", "AF_INET6", "AF_UNIX", …: the kernel's name; a number where it has none. */
  readonly family: string;
  /** Of AF_INET and AF_INET6: "192.0.2.1", "2001:db8::1". */
  readonly host?: string;
  readonly port?: number;
  /** Of AF_INET6: the interface's index, for link-local addresses. */
  readonly scopeId?: number;
  /** Of AF_UNIX: a path; "" for a socket without a name; behind "\0" an abstract name. */
  readonly path?: string;
  /** The structure itself. */
  readonly bytes: Uint8Array;
}

/** An address as a hook writes it; of an Internet address `host` is an address, not a name. */
export type NewAddress = { readonly host: string; readonly port: number } | { readonly path: string } | Uint8Array;

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
/** sizeof(struct sockaddr_storage): the kernel takes and gives no more. */
export const ADDRESS_MAX = 128;
/** sizeof(sun_path) */
const UNIX_PATH_MAX = 108;

const familyNames = new Map<number, string>(constants.addressFamily.map(([name, value]) => [value, name]));

/** @param bytes struct sockaddr, as long as the program says it is */
export function socketAddress(bytes: Uint8Array): SocketAddress {
  const family = u16(bytes, 0);
  const name = familyNames.get(family) ?? String(family);
  if (family === AF_INET && bytes.length >= 8)
    return { family: name, host: ipv4(bytes, 4), port: beU16(bytes, 2), bytes };
  if (family === AF_INET6 && bytes.length >= 24)
    return {
      family: name,
      host: ipv6(bytes, 8),
      port: beU16(bytes, 2),
      scopeId: bytes.length >= 28 ? u32(bytes, 24) : 0,
      bytes,
    };
  if (family === AF_UNIX) return { family: name, path: unixPath(bytes.subarray(2)), bytes };
  return { family: name, bytes };
}

/** unix(7): a path ends with a NUL or with the structure; an abstract name begins with one and has all the rest. */
function unixPath(name: Uint8Array): string {
  const end = name[0] === 0 ? -1 : name.indexOf(0);
  return Buffer.from(end < 0 ? name : name.subarray(0, end)).toString();
}

/** struct sockaddr for an address. @throws TypeError on an address that is none */
export function addressBytes(address: NewAddress): Uint8Array {
  if (address instanceof Uint8Array) return address;
  if ("path" in address) return unixBytes(address.path);
  const { host, port } = address;
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new TypeError(`${port} is not a port`);
  const version = isIP(host);
  if (version === 0 || host.includes("%")) throw new TypeError(`${host} is not an Internet address`);
  const bytes = Buffer.alloc(version === 4 ? 16 : 28);
  bytes.writeUInt16LE(version === 4 ? AF_INET : AF_INET6, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(version === 4 ? ipv4Bytes(host) : ipv6Bytes(host), version === 4 ? 4 : 8);
  return bytes;
}

function unixBytes(path: string): Uint8Array {
  const name = Buffer.from(path.startsWith("\0") ? path : `${path}\0`);
  if (name.length > UNIX_PATH_MAX) throw new TypeError(`${path} is longer than a socket's path can be`);
  const bytes = Buffer.alloc(2 + name.length);
  bytes.writeUInt16LE(AF_UNIX, 0);
  bytes.set(name, 2);
  return bytes;
}
