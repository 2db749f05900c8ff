/** The network that a program is in: hooks by which what it connects to is connected to in a target. */
import { defineHooks, type HookSet } from "../../hooks/define.ts";
import { datagramCalls } from "./datagram-calls.ts";
import { OwnListeners } from "./own-listeners.ts";
import { type NetworkOptions, streamCalls } from "./stream-calls.ts";

/** Behind the user's own hooks. */
export function networkHooks(options: NetworkOptions): readonly HookSet[] {
  const listeners = new OwnListeners();
  return [defineHooks(streamCalls(options, listeners)), defineHooks(datagramCalls(options, listeners))];
}
