/** What `import … from "elsewhere"` gives. */
export {
  defineConfig,
  type ElsewhereConfig,
  type EnvironmentConfig,
  type FileRuleConfig,
  type FilesConfig,
  type NetworkConfig,
  type OutgoingConfig,
  type OutgoingRuleConfig,
  type UserAndGroup,
} from "./config/config.ts";
export { ElsewhereError, type ErrorCode, type ErrorDetails, exitCodes } from "./errors.ts";
export type { NewAddress, SocketAddress } from "./hooks/address.ts";
export type { CallBuffer } from "./hooks/buffer.ts";
export { defineHooks, type HookSet, type HookSetOptions, onMarked } from "./hooks/define.ts";
export type { HookFailure } from "./hooks/failure.ts";
export type { CallTypes, ErrnoName } from "./hooks/generated/calls.ts";
export { type HookedProgram, launch, type LaunchOptions } from "./hooks/launch.ts";
export { connect, type ConnectOptions, type EmbeddedTarget } from "./run/connect.ts";
export type { LaunchInTargetOptions, ProgramInTarget, RemoteTarget } from "./run/connected-target.ts";
export type { RunReport } from "./run/in-target.ts";
export type { SessionEvent } from "./session/session.ts";
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
export { type Fault, type FaultRule, faults, type FaultsOptions } from "./sets/faults.ts";
export { type Delay, latency, type LatencyOptions, type LatencyRule } from "./sets/latency.ts";
export type { PathPattern } from "./sets/path-patterns.ts";
export { record, type RecordOptions } from "./sets/record.ts";
export type { Difference } from "./sets/recording/differences.ts";
export { replay, type ReplayOptions } from "./sets/replay.ts";
export { type Denial, sandbox, type SandboxOptions } from "./sets/sandbox.ts";
export type { PolicyName } from "./sets/sandbox/policy.ts";
export type { Target } from "./sets/target.ts";
