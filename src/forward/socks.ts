/**
 * A SOCKS 5 server (RFC 1928) whose connections begin in the target, where names are looked up as well. It asks for no
 * password: whoever can connect to it has the target's network.
 */
import type { Socket } from "node:net";
import { errnoNumber } from "../linux/errno.ts";
import type { RemoteConnection, RemoteNetwork } from "../session/remote-network.ts";
import { dial } from "./dial.ts";
import { type Complain, failureText } from "./forwarding.ts";
import { join } from "./join.ts";
import { Listener } from "./listener.ts";
import { type BoundAddress, commands, greet, readRequest, replies, reply } from "./socks-messages.ts";
import { SocksDatagrams } from "./socks-datagrams.ts";
import { describe, type PortHere, type PortThere } from "./specification.ts";

/** How long a client may take to say what it wants, milliseconds. */
const REQUEST_MS = 30_000;

/** @throws ElsewhereError `listen-failed` */
export function startSocks(network: RemoteNetwork, at: PortHere, complain: Complain): Promise<Listener> {
  return Listener.on(at, (socket) => {
    // A client that goes away in the middle is nobody's business.
    serve(network, socket, complain).catch(() => socket.destroy());
  });
}

async function serve(network: RemoteNetwork, socket: Socket, complain: Complain): Promise<void> {
  socket.setTimeout(REQUEST_MS, () => socket.destroy());
  if (!(await greet(socket))) return void socket.end();
  const { command, to } = await readRequest(socket);
  socket.setTimeout(0);
  if (to === undefined) return refuse(socket, replies.addressTypeNotSupported);
  if (command === commands.connect) return connect(network, socket, to, complain);
  if (command === commands.associate) return associate(network, socket);
  refuse(socket, replies.commandNotSupported);
}

async function connect(network: RemoteNetwork, socket: Socket, to: PortThere, complain: Complain): Promise<void> {
  const outcome = await dial(network, to);
  if (typeof outcome === "number") {
    if (socket.destroyed) return; // nobody waits for it any more
    complain(`${describe(to)}: ${failureText(-outcome)}`);
    return refuse(socket, codeOf(-outcome));
  }
  if (!socket.destroyed) socket.write(reply(replies.succeeded, boundOf(outcome)));
  join(socket, outcome);
}

/** Lasts as long as the connection that it was asked for on (section 6). */
async function associate(network: RemoteNetwork, socket: Socket): Promise<void> {
  const { localAddress = "127.0.0.1", remoteAddress = "127.0.0.1" } = socket;
  const datagrams = await SocksDatagrams.open(network, localAddress, remoteAddress);
  if (socket.destroyed) return datagrams[Symbol.dispose]();
  socket.once("close", () => datagrams[Symbol.dispose]());
  socket.once("end", () => socket.end());
  socket.resume();
  socket.write(reply(replies.succeeded, datagrams.bound));
}

function refuse(socket: Socket, code: number): void {
  socket.resume();
  socket.end(reply(code));
}

function boundOf({ local }: RemoteConnection): BoundAddress | undefined {
  return local?.kind.case === "internet" ? local.kind.value : undefined;
}

const codes = new Map<string, number>([
  ["ECONNREFUSED", replies.refused],
  ["ENETUNREACH", replies.networkUnreachable],
  ["ENETDOWN", replies.networkUnreachable],
  ["EHOSTUNREACH", replies.hostUnreachable],
  ["ENOENT", replies.hostUnreachable],
  ["EAGAIN", replies.hostUnreachable],
  ["ETIMEDOUT", replies.timedOut],
  ["EACCES", replies.notAllowed],
  ["EPERM", replies.notAllowed],
]);
const numbered = new Map([...codes].map(([name, code]) => [errnoNumber(name), code]));
const codeOf = (errno: number): number => numbered.get(errno) ?? replies.generalFailure;
