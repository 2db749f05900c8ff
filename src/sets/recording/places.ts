/**
 * The places that a call names, as a recording calls them: absolute, without symbolic links, the process's own part of
 * /proc as /proc/self. The walk is the kernel's (model/resolve.ts) over a tree that is the disk while a run is recorded, and
 * what was recorded while it is replayed.
 */
import { readlinkSync } from "node:fs";
import { posix } from "node:path";
import { callPaths, lookedUp } from "../../hooks/call-paths.ts";
import type { AnyCall } from "../../hooks/types.ts";
import { resolvePath, type Tree } from "../../model/resolve.ts";
import { AT_FDCWD } from "../../process/paths.ts";
import { isNoFile } from "../real-path.ts";

export interface NamedPlace {
  /** The argument, as `proceed` takes it. */
  readonly argument: string;
  /** Where it leads; what does not exist yet has a place, too. Undefined where the way there ends before: see `errno`. */
  readonly path: string | undefined;
  /** Why there is no such file, positive. */
  readonly errno: number | undefined;
  /** Absolute, links and all. */
  readonly whole: string;
  /** A slash stands behind it. */
  readonly slash: boolean;
}

/** Devices, descriptors, and what else says something of this very process: neither recorded nor replayed. */
const live =
  /^\/(?:dev(?!\/shm(?:\/|$))|proc\/(?:self|thread-self|\d+)\/(?:fd|fdinfo|exe|cwd|root|task|ns|map_files|mem|pagemap)|proc\/\d+)(?:\/|$)/;

/** Whether the file is this machine's and this process's, whatever was recorded. */
export const isLive = (path: string, program: string): boolean => path === program || live.test(path);

/** A path with this process's own number as /proc/self. */
export function asSelf(path: string, pid: number): string {
  const own = `/proc/${pid}`;
  return path === own || path.startsWith(`${own}/`) ? `/proc/self${path.slice(own.length)}` : path;
}

/** As this process, which is another, has to call it. */
export function fromOutside(path: string, pid: number, tid: number): string {
  return path
    .replace(/^\/proc\/self(?=\/|$)/, `/proc/${pid}`)
    .replace(/^\/proc\/thread-self(?=\/|$)/, `/proc/${pid}/task/${tid}`);
}

/**
 * What relative paths are relative to: the working directory, or a descriptor's.
 * @returns undefined where that is no directory with a path
 */
export function folderOf(tid: number, dirfd: number): string | undefined {
  try {
    const text = readlinkSync(`/proc/${tid}/${dirfd === AT_FDCWD ? "cwd" : `fd/${dirfd}`}`);
    return isNoFile(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

/**
 * @param tree asked about every name on the way
 * @param base what {@link folderOf} says, as the program calls it
 */
export function placesOf(call: AnyCall, tree: Tree, base: (dirfd: number) => string | undefined): NamedPlace[] {
  return callPaths(call).flatMap((named): NamedPlace[] => {
    const { argument, dirfd, follow } = named;
    const path = lookedUp(named);
    if (path === "") return [];
    const folder = path.startsWith("/") ? "/" : base(dirfd);
    if (folder === undefined) return []; // EBADF, ENOTDIR: the kernel says it
    const slash = path.endsWith("/") && !/^\/+$/.test(path);
    const whole = asSelf(posix.join(folder, path), call.process.pid);
    if (isLive(whole, call.process.program)) return [{ argument, path: whole, errno: undefined, whole, slash }];
    const found = resolvePath(tree, { path: folder, kind: "directory" }, asSelf(path, call.process.pid), { follow });
    return [{ argument, path: found.path, errno: found.errno, whole, slash }];
  });
}
