/** Where sockets may connect, send and listen. */
import { type SocketAddress, socketAddress } from "../../hooks/address.ts";
import type { AnyCall } from "../../hooks/types.ts";
import { u32, u64 } from "../../linux/scalar.ts";
import { isDestination, parseDestination } from "../destinations.ts";
import { addressOf } from "../peers.ts";
import { plainPath, realPath, threadOf } from "../real-path.ts";
import type { Policy } from "./policy.ts";

/** struct mmsghdr (include/linux/socket.h): a struct user_msghdr, whose first fields are msg_name and msg_namelen. */
const MMSGHDR = 64;
/** UIO_MAXIOV (include/uapi/linux/uio.h): sendmmsg takes no more. */
const MAX_MESSAGES = 1024;
const ADDRESS_MAX = 128;

/** @param allowed destinations */
export function networkPolicy(allowed: readonly string[]): Policy {
  const destinations = allowed.map(parseDestination);
  const isAllowed = (call: AnyCall, address: SocketAddress): boolean => {
    if (address.bytes.length === 0) return true; // none: the socket is connected, or the kernel says EINVAL
    if (address.family === "AF_NETLINK") return true; // a talk with the kernel
    // To connect to nobody is to disconnect. Elsewhere UDP takes AF_UNSPEC for AF_INET (net/ipv4/udp.c).
    if (address.family === "AF_UNSPEC" && call.name === "connect") return true;
    return isDestination(destinations, address, (path) => realPath(threadOf(call), plainPath(path)));
  };
  return {
    name: "network",
    calls: ["connect", "bind", "listen", "sendto", "sendmsg", "sendmmsg"],
    violation(call) {
      const judge = (addresses: readonly SocketAddress[]): ReturnType<Policy["violation"]> => {
        const denied = addresses.find((address) => !isAllowed(call, address));
        return denied && { what: describe(denied), error: "EACCES" };
      };
      if (call.name === "listen") return ownAddress(call).then(judge);
      if (call.is("sendmmsg"))
        return judge(messageAddresses(call.args.msg.read(MMSGHDR * Math.min(call.args.vlen, MAX_MESSAGES)), call));
      return judge(call.address === undefined ? [] : [call.address]);
    },
  };
}

/** A socket that nobody has bound gets a port when it listens (inet_csk_listen_start): "0.0.0.0:0". */
async function ownAddress(call: AnyCall): Promise<SocketAddress[]> {
  const address = await addressOf(call, call.fd ?? -1, "getsockname");
  return address === undefined ? [] : [address];
}

function messageAddresses(headers: Uint8Array, call: AnyCall): SocketAddress[] {
  const addresses: SocketAddress[] = [];
  for (let at = 0; at + MMSGHDR <= headers.length; at += MMSGHDR) {
    const name = BigInt(u64(headers, at));
    if (name !== 0n) addresses.push(socketAddress(call.at(name).read(Math.min(u32(headers, at + 8), ADDRESS_MAX))));
  }
  return addresses;
}

function describe({ family, host, port, path }: SocketAddress): string {
  if (path !== undefined) return path.startsWith("\0") ? `@${path.slice(1)}` : path;
  return host === undefined ? family : `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
