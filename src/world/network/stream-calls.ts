/** Calls on stream sockets of the Internet that the program connects: those to the target are made there. */
import type { OutgoingPolicy } from "../../config/outgoing.ts";
import type { FilePolicy } from "../../config/policy.ts";
import { ADDRESS_MAX } from "../../hooks/address.ts";
import { beU16 } from "../../linux/inet.ts";
import type { HookCall, Hooks, Outcome } from "../../hooks/types.ts";
import type { RemoteNetwork } from "../../session/remote-network.ts";
import { flowCode } from "../../wire/flow.ts";
import { error } from "../errors.ts";
import { give, internetOf, type NewInternet, roomAt } from "./addresses.ts";
import { convert, flagsOf, isNonBlocking } from "./converting.ts";
import { bindThere } from "./binding.ts";
import { destinationOf, nameOf, type RemoteEndpoint } from "./destination.ts";
import type { OwnListeners } from "./own-listeners.ts";
import { close, duplicate, getOption, setOption, take } from "./own-sockets.ts";
import { keepRegistered, register } from "./registrations.ts";
import { type Keeping, RemoteSocket } from "./remote-socket.ts";
import { isInternetStream, isStreamFor, isUnixStream, kindOf, socketKind } from "./socket-kind.ts";

export interface NetworkOptions {
  readonly network: RemoteNetwork;
  readonly policy: Pick<OutgoingPolicy, "decide">;
  /** Decides about the paths of Unix sockets; without it they are local. */
  readonly files?: Pick<FilePolicy, "decide">;
  /** How long what a closed socket has written may take to arrive, milliseconds. @default 60,000 */
  readonly orphanMs?: number;
}

/** What the hooks of one program know together. */
export interface Sockets extends Keeping {
  readonly listeners: OwnListeners;
}

/** include/uapi/asm-generic/socket.h */
const SOL_SOCKET = 1;
const SO_ERROR = 4;
/** What a Unix socket heeds as well, and the data that goes through it with it. */
const SHARED = new Set([7, 8, 16, 18, 20, 21, 42, 66, 67]);

const EFAULT = -14;
const EINVAL = -22;

const bound = Symbol("bound address");

const remoteOf = (call: { readonly fd: number; readonly process: HookCall<"connect">["process"] }) =>
  RemoteSocket.of(call.process.descriptors.get(call.fd));

export function streamCalls({ network, policy, files }: NetworkOptions, sockets: Sockets): Hooks {
  const { listeners } = sockets;
  const connect = (call: HookCall<"connect">): Outcome | Promise<Outcome> => {
    const file = call.process.descriptors.get(call.fd);
    const known = RemoteSocket.of(file);
    if (known !== undefined && (known.state !== "failed" || known.hasNews)) return again(known);
    const kind = known === undefined ? socketKind(call) : kindOf(known.original);
    const to = destinationOf(call, { policy, files, listeners }, kind);
    if (to === undefined || typeof to === "number") return to;
    return begin(call, to, known, file?.data.get(bound) as NewInternet | undefined);
  };

  const begin = async (
    call: HookCall<"connect">,
    to: RemoteEndpoint,
    before: RemoteSocket | undefined,
    from: NewInternet | undefined,
  ): Promise<Outcome> => {
    const { fd, tid, signal } = call;
    const { pid, descriptors } = call.process;
    const flags = flagsOf(tid, fd);
    const isWaiting = !isNonBlocking(flags);
    // A descriptor that waits becomes ours when there is something to wait for no longer: until then it is as it was.
    const early = isWaiting ? await network.connect(to, { from, signal }) : undefined;
    if (typeof early === "number") return early;
    const original = before === undefined ? take(pid, fd) : duplicate(before.original);
    if (original < 0) return original;
    const end = await keepRegistered(call, descriptors.get(fd), () => convert(call, flags, isWaiting));
    if (end === null || typeof end === "number") {
      close(original);
      early?.stream.close(flowCode.cancelled);
      return end;
    }
    const socket = new RemoteSocket(original, { pid, fd }, isWaiting);
    socket.belongTo(descriptors.get(fd), end, sockets);
    if (early !== undefined) {
      socket.decide(early);
      return 0;
    }
    void network.connect(to, { from, signal: socket.signal }).then((outcome) => socket.decide(outcome));
    return error("EINPROGRESS");
  };

  return {
    connect,
    async bind(call) {
      const file = call.process.descriptors.get(call.fd);
      const address = internetOf(call.address);
      if (address === undefined || !isStreamFor(call.address, socketKind(call))) return undefined;
      const result = await call.proceed();
      const failed = await bindThere(network, address, result);
      if (failed !== 0) return failed;
      file?.data.set(bound, address);
      return 0;
    },
    async listen(call) {
      const file = call.process.descriptors.get(call.fd);
      const kind = socketKind(call);
      if (!isInternetStream(kind) && !isUnixStream(kind)) return undefined;
      const result = await call.proceed();
      if (result !== 0) return result;
      const usockaddr = call.lend(ADDRESS_MAX);
      const size = call.lend(Uint8Array.of(ADDRESS_MAX, 0, 0, 0));
      await call.run("getsockname", { fd: call.fd, usockaddr, usockaddr_len: size });
      const name = usockaddr.read(Math.min(roomAt(size), ADDRESS_MAX));
      listeners.add(file, isUnixStream(kind) ? nameOf(name) : beU16(name, 2));
      return 0;
    },
    epoll_ctl(call) {
      const { fd } = call.args;
      const file = call.process.descriptors.get(fd);
      const kind = file && socketKind({ fd, process: call.process });
      return file && (isInternetStream(kind) || isUnixStream(kind)) ? register(call, file) : undefined;
    },
    getsockname(call) {
      const local = remoteOf(call)?.local;
      return local && give(call.args.usockaddr, call.args.usockaddr_len, local);
    },
    getpeername(call) {
      const remote = remoteOf(call)?.remote;
      if (remote === undefined || typeof remote === "number") return remote;
      return give(call.args.usockaddr, call.args.usockaddr_len, remote);
    },
    getsockopt(call) {
      const socket = remoteOf(call);
      return socket && askOption(call, socket);
    },
    setsockopt(call) {
      const socket = remoteOf(call);
      return socket && changeOption(call, socket);
    },
    shutdown(call) {
      const socket = remoteOf(call);
      return socket !== undefined && socket.state !== "connected" ? error("ENOTCONN") : undefined;
    },
  };
}

/**
 * connect(2) once more (net/ipv4/af_inet.c, __inet_stream_connect): it tells once what has become of it. Of an error that
 * SO_ERROR has told it knows no more than that there was one.
 */
function again(socket: RemoteSocket): number {
  if (socket.state === "connecting") return error("EALREADY");
  if (!socket.hasNews) return error("EISCONN");
  socket.hasNews = false;
  return socket.takeError() || (socket.state === "failed" ? error("ECONNABORTED") : 0);
}

/** Of the socket that the program has made. */
async function askOption(call: HookCall<"getsockopt">, socket: RemoteSocket): Promise<Outcome> {
  const { level, optname, optval, optlen } = call.args;
  if (level === SOL_SOCKET && optname === SO_ERROR) {
    const result = await call.proceed(); // takes what the Unix socket has of its own
    if (result !== 0) return result;
    const value = Buffer.alloc(4);
    value.writeInt32LE(-socket.takeError());
    return optval.write(value) < 0 ? EFAULT : 0;
  }
  if (level === SOL_SOCKET && SHARED.has(optname)) return undefined;
  const room = roomAt(optlen);
  if (room > 0xffff) return EINVAL;
  const value = getOption(socket.original, level, optname, room);
  return typeof value === "number" ? value : give(optval, optlen, value, room);
}

function changeOption(call: HookCall<"setsockopt">, { original }: RemoteSocket): Outcome {
  const { level, optname, optval, optlen } = call.args;
  if (level === SOL_SOCKET && SHARED.has(optname)) return undefined;
  const value = optval.read(Math.max(0, Math.min(optlen, 0xffff)));
  return value.length < optlen ? EFAULT : setOption(original, level, optname, value);
}
