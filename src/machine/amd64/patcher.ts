/** Everything that needs the x86 decoder, loaded together and only when a copy is made. */
import type { Patcher } from "../machine.ts";
import { findSystemCalls, systemCallBytes } from "./decode.ts";
import { jumpOver, stubFor, thunk } from "./thunk.ts";

export const patcher: Patcher = { systemCallBytes, findSystemCalls, thunk, jumpOver, stubFor };
