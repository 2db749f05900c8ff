/** Stream sockets of the target: each is one HTTP/2 stream of the session. */
import type { ServerHttp2Stream } from "node:http2";
import { connect, type NetConnectOpts, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { errnoNumber } from "../linux/errno.ts";
import { answerFlow, flowCode, joinFlow } from "../wire/flow.ts";
import { Reader } from "../wire/pump.ts";
import {
  type ConnectRequest,
  type ConnectResponseSchema,
  type EndpointSchema,
  NetworkService,
} from "../wire/generated/elsewhere/v1/network_pb.ts";
import type { Connection, Kernel } from "./connection.ts";
import { flags as o } from "./constants.ts";
import { Errno, fail } from "./errno.ts";
import { hostOf, internet } from "./endpoints.ts";

/** sizeof(sun_path) */
const UNIX_PATH_MAX = 108;
const method = NetworkService.method.connect;

/** What is asked of a socket: node:net's have it, and those of a simulation. */
export type StreamSocket = Duplex &
  Pick<Socket, "connecting" | "destroySoon" | "localAddress" | "localPort" | "remoteAddress" | "remotePort"> & {
    setNoDelay(isOn: boolean): unknown;
    resetAndDestroy(): unknown;
  };

/** connect(2) of a stream socket, as node:net's `connect`: "connect" or "error" follows. */
export type ConnectSocket = (options: NetConnectOpts) => StreamSocket;

export function serveNetwork(connection: Connection, connectSocket: ConnectSocket = connect): void {
  connection.onFlow(method, (request, stream) => open(connection, connectSocket, request, stream));
}

async function open(
  connection: Connection,
  connectSocket: ConnectSocket,
  request: ConnectRequest,
  stream: ServerHttp2Stream,
): Promise<void> {
  let socket: StreamSocket;
  const reader = new Reader(stream);
  let tidy: (() => void) | undefined;
  try {
    const [options, done] = await destination(connection, request);
    tidy = done;
    socket = connectSocket({ ...options, allowHalfOpen: true, onread: reader });
  } catch (error) {
    refuse(stream, error instanceof Errno ? error.number : (errnoNumber("EINVAL") ?? 0));
    return;
  }
  stream.once("close", () => {
    if (socket.connecting) socket.destroy();
  });
  const failed = (error: NodeJS.ErrnoException): void => {
    refuse(stream, Math.abs(error.errno ?? 0) || (errnoNumber("EIO") ?? 0));
  };
  socket.once("error", failed);
  // Once connected, refused or given up: whichever is first.
  const settled = (): void => {
    tidy?.();
    tidy = undefined;
  };
  socket.once("close", settled);
  socket.once("connect", () => {
    settled();
    socket.off("error", failed);
    if (stream.destroyed) {
      socket.destroy();
      return;
    }
    socket.setNoDelay(true); // what comes in one piece has been put together at the other end
    answerFlow(stream, method, endpointsOf(connection, socket, request));
    // node:http2 may write RST_STREAM before the trailers that say that an end is meant: NO_ERROR says it as well.
    const over = (): void => {
      if (stream.rstCode === flowCode.closed) socket.destroySoon();
      else if (!socket.destroyed) reset(socket, request);
    };
    joinFlow(socket, stream, over, reader);
    stream.once("close", over);
  });
  if (stream.destroyed) socket.destroy();
}

/** A Unix socket knows no reset of its own: its peer finds one where it has written what nobody has read (unix_release_sock). */
function reset(socket: StreamSocket, { to }: ConnectRequest): void {
  if (to?.kind.case === "internet") socket.resetAndDestroy();
  else socket.destroy();
}

/** How to get there, and what is to be done when that has succeeded or failed. @throws Errno */
async function destination(
  { root, handles, kernel }: Connection,
  { to, from }: ConnectRequest,
): Promise<readonly [NetConnectOpts, (() => void)?]> {
  if (to?.kind.case === "internet") {
    const { port } = to.kind.value;
    const binding = from && { localAddress: hostOf(from), localPort: from.port };
    return [{ host: hostOf(to.kind.value), port, autoSelectFamily: false, ...binding }];
  }
  if (to?.kind.case !== "unix") return fail("EINVAL");
  const path = to.kind.value;
  // A path may be longer than a program can write it: what it wrote may have been relative.
  if (path.length === 0 || (path[0] === 0 && path.length > UNIX_PATH_MAX)) fail("EINVAL");
  // node:net takes text, and abstract names of other bytes would become others.
  if (path[0] === 0) return [{ path: Buffer.from(path).toString() }];
  const descriptor = await root.open({ path, directory: 0n } as never, handles, o.O_PATH | o.O_CLOEXEC);
  return [{ path: `/proc/self/fd/${descriptor}` }, () => kernel.makeNow("close", descriptor)];
}

function refuse(stream: ServerHttp2Stream, errno: number): void {
  if (stream.destroyed) return;
  answerFlow(stream, method, { errno });
  stream.end();
}

function endpointsOf(
  { kernel }: Connection,
  socket: StreamSocket,
  { to }: ConnectRequest,
): MessageInitShape<typeof ConnectResponseSchema> {
  if (to?.kind.case !== "internet") return { remote: { kind: { case: "unix", value: unixPeer(kernel, socket) } } };
  const { localAddress = "", localPort = 0, remoteAddress = "", remotePort = 0 } = socket;
  const endpoint = (host: string, port: number): MessageInitShape<typeof EndpointSchema> => ({
    kind: { case: "internet", value: internet(host, port) },
  });
  return { local: endpoint(localAddress, localPort), remote: endpoint(remoteAddress, remotePort) };
}

/** What the listener has bound: sun_path, which node:net does not tell. */
function unixPeer(kernel: Kernel, socket: StreamSocket): Uint8Array {
  const { _handle: handle } = socket as { readonly _handle?: { readonly fd?: number } };
  const name = Buffer.alloc(2 + UNIX_PATH_MAX);
  const length = Buffer.from(Uint32Array.of(name.length).buffer);
  if (kernel.makeNow("getpeername", handle?.fd ?? -1, name, length) < 0) return new Uint8Array(0);
  const path = name.subarray(2, Math.min(length.readUInt32LE(), name.length));
  const end = path[0] === 0 ? -1 : path.indexOf(0);
  return end < 0 ? path : path.subarray(0, end);
}
