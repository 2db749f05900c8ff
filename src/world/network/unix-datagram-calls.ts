/**
 * Unix datagram sockets that send to the target: logs, statistics, what a service manager is told. Each datagram is a call
 * there, so the program hears at once what came of it. What is sent to the socket itself comes from here.
 */
import type { SocketAddress } from "../../hooks/address.ts";
import { onMarked } from "../../hooks/define.ts";
import type { HookCall, Hooks, OpenedFile, Outcome } from "../../hooks/types.ts";
import type { RemoteUnixDatagrams } from "../../session/remote-unix-datagrams.ts";
import { limits } from "../../wire/limits.ts";
import { error } from "../errors.ts";
import { endpointBytes, give } from "./addresses.ts";
import { flagsOf, isNonBlocking } from "./converting.ts";
import { unixDestination } from "./destination.ts";
import type { Routing } from "./routing.ts";
import { isUnixDatagram, type OnSocket, socketKind } from "./socket-kind.ts";

/** include/linux/socket.h, include/linux/net.h */
const MSG_DONTWAIT = 0x40;
const SOCK_TYPE_MASK = 0xf;

/** sun_path of whom the socket is connected to in the target. */
const peer = Symbol("unix datagram peer");
const peerOf = ({ fd, process }: OnSocket): Uint8Array | undefined =>
  process.descriptors.get(fd)?.data.get(peer) as Uint8Array | undefined;

type Sending = HookCall<"sendto"> | HookCall<"sendmsg"> | HookCall<"write"> | HookCall<"writev">;

export function unixDatagramCalls(datagrams: RemoteUnixDatagrams, routing: Routing): Hooks {
  const isOurs = (call: OnSocket): boolean => isUnixDatagram(socketKind(call));

  /** @returns undefined where the kernel is to send it */
  const send = (call: Sending, address: SocketAddress | undefined, flags: number): Outcome | Promise<Outcome> => {
    if (!isOurs(call)) return undefined;
    const to = address === undefined ? peerOf(call) : unixDestination(call, address.bytes, routing);
    if (to === undefined || typeof to === "number") return to;
    const data = call.buffer.read();
    if (data.length < call.buffer.length) return error("EFAULT");
    if (data.length > limits.dataBytes) return error("EMSGSIZE");
    const waits = (flags & MSG_DONTWAIT) === 0 && !isNonBlocking(flagsOf(call.tid, call.fd));
    const sent = datagrams.send(to instanceof Uint8Array ? to : to.value, data, waits, call.signal);
    return sent.then((result) => (result < 0 ? result : data.length));
  };

  return {
    async socket(call) {
      const { family, type } = call.args;
      if (!isUnixDatagram({ family, type: type & SOCK_TYPE_MASK })) return undefined;
      const { descriptors } = call.process;
      const fd = await call.proceed();
      if (fd !== null && fd >= 0) descriptors.mark(fd);
      return fd;
    },
    connect(call) {
      const file = call.process.descriptors.get(call.fd);
      const { address } = call;
      if (file === undefined || address === undefined || !isOurs(call)) return undefined;
      const to = unixDestination(call, address.bytes, routing);
      if (typeof to === "number") return to;
      if (to === undefined) {
        file.data.delete(peer);
        return undefined;
      }
      return connect(call, file, to.value);
    },
    getpeername(call) {
      const value = peerOf(call);
      if (value === undefined) return undefined;
      const name = endpointBytes({ kind: { case: "unix", value } } as Parameters<typeof endpointBytes>[0]);
      return give(call.args.usockaddr, call.args.usockaddr_len, name);
    },
    sendto: onMarked((call) => send(call, call.address, call.args.flags)),
    sendmsg: onMarked((call) => send(call, call.address, call.args.flags)),
    write: onMarked((call) => send(call, undefined, 0)),
    writev: onMarked((call) => send(call, undefined, 0)),
  };

  async function connect(call: HookCall<"connect">, file: OpenedFile, to: Uint8Array): Promise<Outcome> {
    const failed = await datagrams.probe(to, call.signal);
    if (failed < 0) return failed;
    call.process.descriptors.mark(call.fd);
    file.data.set(peer, to);
    return 0;
  }
}
