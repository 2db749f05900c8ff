/** Datagram sockets of the target: each is one HTTP/2 stream of the session, with a message for each datagram. */
import { createSocket, type Socket } from "node:dgram";
import type { ServerHttp2Stream } from "node:http2";
import { ipv6 } from "../linux/inet.ts";
import { errnoNumber } from "../linux/errno.ts";
import { answerFlow, flowCode, readMessage, writeMessage } from "../wire/flow.ts";
import {
  type AssociateRequest,
  DatagramSchema,
  type Internet,
  NetworkService,
} from "../wire/generated/elsewhere/v1/network_pb.ts";
import type { Connection } from "./connection.ts";
import { Errno } from "./errno.ts";
import { hostOf, internet } from "./endpoints.ts";

const method = NetworkService.method.associate;
const EIO = errnoNumber("EIO") ?? 5;
const EINVAL = errnoNumber("EINVAL") ?? 22;

export function serveDatagrams(connection: Connection): void {
  connection.onFlow(method, (request, stream) => void associate(request, stream));
}

async function associate(request: AssociateRequest, stream: ServerHttp2Stream): Promise<void> {
  const socket = createSocket(request.isV6 ? "udp6" : "udp4");
  socket.on("error", () => undefined);
  stream.once("close", () => socket.close());
  try {
    await bind(socket, request);
    if (request.to !== undefined) await connect(socket, request.to);
  } catch (error) {
    if (!stream.destroyed) {
      answerFlow(stream, method, { errno: numberOf(error) });
      stream.end();
    }
    return;
  }
  if (stream.destroyed) return;
  const local = socket.address();
  const remote = request.to && socket.remoteAddress();
  answerFlow(stream, method, {
    local: internet(local.address, local.port),
    ...(remote && { remote: internet(remote.address, remote.port) }),
  });
  socket.on("error", (error) => tell(stream, { errno: numberOf(error) }));
  socket.on("message", (data, { address, port }) =>
    tell(stream, request.to === undefined ? { peer: internet(address, port), data } : { data }),
  );
  await sendAll(socket, stream, request.to !== undefined);
}

/** Datagrams that the other end has no room for are lost, as datagrams are. */
function tell(stream: ServerHttp2Stream, datagram: Parameters<typeof writeMessage<typeof DatagramSchema>>[2]): void {
  if (!stream.destroyed && !stream.writableNeedDrain) writeMessage(stream, DatagramSchema, datagram);
}

async function sendAll(socket: Socket, stream: ServerHttp2Stream, isConnected: boolean): Promise<void> {
  try {
    for (;;) {
      const { peer, data } = await readMessage(stream, DatagramSchema);
      if (!isConnected && peer === undefined) continue;
      const error = await send(socket, data, isConnected ? undefined : peer);
      if (error !== null) tell(stream, { errno: numberOf(error) });
    }
  } catch {
    stream.close(flowCode.closed);
  }
}

const send = (socket: Socket, data: Uint8Array, peer: Internet | undefined): Promise<Error | null> =>
  new Promise((resolve) => {
    if (peer === undefined) socket.send(data, resolve);
    else socket.send(data, peer.port, hostOf(peer), resolve);
  });

const bind = (socket: Socket, { from, isV6 }: AssociateRequest): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.once("error", reject);
    const address = from === undefined ? (isV6 ? ipv6(new Uint8Array(16), 0) : "0.0.0.0") : hostOf(from);
    socket.bind({ port: from?.port ?? 0, address, exclusive: true }, () => {
      socket.off("error", reject);
      resolve();
    });
  });

const connect = (socket: Socket, to: Internet): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.connect(to.port, hostOf(to), (error?: Error) => (error === undefined ? resolve() : reject(error)));
  });

function numberOf(error: unknown): number {
  if (error instanceof Errno) return error.number;
  const { errno, code } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === "ERR_SOCKET_BAD_PORT") return EINVAL;
  return Math.abs(errno ?? 0) || EIO;
}
