/**
 * Paths of a hooked process, as this process can open them: through /proc/TID/root, cwd and
 * fd, so that the program's own root, working directory and descriptors count.
 */
import { readlinkSync, realpathSync } from "node:fs";
import { join } from "node:path";
import type { Process, Processes } from "./processes.ts";

/** include/uapi/linux/fcntl.h */
export const AT_FDCWD = -100;

/** A register as the kernel reads an `int`. */
export const asInt = (register: bigint): number => Number(BigInt.asIntN(32, register));

/**
 * The path that `path`, relative to `dirfd`, has for us.
 * @returns undefined where the thread or its descriptor is gone
 */
export function reachablePath(tid: number, dirfd: number, path: string): string | undefined {
  try {
    const root = readlinkSync(`/proc/${tid}/root`);
    if (path.startsWith("/")) {
      const named = asNamedBy(tid, path);
      return root === "/" ? named : join(root, named);
    }
    const base = readlinkSync(`/proc/${tid}/${dirfd === AT_FDCWD ? "cwd" : `fd/${dirfd}`}`);
    return path === "" ? base : join(base, path);
  } catch {
    return undefined;
  }
}

/** What leads to whoever asks, in the name of a thread: /proc/self, and the links of /dev that lead there. */
function asNamedBy(tid: number, path: string): string {
  const standard = /^\/dev\/std(?:(in)|(out)|err)$/.exec(path);
  if (standard !== null) return `/proc/${tid}/fd/${standard[1] ? 0 : standard[2] ? 1 : 2}`;
  return path
    .replace(/^\/dev\/fd(?=\/|$)/, `/proc/${tid}/fd`)
    .replace(/^\/proc\/self(?=\/|$)/, `/proc/${tid}`)
    .replace(/^\/proc\/thread-self(?=\/|$)/, `/proc/${tid}/task/${tid}`);
}

/** `path` with all symbolic links resolved, or undefined where it leads nowhere. */
export function resolved(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

const exeLink = /^\/proc\/(self|thread-self|\d+)(?:\/task\/\d+)?\/exe$/;

/**
 * The hooked process whose /proc/…/exe link `path` names: the link would tell the
 * patched copy, the program must see its own path.
 */
export function namedByExeLink(path: string, caller: Process, processes: Processes): Process | undefined {
  if (!path.startsWith("/proc/")) return undefined;
  const who = exeLink.exec(path)?.[1];
  if (who === undefined) return undefined;
  return who === "self" || who === "thread-self" ? caller : processes.get(Number(who));
}
