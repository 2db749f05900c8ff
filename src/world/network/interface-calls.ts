/** What the program asks the kernel about interfaces, addresses, routes and sockets: the target's kernel answers. */
import { onMarked } from "../../hooks/define.ts";
import type { HookCall, Hooks, Outcome } from "../../hooks/types.ts";
import { changingRequests, examiningRequests, IFREQ, SIOCGIFCONF } from "../../linux/netdevice.ts";
import { netlinkProtocol } from "../../linux/netlink.ts";
import { i32, u16, u32 } from "../../linux/scalar.ts";
import type { RemoteInterfaces } from "../../session/remote-interfaces.ts";
import { error } from "../errors.ts";
import { give, roomAt } from "./addresses.ts";
import { convert, flagsOf, SOCK_SEQPACKET } from "./converting.ts";
import { NetlinkSocket, netlinkAddress, type Ports } from "./netlink-socket.ts";
import { close, getOption, setOption, take } from "./own-sockets.ts";

/** include/linux/socket.h, include/uapi/linux/netlink.h */
const AF_NETLINK = 16;
const SOL_SOCKET = 1;
const SOL_NETLINK = 270;
const NETLINK_GET_STRICT_CHK = 12;
/** struct sockaddr_nl, struct user_msghdr */
const SOCKADDR_NL = 12;
const MSG_NAMELEN = 8;
/** What the Unix socket heeds: SO_SNDBUF, SO_RCVBUF, SO_RCVTIMEO, SO_SNDTIMEO and their like (socket(7)). */
const SHARED = new Set([7, 8, 18, 20, 21, 32, 33, 66, 67]);

export function interfaceCalls(interfaces: RemoteInterfaces, live: Set<Disposable>): Hooks {
  const ports: Ports = new Set();
  const known = (call: { fd: number; process: HookCall<"bind">["process"] }): NetlinkSocket | undefined =>
    NetlinkSocket.of(call.process.descriptors.get(call.fd));

  const ask = async (
    call: HookCall<"sendto"> | HookCall<"sendmsg"> | HookCall<"write">,
    socket: NetlinkSocket,
  ): Promise<Outcome> => {
    const { protocol, isStrict } = socket;
    const messages = call.buffer.read();
    if (messages.length < call.buffer.length) return error("EFAULT");
    socket.bind(0, call.process.pid);
    const answer = await interfaces.askNetlink({ protocol, messages, isStrict }, call.signal);
    if (typeof answer === "number") return answer;
    socket.give(answer);
    return messages.length;
  };

  const receive = async (
    call: HookCall<"recvfrom"> | HookCall<"recvmsg">,
    at: HookCall<"recvfrom">["args"]["addr"],
    length: HookCall<"recvfrom">["args"]["addr_len"],
  ): Promise<Outcome> => {
    if (known(call) === undefined || at.isNull) return undefined;
    const room = roomAt(length);
    const result = await call.proceed();
    if (result !== null && result >= 0) give(at, length, netlinkAddress(0, 0), room);
    return result;
  };

  return {
    async socket(call) {
      const { family, protocol } = call.args;
      const isOurs = protocol === netlinkProtocol.route || protocol === netlinkProtocol.socketDiagnosis;
      if (family !== AF_NETLINK || !isOurs) return undefined;
      const { pid, descriptors } = call.process;
      const fd = await call.proceed();
      if (fd === null || fd < 0) return fd;
      const original = take({ pid, tid: call.tid }, fd);
      if (original < 0) return fd;
      // At once: whoever polls it registers what it is to be.
      const flags = flagsOf(call.tid, fd);
      const end = await convert(call, { fd, flags, type: SOCK_SEQPACKET, isReady: true });
      if (end === null || typeof end === "number") {
        close(original);
        return fd;
      }
      new NetlinkSocket(protocol, original, end.descriptor, ports).belongTo(descriptors.get(fd), live);
      descriptors.mark(fd);
      return fd;
    },
    bind(call) {
      const socket = known(call);
      if (socket === undefined) return undefined;
      const bytes = call.address?.bytes ?? new Uint8Array(0);
      if (bytes.length < SOCKADDR_NL || u16(bytes, 0) !== AF_NETLINK) return error("EINVAL");
      const result = socket.bind(i32(bytes, 4), call.process.pid);
      if (result === 0) socket.groups = u32(bytes, 8);
      return result;
    },
    connect(call) {
      const socket = known(call);
      if (socket === undefined) return undefined;
      socket.bind(0, call.process.pid);
      return 0; // whom it sends to is the kernel all the same
    },
    getsockname(call) {
      const socket = known(call);
      return socket && give(call.args.usockaddr, call.args.usockaddr_len, socket.name);
    },
    getpeername(call) {
      const socket = known(call);
      return socket && give(call.args.usockaddr, call.args.usockaddr_len, netlinkAddress(0, 0));
    },
    getsockopt(call) {
      const { level, optname, optval, optlen } = call.args;
      const socket = level === SOL_SOCKET && SHARED.has(optname) ? undefined : known(call);
      if (socket === undefined) return undefined;
      const room = Math.min(roomAt(optlen), 0xffff);
      const value = getOption(socket.original, level, optname, room);
      return typeof value === "number" ? value : give(optval, optlen, value, room);
    },
    setsockopt(call) {
      const { level, optname, optval, optlen } = call.args;
      const socket = level === SOL_SOCKET && SHARED.has(optname) ? undefined : known(call);
      if (socket === undefined) return undefined;
      const value = optval.read(Math.max(0, Math.min(optlen, 0xffff)));
      if (value.length < optlen) return error("EFAULT");
      const result = setOption(socket.original, level, optname, value);
      if (result === 0 && level === SOL_NETLINK && optname === NETLINK_GET_STRICT_CHK)
        socket.isStrict = value.some((byte) => byte !== 0);
      return result;
    },
    sendto: onMarked((call) => {
      const socket = known(call);
      return socket && ask(call, socket);
    }),
    sendmsg: onMarked((call) => {
      const socket = known(call);
      return socket && ask(call, socket);
    }),
    write: onMarked((call) => {
      const socket = known(call);
      return socket && ask(call, socket);
    }),
    recvfrom: onMarked((call) => receive(call, call.args.addr, call.args.addr_len)),
    recvmsg: onMarked((call) => {
      const name = Buffer.from(call.args.msg.read(8));
      const at = call.at(name.length < 8 ? 0n : name.readBigUInt64LE(0));
      return receive(call, at, call.args.msg.plus(MSG_NAMELEN));
    }),
    ioctl(call) {
      const { cmd } = call.args;
      const work = cmd === SIOCGIFCONF ? configuration : examiningRequests.has(cmd) ? examine : undefined;
      if (work === undefined && !changingRequests.has(cmd)) return undefined;
      if (call.process.descriptors.get(call.fd)?.kind !== "socket") return undefined;
      return work === undefined ? error("EPERM") : work(call);
    },
  };

  async function examine(call: HookCall<"ioctl">): Promise<Outcome> {
    const at = call.at(call.args.arg);
    const structure = at.read(IFREQ);
    if (structure.length < IFREQ) return error("EFAULT");
    const answer = await interfaces.examine(call.args.cmd, structure, call.signal);
    return typeof answer === "number" ? answer : Math.min(at.write(answer), 0);
  }

  /** struct ifconf: how much room there is, and where; without a place, how much it takes (net/core/dev_ioctl.c, dev_ifconf). */
  async function configuration(call: HookCall<"ioctl">): Promise<Outcome> {
    const at = call.at(call.args.arg);
    const wanted = Buffer.from(at.read(16));
    if (wanted.length < 16) return error("EFAULT");
    const answer = await interfaces.examine(SIOCGIFCONF, new Uint8Array(0), call.signal);
    if (typeof answer === "number") return answer;
    const place = call.at(wanted.readBigUInt64LE(8));
    const room = place.isNull ? answer.length : Math.floor(wanted.readInt32LE(0) / IFREQ) * IFREQ;
    const told = answer.subarray(0, Math.max(0, room));
    if (!place.isNull && told.length > 0 && place.write(told) < 0) return error("EFAULT");
    const length = Buffer.alloc(4);
    length.writeInt32LE(told.length);
    return Math.min(at.write(length), 0);
  }
}
