/** Everything that needs the x86 decoder, loaded together and only when a copy is made. */
import type { Patcher } from "../machine.ts";
import { findSystemCalls, mayHoldSystemCall } from "./decode.ts";
import { jumpOver, stubFor, thunk } from "./thunk.ts";

export const patcher: Patcher = { mayHoldSystemCall, findSystemCalls, thunk, jumpOver, stubFor };
