/** Calls on datagram sockets of the Internet: what goes to the target goes by way of its relays. */
import { addressBytes, type SocketAddress, socketAddress } from "../../hooks/address.ts";
import { onMarked } from "../../hooks/define.ts";
import type { Pointer } from "../../hooks/pointer.ts";
import type { HookCall, Hooks, Outcome } from "../../hooks/types.ts";
import { u32, u64 } from "../../linux/scalar.ts";
import { give, internetOf, roomAt } from "./addresses.ts";
import { bindThere } from "./binding.ts";
import { DatagramSocket } from "./datagram-socket.ts";
import type { RemoteNetwork } from "../../session/remote-network.ts";
import type { Relay } from "./relay.ts";
import type { Route } from "./routing.ts";
import { datagramKind, type OnSocket } from "./socket-kind.ts";
import type { Sockets } from "./stream-calls.ts";

const AF_INET = 2;
const AF_INET6 = 10;
const AF_UNSPEC = 0;
const SOCK_DGRAM = 2;
const SOCK_TYPE_MASK = 0xf;

const known = ({ fd, process }: OnSocket): DatagramSocket | undefined => DatagramSocket.of(process.descriptors.get(fd));

export function datagramCalls(network: RemoteNetwork, { routing, questions, live }: Sockets): Hooks {
  const socketOf = (call: OnSocket): DatagramSocket | undefined => {
    const file = call.process.descriptors.get(call.fd);
    const kind = datagramKind(call);
    if (file === undefined || kind === undefined) return undefined;
    const present = DatagramSocket.of(file);
    if (present !== undefined) return present;
    const made = new DatagramSocket(network, questions, kind.family, { pid: call.process.pid, fd: call.fd });
    made.belongTo(file, live);
    return made;
  };
  const routeTo = (tid: number, { host = "", port = 0 }: SocketAddress): Route =>
    port === 0 ? "local" : routing.internet(tid, "udp", host, port);

  /** Sends to whom the program names. */
  const send = async (call: HookCall<"sendto"> | HookCall<"sendmsg">): Promise<Outcome> => {
    const { address } = call;
    const socket = socketOf(call);
    const to = internetOf(address);
    if (socket === undefined || address === undefined || to === undefined) return undefined;
    const route = routeTo(call.tid, address);
    if (route !== "remote") return route === "local" ? undefined : route;
    // Connected, and to be sent elsewhere: rare, and then it goes there from a socket that is not.
    const relay = await socket.reach(to);
    if (typeof relay === "number") return relay;
    const result = await call.proceed({ address: addressOf(relay, address) });
    await relay.meet(); // now the program's socket has a port
    return result;
  };

  /** @param at where the program wants the address, and its length */
  const receive = async (
    call: HookCall<"recvfrom"> | HookCall<"recvmsg">,
    at: Pointer,
    length: Pointer,
  ): Promise<Outcome> => {
    const socket = known(call);
    if (socket === undefined) return undefined;
    const room = roomAt(length);
    const result = await call.proceed();
    const peer = result === null || result < 0 ? undefined : socket.peerAt(call.address?.port ?? 0);
    if (peer !== undefined) give(at, length, peer, room);
    return result;
  };

  const connect = async (call: HookCall<"connect">): Promise<Outcome> => {
    const { address } = call;
    const to = internetOf(address);
    const route = address === undefined || to === undefined ? "local" : routeTo(call.tid, address);
    if (typeof route === "number") return route;
    if (address === undefined || to === undefined || route === "local") {
      if (address !== undefined && (to !== undefined || address.family === familyName(AF_UNSPEC)))
        known(call)?.disconnect();
      return undefined;
    }
    const socket = socketOf(call);
    const relay = await socket?.connect(to);
    if (relay === undefined || typeof relay === "number") return relay;
    call.process.descriptors.mark(call.fd);
    const result = await call.proceed({ address: addressOf(relay, address) });
    if (result === 0) await relay.meet();
    return result;
  };

  return {
    socket(call) {
      const { family, type } = call.args;
      const isDatagram = (type & SOCK_TYPE_MASK) === SOCK_DGRAM;
      return isDatagram && (family === AF_INET || family === AF_INET6) ? markNew(call) : undefined;
    },
    async bind(call) {
      const address = internetOf(call.address);
      if (address === undefined || datagramKind(call) === undefined) return undefined;
      const result = await call.proceed();
      const failed = await bindThere(network, address, result);
      if (failed !== 0) return failed;
      const socket = socketOf(call);
      if (socket !== undefined) socket.bound = address;
      if (result !== 0) return 0;
      const usockaddr = call.lend(28);
      const size = call.lend(Uint8Array.of(28, 0, 0, 0));
      await call.run("getsockname", { fd: call.fd, usockaddr, usockaddr_len: size });
      routing.listeners.add(call.process.descriptors.get(call.fd), socketAddress(usockaddr.read(28)).port ?? 0);
      return 0;
    },
    connect: (call) => (datagramKind(call) === undefined ? undefined : connect(call)),
    getsockname(call) {
      const local = known(call)?.local;
      return local && give(call.args.usockaddr, call.args.usockaddr_len, local);
    },
    getpeername(call) {
      const remote = known(call)?.remote;
      return remote && give(call.args.usockaddr, call.args.usockaddr_len, remote);
    },
    sendto: onMarked((call) => (call.address === undefined ? undefined : send(call))),
    sendmsg: onMarked((call) => (call.address === undefined ? undefined : send(call))),
    recvfrom: onMarked((call) => {
      const { addr, addr_len } = call.args;
      return addr.isNull ? undefined : receive(call, addr, addr_len);
    }),
    recvmsg: onMarked((call) => {
      const name = call.args.msg.read(8);
      const at = call.at(name.length < 8 ? 0n : BigInt(u64(name, 0)));
      return at.isNull ? undefined : receive(call, at, call.args.msg.plus(MSG_NAMELEN));
    }),
    sendmmsg: onMarked(sendMany),
    recvmmsg: onMarked(receiveMany),
  };

  /** sendmmsg(2): message by message. */
  async function sendMany(call: HookCall<"sendmmsg">): Promise<Outcome> {
    const { msg, vlen, flags } = call.args;
    const socket = known(call) ?? socketOf(call);
    const header = (index: number): Buffer => Buffer.from(msg.plus(index * MMSGHDR).read(MSGHDR));
    const address = (of: Buffer): SocketAddress | undefined => {
      const at = of.length < MSGHDR ? 0n : of.readBigUInt64LE(0);
      return at === 0n ? undefined : socketAddress(call.at(at).read(Math.min(of.readUInt32LE(8), 28)));
    };
    const headers = Array.from({ length: Math.min(vlen, UIO_MAXIOV) }, (_, index) => header(index));
    if (socket === undefined || headers.every((each) => address(each) === undefined)) return undefined;
    for (const [index, each] of headers.entries()) {
      const to = address(each);
      const internet = internetOf(to);
      const route = to === undefined || internet === undefined ? "local" : routeTo(call.tid, to);
      if (typeof route === "number") return index || route;
      let relay: Relay | undefined;
      if (to !== undefined && internet !== undefined && route === "remote") {
        const reached = await socket.reach(internet);
        if (typeof reached === "number") return index || reached;
        relay = reached;
        const name = addressBytes(addressOf(relay, to));
        each.writeBigUInt64LE(call.lend(name).address, 0);
        each.writeUInt32LE(name.length, 8);
      }
      const sent = await call.run("sendmsg", { fd: call.fd, msg: each, flags });
      if (sent === null || sent < 0) return index || sent;
      await relay?.meet();
      msg.plus(index * MMSGHDR + MSGHDR).write(u32Bytes(sent));
    }
    return headers.length;
  }

  /** recvmmsg(2): the kernel's, and then who they are from. */
  async function receiveMany(call: HookCall<"recvmmsg">): Promise<Outcome> {
    const socket = known(call);
    if (socket === undefined) return undefined;
    const { msg, vlen } = call.args;
    const before = Buffer.from(msg.read(Math.min(vlen, UIO_MAXIOV) * MMSGHDR));
    const count = await call.proceed();
    for (let at = 0; at < (count ?? 0) * MMSGHDR && at + MMSGHDR <= before.length; at += MMSGHDR) {
      const name = before.readBigUInt64LE(at);
      if (name === 0n) continue;
      const found = socketAddress(call.at(name).read(Math.min(u32(msg.plus(at + 8).read(4), 0), 28)));
      const peer = socket.peerAt(found.port ?? 0);
      if (peer !== undefined) give(call.at(name), msg.plus(at + 8), peer, before.readUInt32LE(at + 8));
    }
    return count;
  }
}

/** Every call on it is asked about. */
async function markNew(call: HookCall<"socket">): Promise<Outcome> {
  const { descriptors } = call.process;
  const fd = await call.proceed();
  if (fd !== null && fd >= 0) descriptors.mark(fd);
  return fd;
}

/** struct mmsghdr, struct user_msghdr (include/linux/socket.h), include/uapi/linux/uio.h */
const MMSGHDR = 64;
const MSGHDR = 56;
const UIO_MAXIOV = 1024;
const MSG_NAMELEN = 8;

const familyName = (family: number): string => (family === AF_UNSPEC ? "AF_UNSPEC" : String(family));

/** As an address of the family that the program uses. */
const addressOf = ({ host, port }: Relay, { family }: SocketAddress): { host: string; port: number } => ({
  host: family === "AF_INET6" && !host.includes(":") ? `::ffff:${host}` : host,
  port,
});

function u32Bytes(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
