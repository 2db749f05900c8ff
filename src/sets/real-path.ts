/**
 * Where a path of a hooked program really leads: symbolic links and `..` are followed as the
 * kernel does it (Documentation/filesystems/path-lookup.rst), from the program's own root and
 * working directory. Of what does not exist yet it is the real path of the nearest folder that
 * does, and the rest.
 *
 * `/proc/self` is the program's, and links below /proc/PID/fd lead to what their text names.
 */
import { lstatSync, readlinkSync } from "node:fs";
import type { AnyCall } from "../hooks/types.ts";

/** include/uapi/linux/fcntl.h */
export const AT_FDCWD = -100;
/** MAXSYMLINKS (include/linux/namei.h) */
const MAX_LINKS = 40;

/** What /proc/TID/fd/N says of no file: "pipe:[81]", "socket:[82]", "anon_inode:[eventpoll]", "/memfd:x (deleted)". */
export const isNoFile = (target: string): boolean => !target.startsWith("/") || /^\/memfd:.* \(deleted\)$/.test(target);

/** A thread of the program; both numbers are alike in its first one. */
export interface Caller {
  readonly tid: number;
  readonly pid: number;
  /** What /proc/PID/exe should say: the link would tell the patched copy. */
  readonly program?: string;
}

export const callerOf = ({ tid, process }: AnyCall): Caller => ({ tid, pid: process.pid, program: process.program });

/**
 * @param dirfd  what relative ones are relative to; AT_FDCWD is the working directory
 * @param follow whether a link that the whole path names is followed
 * @param inRoot whether `dirfd` is the root (RESOLVE_IN_ROOT of openat2)
 * @returns undefined where that cannot be told: the thread or the descriptor is gone, the links go in circles, a name
 *   is not UTF-8
 */
export function realPath(
  caller: Caller,
  dirfd: number,
  path: string,
  follow: boolean,
  inRoot: boolean = false,
): string | undefined {
  const { tid } = caller;
  const folder = (link: string): string => readlinkSync(`/proc/${tid}/${link}`).replace(/\/$/, "");
  try {
    const base = path.startsWith("/") && !inRoot ? "" : folder(dirfd === AT_FDCWD ? "cwd" : `fd/${dirfd}`);
    const root = inRoot ? base : folder("root");
    const real = walk(caller, root, path.startsWith("/") ? root : base, path, follow);
    return real?.includes(notText) === true ? undefined : real;
  } catch {
    return undefined;
  }
}

/** U+FFFD stands for what is not UTF-8: another name than the one that the kernel sees. */
const notText = "\uFFFD";

/** What an open descriptor stands for: a path, or "socket:[1234]" and the like. */
export function descriptorTarget(tid: number, fd: number): string | undefined {
  try {
    return readlinkSync(`/proc/${tid}/fd/${fd}`);
  } catch {
    return undefined;
  }
}

/** `root` and `base` have no slash at their end. */
function walk(caller: Caller, root: string, base: string, path: string, follow: boolean): string | undefined {
  let at = base;
  let links = 0;
  const names = path.split("/");
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    if (name === "" || name === ".") continue;
    if (name === "..") {
      if (at !== root) at = at.slice(0, at.lastIndexOf("/"));
      continue;
    }
    const next = `${at}/${name}`;
    const target = names.length === 0 && !follow ? undefined : linkAt(caller, next);
    if (target?.includes(notText) === true || name.includes(notText)) return undefined;
    if (target === undefined) {
      at = next;
      continue;
    }
    if (++links > MAX_LINKS) return undefined;
    if (descriptorLink.test(next) && isNoFile(target)) return target;
    if (target.startsWith("/")) at = root;
    names.unshift(...target.split("/"));
  }
  return at === "" ? "/" : at;
}

const descriptorLink = /^\/proc\/\d+(?:\/task\/\d+)?\/fd\/\d+$/;

/** The text of the link at `path`; undefined where there is none. */
function linkAt({ tid, pid, program }: Caller, path: string): string | undefined {
  if (path === "/proc/self") return String(pid);
  if (path === "/proc/thread-self") return `${pid}/task/${tid}`;
  if (program !== undefined && path === `/proc/${pid}/exe`) return program;
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch {
    return undefined;
  }
}
