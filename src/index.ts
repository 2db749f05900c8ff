/** What `import … from "elsewhere"` gives. */
export { ElsewhereError, type ErrorCode, type ErrorDetails, exitCodes } from "./errors.ts";
export type { NewAddress, SocketAddress } from "./hooks/address.ts";
export type { CallBuffer } from "./hooks/buffer.ts";
export { defineHooks, type HookSet, onMarked } from "./hooks/define.ts";
export type { HookFailure } from "./hooks/failure.ts";
export type { CallTypes, ErrnoName } from "./hooks/generated/calls.ts";
export { type HookedProgram, launch, type LaunchOptions } from "./hooks/launch.ts";
export type { Place } from "./hooks/place.ts";
export type { FileKind } from "./model/open-file.ts";
export type { Pointer } from "./hooks/pointer.ts";
export type { Content } from "./hooks/sealed-file.ts";
export type { FileHandlers, Handled, ServedStat } from "./hooks/served-file.ts";
export type * from "./hooks/types.ts";
export type { VirtualContent } from "./sets/kept-file.ts";
export { virtualFiles } from "./sets/virtual-files.ts";
export type { Ending } from "./process/launch.ts";
export type * from "./trace/record.ts";
