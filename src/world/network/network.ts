/** The network that a program is in: hooks by which what it connects to is connected to in a target. */
import { defineHooks, type HookSet } from "../../hooks/define.ts";
import { datagramCalls } from "./datagram-calls.ts";
import { OwnListeners } from "./own-listeners.ts";
import { type NetworkOptions, type Sockets, streamCalls } from "./stream-calls.ts";

const ORPHAN_MS = 60_000;

/** Behind the user's own hooks, in front of the world's. */
export function networkHooks(options: NetworkOptions): readonly HookSet[] {
  const sockets: Sockets = {
    listeners: new OwnListeners(),
    live: new Set(),
    orphanMs: options.orphanMs ?? ORPHAN_MS,
  };
  const ended = (): void => {
    for (const socket of sockets.live) socket[Symbol.dispose]();
    sockets.live.clear();
  };
  return [
    defineHooks(streamCalls(options, sockets), { ended, hasWork: () => sockets.live.size > 0 }),
    defineHooks(datagramCalls(options, sockets)),
  ];
}
