/** The whole table: what is said about each call's arguments, by its name. */
import type { CallFormats } from "../format.ts";
import { attributeCalls } from "./attributes.ts";
import { cloneCalls } from "./clone.ts";
import { descriptorCalls } from "./descriptors.ts";
import { eventCalls } from "./events.ts";
import { fileCalls } from "./files.ts";
import { futexCalls } from "./futex.ts";
import { identityCalls } from "./identities.ts";
import { limitCalls } from "./limits.ts";
import { memoryCalls } from "./memory.ts";
import { openingCalls } from "./opening.ts";
import { prctlCalls } from "./prctl.ts";
import { processCalls } from "./processes.ts";
import { signalCalls } from "./signals.ts";
import { socketCalls } from "./sockets.ts";
import { statusCalls } from "./status.ts";
import { systemCalls } from "./system.ts";
import { timerCalls } from "./timers.ts";

export const callFormats: CallFormats = {
  ...openingCalls,
  ...fileCalls,
  ...statusCalls,
  ...attributeCalls,
  ...descriptorCalls,
  ...memoryCalls,
  ...socketCalls,
  ...processCalls,
  ...cloneCalls,
  ...identityCalls,
  ...limitCalls,
  ...prctlCalls,
  ...signalCalls,
  ...eventCalls,
  ...futexCalls,
  ...timerCalls,
  ...systemCalls,
};
