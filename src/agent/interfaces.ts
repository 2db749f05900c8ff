/** What the kernel says of the network that this process is in, which is the target's. Nothing here changes it. */
import { KernelCalls } from "../linux/kernel-calls.ts";
import { examiningRequests, IFREQ, SIOCGIFCONF } from "../linux/netdevice.ts";
import { NLMSGHDR, netlinkMessages, netlinkProtocol } from "../linux/netlink.ts";
import { u32 } from "../linux/scalar.ts";
import { InterfacesService } from "../wire/generated/elsewhere/v1/interfaces_pb.ts";
import { limits } from "../wire/limits.ts";
import type { Connection, Kernel } from "./connection.ts";
import { flags as o } from "./constants.ts";
import { checked, fail } from "./errno.ts";

/** include/linux/socket.h, include/uapi/linux/netlink.h */
const AF_INET = 2;
const AF_NETLINK = 16;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const SOL_NETLINK = 270;
const NETLINK_GET_STRICT_CHK = 12;
const MSG_PEEK_TRUNC_DONTWAIT = 0x62;
const MSG_DONTWAIT = 0x40;
const EAGAIN = 11;

/** As programs that read by pages expect it: the kernel makes them no larger than what somebody reads with (netlink_dump). */
const DATAGRAM = 4096;

/** include/uapi/linux/rtnetlink.h: RTM_NEW, DEL, GET, SET in turn from 16 on. sock_diag.h, inet_diag.h: 18 to 20. */
const RTM_BASE = 16;
const RTM_GET = 2;
const SOCK_DESTROY = 21;

const looksOnly = (protocol: number, type: number): boolean =>
  protocol === netlinkProtocol.route
    ? type < RTM_BASE || (type & 3) === RTM_GET // below are those of netlink itself (NLMSG_NOOP, …)
    : type < SOCK_DESTROY;

/** Addresses that SIOCGIFCONF tells of at most. */
const MOST_ADDRESSES = 1024;

export function serveInterfaces(connection: Connection): void {
  const { kernel } = connection;
  const methods = InterfacesService.method;

  connection.on(methods.askNetlink, ({ protocol, messages, isStrict }) => {
    if (protocol !== netlinkProtocol.route && protocol !== netlinkProtocol.socketDiagnosis) fail("EPROTONOSUPPORT");
    if (messages.length < NLMSGHDR) return { datagrams: [] }; // af_netlink.c, netlink_rcv_skb: nothing happens
    if (netlinkMessages(messages).some(({ type }) => !looksOnly(protocol, type))) fail("EPERM");
    return withSocket(kernel, AF_NETLINK, SOCK_RAW, protocol, (socket) => {
      const address = new Uint8Array(Uint16Array.of(AF_NETLINK, 0, 0, 0, 0, 0).buffer);
      checked(kernel.makeNow("bind", socket, address, address.length));
      if (isStrict) {
        const yes = Uint8Array.of(1, 0, 0, 0);
        checked(kernel.makeNow("setsockopt", socket, SOL_NETLINK, NETLINK_GET_STRICT_CHK, yes, yes.length));
      }
      checked(kernel.makeNow("sendto", socket, messages, messages.length, 0, address, address.length));
      return { datagrams: answers(kernel, socket) };
    });
  });

  connection.on(methods.examine, ({ request, structure }) => {
    if (request === SIOCGIFCONF)
      return withSocket(kernel, AF_INET, SOCK_DGRAM, 0, (socket) => ({ structure: addresses(kernel, socket) }));
    if (!examiningRequests.has(request)) fail("ENOTTY");
    const asked = Buffer.alloc(IFREQ);
    asked.set(structure.subarray(0, IFREQ));
    return withSocket(kernel, AF_INET, SOCK_DGRAM, 0, (socket) => {
      checked(kernel.makeNow("ioctl", socket, request, asked));
      return { structure: asked };
    });
  });
}

function withSocket<T>(kernel: Kernel, family: number, type: number, protocol: number, use: (socket: number) => T): T {
  const socket = checked(kernel.makeNow("socket", family, type | o.O_CLOEXEC, protocol));
  try {
    return use(socket);
  } finally {
    kernel.makeNow("close", socket);
  }
}

/** The kernel has answered when sending returns, and goes on with what is read (af_netlink.c, netlink_recvmsg). */
function answers(kernel: Kernel, socket: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const looked = new Uint8Array(DATAGRAM);
    const length = kernel.makeNow("recvfrom", socket, looked, looked.length, MSG_PEEK_TRUNC_DONTWAIT, 0, 0);
    if (length === -EAGAIN) return found;
    const datagram = new Uint8Array(Math.max(checked(length), 1));
    const read = checked(kernel.makeNow("recvfrom", socket, datagram, datagram.length, MSG_DONTWAIT, 0, 0));
    bytes += read;
    if (bytes > limits.dataBytes) fail("ENOBUFS");
    found.push(datagram.subarray(0, read));
  }
}

/** SIOCGIFCONF (netdevice(7)): struct ifconf is how much room there is, and where. */
function addresses(kernel: Kernel, socket: number): Uint8Array {
  const room = Buffer.alloc(MOST_ADDRESSES * IFREQ);
  const configuration = Buffer.alloc(16);
  configuration.writeInt32LE(room.length, 0);
  configuration.writeBigUInt64LE(KernelCalls.addressOf(room), 8);
  checked(kernel.makeNow("ioctl", socket, SIOCGIFCONF, configuration));
  return room.subarray(0, u32(configuration, 0));
}
