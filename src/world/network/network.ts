/** The network that a program is in: hooks by which what it connects to is connected to in a target. */
import { defineHooks, type HookSet } from "../../hooks/define.ts";
import type { RemoteInterfaces } from "../../session/remote-interfaces.ts";
import { datagramCalls } from "./datagram-calls.ts";
import { interfaceCalls } from "./interface-calls.ts";
import { Questions } from "./questions.ts";
import { Routing } from "./routing.ts";
import { type NetworkOptions, type Sockets, streamCalls } from "./stream-calls.ts";
import { unixDatagramCalls } from "./unix-datagram-calls.ts";

const ORPHAN_MS = 60_000;

/** Behind the user's own hooks, in front of the world's. */
export function networkHooks(options: NetworkOptions): readonly HookSet[] {
  const routing = new Routing(options);
  const sockets: Sockets = {
    routing,
    questions: new Questions(options.policy, routing.names, options.report),
    live: new Set(),
    orphanMs: options.orphanMs ?? ORPHAN_MS,
  };
  const { unixDatagrams } = options;
  const ended = (): void => {
    for (const socket of sockets.live) socket[Symbol.dispose]();
    sockets.live.clear();
  };
  return [
    defineHooks(streamCalls(options.network, sockets), { ended, hasWork: () => sockets.live.size > 0 }),
    defineHooks(datagramCalls(options.network, sockets)),
    ...(unixDatagrams === undefined ? [] : [defineHooks(unixDatagramCalls(unixDatagrams, sockets.routing))]),
  ];
}

/** The interfaces, addresses and routes that a program finds are the target's. Behind the user's own hooks. */
export function interfaceHooks(interfaces: RemoteInterfaces): HookSet {
  const live = new Set<Disposable>();
  const ended = (): void => {
    for (const socket of live) socket[Symbol.dispose]();
  };
  return defineHooks(interfaceCalls(interfaces, live), { ended });
}
