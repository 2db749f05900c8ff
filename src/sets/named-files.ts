/** The files that a call is about: those it names, and those its descriptors are open on. */
import { callPaths, socketPath } from "../hooks/call-paths.ts";
import type { AnyCall } from "../hooks/types.ts";
import { descriptorTarget, realPath, threadOf } from "./real-path.ts";

/** A path among a call's arguments. */
export interface RealPath {
  /** As the program wrote it. */
  readonly path: string;
  /** Without links; undefined where it cannot be told. */
  readonly real: string | undefined;
}

/** All paths that the call names; with an empty one (AT_EMPTY_PATH, utimensat) the descriptor's own. */
export function namedFiles(call: AnyCall): RealPath[] {
  const thread = threadOf(call);
  return callPaths(call).map((named) => ({ path: named.path, real: realPath(thread, named) }));
}

/** The file that the call's address is, of a Unix socket with a path. */
export function socketFiles(call: AnyCall): RealPath[] {
  const named = socketPath(call);
  return named === undefined ? [] : [{ path: named.path, real: realPath(threadOf(call), named) }];
}

/** Files that the call's descriptors are open on, and what else they are: "socket:[1234]". */
export function descriptorTargets(call: AnyCall): string[] {
  return descriptorsOf(call).flatMap((fd) => descriptorTarget(call.tid, fd) ?? []);
}

/** The descriptors that a call is about, other than those of folders that paths are relative to. */
export function descriptorsOf(call: AnyCall): number[] {
  const { out_fd, in_fd, fd_out, fd_in } = call.args;
  return [
    ...new Set([call.fd, out_fd, in_fd, fd_out, fd_in].filter((fd) => typeof fd === "number" && fd >= 0)),
  ] as number[];
}
