/** Calls on stream sockets of the Internet that the program connects: those to the target are made there. */
import { ADDRESS_MAX } from "../../hooks/address.ts";
import { onMarked } from "../../hooks/define.ts";
import { i32 } from "../../linux/scalar.ts";
import { beU16 } from "../../linux/inet.ts";
import type { HookCall, Hooks, Outcome } from "../../hooks/types.ts";
import type { ConnectOptions, RemoteConnection, RemoteNetwork } from "../../session/remote-network.ts";
import type { RemoteUnixDatagrams } from "../../session/remote-unix-datagrams.ts";
import { flowCode } from "../../wire/flow.ts";
import { error } from "../errors.ts";
import { give, hostOf, internetOf, type NewInternet, roomAt } from "./addresses.ts";
import { convert, flagsOf, isNonBlocking, O_CLOEXEC, SOCK_STREAM } from "./converting.ts";
import { bindThere } from "./binding.ts";
import { destinationOf, nameOf, type RemoteEndpoint } from "./destination.ts";
import { close, duplicate, getOption, setOption, take } from "./own-sockets.ts";
import type { Questions } from "./questions.ts";
import { QuestionsStream } from "./questions-stream.ts";
import { DNS_PORT, type Routing, type RoutingOptions } from "./routing.ts";
import { keepRegistered, register } from "./registrations.ts";
import { type Keeping, RemoteSocket } from "./remote-socket.ts";
import { isInternetStream, isStreamFor, isUnixStream, kindOf, socketKind } from "./socket-kind.ts";

export interface NetworkOptions extends RoutingOptions {
  readonly network: RemoteNetwork;
  /** Without them Unix datagrams are sent here. */
  readonly unixDatagrams?: RemoteUnixDatagrams | undefined;
  /** How long what a closed socket has written may take to arrive, milliseconds. @default 60,000 */
  readonly orphanMs?: number;
}

/** What the hooks of one program know together. */
export interface Sockets extends Keeping {
  readonly routing: Routing;
  readonly questions: Questions;
}

/** include/uapi/asm-generic/socket.h */
const SOL_SOCKET = 1;
const SO_ERROR = 4;
/** What a Unix socket heeds as well, and the data that goes through it with it. */
const SHARED = new Set([7, 8, 16, 18, 20, 21, 42, 66, 67]);

const EFAULT = -14;
const EINVAL = -22;

/** SO_ERROR of a socket that has none. */
const NO_ERROR = new Uint8Array(4);

const bound = Symbol("bound address");

const remoteOf = (call: { readonly fd: number; readonly process: HookCall<"connect">["process"] }) =>
  RemoteSocket.of(call.process.descriptors.get(call.fd));

export function streamCalls(network: RemoteNetwork, sockets: Sockets): Hooks {
  const { routing, questions } = sockets;
  /** Who asks for names by TCP is listened to. */
  const connectTo = async (to: RemoteEndpoint, options: ConnectOptions): Promise<RemoteConnection | number> => {
    const made = await network.connect(to, options);
    if (typeof made === "number" || to.kind?.case !== "internet" || to.kind.value.port !== DNS_PORT) return made;
    const server = { protocol: "tcp", address: hostOf(to.kind.value) } as const;
    return { ...made, stream: new QuestionsStream(made.stream, questions, server) };
  };
  const connect = (call: HookCall<"connect">): Outcome | Promise<Outcome> => {
    const file = call.process.descriptors.get(call.fd);
    const known = RemoteSocket.of(file);
    if (known !== undefined && (known.state !== "failed" || known.hasNews)) return again(known);
    const kind = known === undefined ? socketKind(call) : kindOf(known.original);
    const to = destinationOf(call, routing, kind);
    if (to === undefined || typeof to === "number") return to;
    return begin(call, to, known, file?.data.get(bound) as NewInternet | undefined);
  };

  const begin = async (
    call: HookCall<"connect">,
    to: RemoteEndpoint,
    before: RemoteSocket | undefined,
    from: NewInternet | undefined,
  ): Promise<Outcome> => {
    const { fd, tid } = call;
    const { pid, descriptors } = call.process;
    const flags = flagsOf(tid, fd);
    const file = descriptors.get(fd);
    // Unix sockets are never under way: connecting says at once what comes of it (net/unix/af_unix.c, unix_stream_connect).
    const isWaiting = !isNonBlocking(flags) || to.kind?.case === "unix";
    // A descriptor that waits becomes ours when there is something to wait for no longer: until then it is as it was.
    const early = isWaiting ? await connectTo(to, { from, signal: call.signal }) : undefined;
    if (typeof early === "number") return early;
    const original = before === undefined ? take({ pid, tid }, fd) : duplicate(before.original);
    if (original < 0) return original;
    const copies = descriptors.copies(fd);
    const end = await keepRegistered(call, file, () =>
      convert(call, { fd, flags, type: SOCK_STREAM, isReady: isWaiting }),
    );
    if (end === null || typeof end === "number") {
      close(original);
      early?.stream.close(flowCode.cancelled);
      return end;
    }
    // dup(2) before it: the kernel would have connected them all.
    for (const newfd of copies) await call.run("dup3", { oldfd: fd, newfd, flags: flagsOf(tid, newfd) & O_CLOEXEC });
    const socket = new RemoteSocket(original, { pid, fd }, isWaiting);
    socket.mark = descriptors.marker(fd);
    socket.belongTo(descriptors.get(fd), end, sockets);
    if (early !== undefined) {
      socket.decide(early);
      return 0;
    }
    void connectTo(to, { from, signal: socket.signal }).then((outcome) => socket.decide(outcome));
    return error("EINPROGRESS");
  };

  return {
    socket(call) {
      void call.process.descriptors; // from now on it is known what is made of it by dup(2)
    },
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
      routing.listeners.add(file, isUnixStream(kind) ? nameOf(name) : beU16(name, 2));
      return 0;
    },
    epoll_ctl(call) {
      const { fd } = call.args;
      const file = call.process.descriptors.get(fd);
      const kind = file && socketKind({ fd, process: call.process });
      if (file && (isInternetStream(kind) || isUnixStream(kind))) register(call, file);
      return undefined;
    },
    getsockname(call) {
      const local = remoteOf(call)?.local;
      if (local === undefined || typeof local === "number") return local;
      return give(call.args.usockaddr, call.args.usockaddr_len, local);
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
    write: onMarked(afterReset),
    writev: onMarked(afterReset),
    sendto: onMarked(afterReset),
    sendmsg: onMarked(afterReset),
    read: onMarked(ofFailed),
    readv: onMarked(ofFailed),
    recvfrom: onMarked(ofFailed),
    recvmsg: onMarked(ofFailed),
  };
}

/**
 * Reading where no connection came about (net/ipv4/tcp.c, tcp_recvmsg_locked): the error, once, then an end, for the
 * socket is shut down; connecting once more disconnects it, and then it is ENOTCONN.
 */
function ofFailed(call: HookCall<"read"> | HookCall<"readv"> | HookCall<"recvfrom"> | HookCall<"recvmsg">): Outcome {
  const socket = remoteOf(call);
  if (socket?.state !== "failed") return undefined;
  return socket.takeError() || (socket.hasNews ? 0 : error("ENOTCONN"));
}

/**
 * Writing to a connection that was reset: the first who reads or writes is told (net/ipv4/tcp.c, tcp_sendmsg_locked: the
 * socket's error goes before EPIPE); a Unix socket has that error for readers only.
 */
async function afterReset(
  call: HookCall<"write"> | HookCall<"writev"> | HookCall<"sendto"> | HookCall<"sendmsg">,
): Promise<Outcome> {
  const { fd } = call;
  const socket = remoteOf(call);
  if (socket === undefined) return undefined;
  if (socket.state === "failed") return socket.takeError() || undefined; // then EPIPE, by the kernel, with its signal
  const optval = call.lend(4);
  const optlen = call.lend(Uint8Array.of(4, 0, 0, 0));
  const asked = await call.run("getsockopt", { fd, level: SOL_SOCKET, optname: SO_ERROR, optval, optlen });
  const found = asked === 0 ? i32(optval.read(4), 0) : 0;
  return found === 0 ? undefined : -found;
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
function askOption(call: HookCall<"getsockopt">, socket: RemoteSocket): Outcome | Promise<Outcome> {
  const { level, optname, optval, optlen } = call.args;
  if (level === SOL_SOCKET && optname === SO_ERROR) {
    if (!socket.isJoined || roomAt(optlen) < NO_ERROR.length) return askError(call, socket);
    return give(optval, optlen, NO_ERROR);
  }
  if (level === SOL_SOCKET && SHARED.has(optname)) return undefined;
  const room = roomAt(optlen);
  if (room > 0xffff) return EINVAL;
  const value = getOption(socket.original, level, optname, room);
  return typeof value === "number" ? value : give(optval, optlen, value, room);
}

async function askError(call: HookCall<"getsockopt">, socket: RemoteSocket): Promise<Outcome> {
  const { optval } = call.args;
  const result = await call.proceed(); // takes what the Unix socket has of its own
  if (result !== 0) return result;
  const value = Buffer.alloc(4);
  value.writeInt32LE(-socket.takeError());
  return optval.write(value) < 0 ? EFAULT : 0;
}

function changeOption(call: HookCall<"setsockopt">, { original }: RemoteSocket): Outcome {
  const { level, optname, optval, optlen } = call.args;
  if (level === SOL_SOCKET && SHARED.has(optname)) return undefined;
  const value = optval.read(Math.max(0, Math.min(optlen, 0xffff)));
  return value.length < optlen ? EFAULT : setOption(original, level, optname, value);
}
