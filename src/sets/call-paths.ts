/** The files that a call is about: those it names, and those its descriptors are open on. */
import { argumentKind } from "../hooks/parameters.ts";
import type { AnyCall, CallName } from "../hooks/types.ts";
import { callTables, type CallSignature } from "../linux/calls.ts";
import { u32 } from "../linux/scalar.ts";
import { callNames } from "./call-names.ts";
import { AT_FDCWD, callerOf, descriptorTarget, realPath } from "./real-path.ts";

/** A path among a call's arguments. */
export interface NamedPath {
  /** The argument. */
  readonly name: string;
  /** As the program wrote it. */
  readonly path: string;
  /** Without links; undefined where it cannot be told. */
  readonly real: string | undefined;
}

/** include/uapi/linux/fcntl.h */
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_SYMLINK_FOLLOW = 0x400;
/** include/uapi/linux/openat2.h */
const RESOLVE_IN_ROOT = 0x10;

/** Strings that are paths, wherever they appear. Those of symlink are what the link says: text. */
const pathNames =
  /^(?:filename|pathname|path|oldname|newname|new|from_path|to_path|specialfile|library|new_root|put_old|dir_name)$/;
const notPaths: ReadonlySet<string> = new Set(["symlinkat.oldname"]);
/** Paths called "name", which elsewhere are names of attributes and queues. */
const namedName: ReadonlySet<string> = new Set(["acct", "name_to_handle_at", "umount2"]);

/** Calls about the link itself. */
const aboutLinks =
  /^(?:lstat|lchown|readlink|readlinkat|l(?:get|set|list|remove)xattr|unlink|unlinkat|rmdir|mkdir|mkdirat|mknod|mknodat|rename|renameat|renameat2|symlink|symlinkat)$/;
/** These follow when they are told to, and only the path that is there already. */
const followsOnRequest: ReadonlySet<string> = new Set(["link", "linkat", "name_to_handle_at"]);

interface PathParameter {
  readonly name: string;
  /** The argument with the folder's descriptor. */
  readonly dirfd: string | undefined;
}

const known = new Map<string, readonly PathParameter[]>();

/** All paths that the call names; with an empty one (AT_EMPTY_PATH, utimensat) the descriptor's own. */
export function namedPaths(call: AnyCall): NamedPath[] {
  const caller = callerOf(call);
  return pathParameters(call.name).map(({ name, dirfd }) => {
    const path = textOf(call.args[name]);
    const folder = dirfd === undefined ? AT_FDCWD : Number(call.args[dirfd]);
    return { name, path, real: realPath(caller, folder, path, isFollowed(call, name), isInRoot(call)) };
  });
}

/** The file that the call's address is, of a Unix socket with a path. */
export function socketPaths(call: AnyCall): NamedPath[] {
  const path = call.address?.path ?? "";
  if (path === "" || path.startsWith("\0")) return [];
  return [{ name: "address", path, real: realPath(callerOf(call), AT_FDCWD, path, true) }];
}

/** Every call that names a path. */
export const callsWithPaths = (): CallName[] =>
  (callNames("any") ?? []).filter((name) => pathParameters(name).length > 0);

const textOf = (argument: unknown): string => (typeof argument === "string" ? argument : "");

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

function pathParameters(call: string): readonly PathParameter[] {
  let parameters = known.get(call);
  if (parameters === undefined) known.set(call, (parameters = findPaths(call)));
  return parameters;
}

function findPaths(call: string): PathParameter[] {
  const signature = Object.values(callTables)
    .map((table) => table.signature(call))
    .find((found) => found !== undefined);
  if (signature === undefined) return [];
  const { parameters } = signature;
  return parameters.flatMap(({ name, type }, position) => {
    const isPath = pathNames.test(name) || (name === "name" && namedName.has(call));
    if (!isPath || notPaths.has(`${call}.${name}`) || argumentKind(call, { name, type }) !== "string") return [];
    return [{ name, dirfd: folderOf(signature, position) }];
  });
}

function folderOf({ name: call, parameters }: CallSignature, position: number): string | undefined {
  const before = parameters[position - 1]?.name ?? "";
  return before.endsWith("dfd") || (call === "fanotify_mark" && before === "fd") ? before : undefined;
}

/** struct open_how (include/uapi/linux/openat2.h): u64 flags, mode, resolve. */
function isInRoot(call: AnyCall): boolean {
  if (!call.is("openat2")) return false;
  const how = call.args.how.read(24);
  return how.length === 24 && (u32(how, 16) & RESOLVE_IN_ROOT) !== 0;
}

function isFollowed({ name: call, args }: AnyCall, argument: string): boolean {
  const flags = Number(args["flags"] ?? args["flag"] ?? 0);
  if (argument === "newname" || aboutLinks.test(call)) return false;
  if (followsOnRequest.has(call)) return (flags & AT_SYMLINK_FOLLOW) !== 0;
  // Those that open a file have other flags; whether they follow is decided when they are there.
  return call.startsWith("open") || (flags & AT_SYMLINK_NOFOLLOW) === 0;
}
