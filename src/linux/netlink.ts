/** Messages of netlink sockets (include/uapi/linux/netlink.h). Each begins at a multiple of 4 bytes. */
import { u16, u32 } from "./scalar.ts";

/** struct nlmsghdr: u32 length, u16 type, u16 flags, u32 sequence number, u32 port (nlmsg_pid). */
export const NLMSGHDR = 16;
const TYPE = 4;
const PORT = 12;

/** NETLINK_ROUTE, NETLINK_SOCK_DIAG */
export const netlinkProtocol = { route: 0, socketDiagnosis: 4 } as const;

export interface NetlinkMessage {
  /** Where it is, bytes. */
  readonly offset: number;
  readonly type: number;
}

/** The messages of a datagram, up to the first that is none. */
export function netlinkMessages(datagram: Uint8Array): NetlinkMessage[] {
  const found: NetlinkMessage[] = [];
  for (let offset = 0; offset + NLMSGHDR <= datagram.length;) {
    const length = u32(datagram, offset);
    if (length < NLMSGHDR || offset + length > datagram.length) break;
    found.push({ offset, type: u16(datagram, offset + TYPE) });
    offset += (length + 3) & ~3;
  }
  return found;
}

/** A datagram of the kernel's with another port in its messages. */
export function toPort(datagram: Uint8Array, port: number): Uint8Array {
  const copy = Buffer.from(datagram);
  for (const { offset } of netlinkMessages(copy)) copy.writeUInt32LE(port >>> 0, offset + PORT);
  return copy;
}
