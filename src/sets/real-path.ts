/**
 * Where a path of a hooked program really leads, as this machine names files: the kernel's walk from the program's own root and
 * working directory. Of what does not exist yet it is the real path of the nearest folder that does, and the rest.
 */
import { readlinkSync } from "node:fs";
import { posix } from "node:path";
import { type CallPath, lookedUp } from "../hooks/call-paths.ts";
import type { AnyCall } from "../hooks/types.ts";
import { LocalTree, type LocalTreeOptions } from "../model/local-tree.ts";
import { resolveFlags, resolvePath } from "../model/resolve.ts";
import { AT_FDCWD } from "../process/paths.ts";

/** What /proc/TID/fd/N says of no file: "pipe:[81]", "socket:[82]", "anon_inode:[eventpoll]", "/memfd:x (deleted)". */
export const isNoFile = (target: string): boolean => !target.startsWith("/") || /^\/memfd:.* \(deleted\)$/.test(target);

/** A thread of the program, as its files are found. */
export type Thread = Omit<LocalTreeOptions, "names">;

export const threadOf = ({ tid, process: { pid, program } }: AnyCall): Thread => ({
  tid,
  pid,
  programOf: (each) => (each === pid ? program : undefined),
});

/** A path that is no call's argument: links are followed, relative ones begin at the working directory. */
export const plainPath = (path: string): CallPath => ({
  argument: "",
  dirfd: AT_FDCWD,
  path,
  follow: true,
  isName: false,
  emptyPath: false,
  directory: false,
  resolve: 0,
});

/**
 * @returns undefined where that cannot be told: the thread or the descriptor is gone, the links go in circles, a name
 *   is not UTF-8
 */
export function realPath(thread: Thread, named: CallPath): string | undefined {
  const tree = new LocalTree({ ...thread, names: "machine" });
  if (!tree.knowsRoot) return undefined;
  const path = lookedUp(named);
  const resolve = named.resolve & resolveFlags.inRoot;
  const isAbsolute = path.startsWith("/") && resolve === 0;
  const base = isAbsolute ? ({ path: tree.root, kind: "directory" } as const) : tree.baseOf(named.dirfd);
  if (typeof base === "number") return undefined;
  const found = resolvePath(tree, base, path, { follow: named.follow, emptyPath: true, resolve });
  if (found.errno === undefined) return asText(found.path);
  if (found.reached === undefined || found.rest === undefined) return undefined;
  const root = resolve === 0 ? tree.root : base.path;
  return asText(found.reached + found.rest) && withRest(root, found.reached, found.rest);
}

/** U+FFFD stands for what is not UTF-8: another name than the one that the kernel sees. */
const asText = (path: string): string | undefined => (path.includes("\uFFFD") ? undefined : path);

/** The names of `rest` below `at`, whatever is there. */
function withRest(root: string, at: string, rest: string): string {
  let path = at;
  for (const name of rest.split("/"))
    if (name !== ".." || path !== root) path = name === ".." ? posix.dirname(path) : posix.join(path, name || ".");
  return path;
}

/** What an open descriptor stands for: a path, or "socket:[1234]" and the like. */
export function descriptorTarget(tid: number, fd: number): string | undefined {
  try {
    return readlinkSync(`/proc/${tid}/fd/${fd}`);
  } catch {
    return undefined;
  }
}
