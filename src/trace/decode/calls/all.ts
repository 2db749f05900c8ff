/** The whole table: what is said about each call's arguments, by its name. */
import type { CallFormats } from "../format.ts";
import { descriptorCalls } from "./descriptors.ts";
import { eventCalls } from "./events.ts";
import { fileCalls } from "./files.ts";
import { memoryCalls } from "./memory.ts";
import { processCalls } from "./processes.ts";
import { signalCalls } from "./signals.ts";
import { socketCalls } from "./sockets.ts";
import { systemCalls } from "./system.ts";

export const callFormats: CallFormats = {
  ...fileCalls,
  ...descriptorCalls,
  ...memoryCalls,
  ...socketCalls,
  ...processCalls,
  ...signalCalls,
  ...eventCalls,
  ...systemCalls,
};
