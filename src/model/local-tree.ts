/**
 * This machine's files as one thread of a hooked process sees them: below its own root, in its
 * own mount namespace, with /proc/self meaning that process and not this one.
 *
 * What it says of permissions is what this process may see: where the program runs as somebody
 * else, EACCES may be missing.
 */
import { lstatSync, readFileSync, readlinkSync, statSync, type Stats } from "node:fs";
import { insideRoot, rootOf } from "./directory.ts";
import { readLink } from "./kernel.ts";
import type { NodeKind, Place, Tree } from "./resolve.ts";

/** Links in /proc that lead to a file itself, not to a path (fs/proc/base.c, proc_pid_get_link; fs/proc/namespaces.c). */
const magicLink = /^\/proc\/(\d+)(?:\/task\/\d+)?\/(?:cwd|root|(exe)|fd\/\d+|ns\/\w+|map_files\/[\da-f-]+)$/;

const ENOENT = 2;
const ESRCH = 3;

export interface LocalTreeOptions {
  readonly pid: number;
  readonly tid: number;
  /** What /proc/PID/exe should say of a process that runs from a patched copy. */
  readonly programOf: (pid: number) => string | undefined;
}

export class LocalTree implements Tree {
  readonly #options: LocalTreeOptions;
  /** The thread's root as this process sees it. */
  readonly #root: string;
  /** In front of its paths they are paths for this process. */
  readonly #prefix: string;
  #mounts: readonly string[] | undefined;

  constructor(options: LocalTreeOptions) {
    this.#options = options;
    this.#root = rootOf(options.tid) ?? "/";
    const isOurs = this.#root === "/" && readLink(`/proc/${options.tid}/ns/mnt`) === ourMounts();
    this.#prefix = isOurs ? "" : `/proc/${options.tid}/root`;
  }

  kindOf(path: string): NodeKind | number {
    try {
      const stats = lstatSync(this.#prefix + path, { throwIfNoEntry: false });
      return stats === undefined ? ENOENT : kindOfStats(stats);
    } catch (error) {
      return errnoOf(error);
    }
  }

  readLink(path: string): string | number {
    const { pid, tid } = this.#options;
    if (path === "/proc/self") return String(pid);
    if (path === "/proc/thread-self") return `${pid}/task/${tid}`;
    try {
      return readlinkSync(this.#prefix + path);
    } catch (error) {
      return errnoOf(error);
    }
  }

  magicTarget(path: string): Place | number | undefined {
    const match = path.startsWith("/proc/") ? magicLink.exec(path) : null;
    if (match === null) return undefined;
    const [, pid, exe] = match;
    const program = exe === undefined ? undefined : this.#options.programOf(Number(pid));
    if (program !== undefined) return { path: program, kind: "other" };
    return this.placeOf(path);
  }

  /** What a magic link leads to. */
  placeOf(link: string): Place | number {
    try {
      const stats = statSync(this.#prefix + link);
      return { path: insideRoot(readlinkSync(this.#prefix + link), this.#root), kind: kindOfStats(stats) };
    } catch (error) {
      return errnoOf(error);
    }
  }

  /** The mount that `path` is on, by where it is mounted (proc_pid_mountinfo(5), fifth field). */
  mountOf(path: string): string {
    this.#mounts ??= readMounts(this.#options.tid);
    let found = "";
    for (const mount of this.#mounts)
      if (mount.length > found.length && (path === mount || path.startsWith(mount === "/" ? "/" : `${mount}/`)))
        found = mount;
    return found;
  }
}

let mountsLink: string | undefined;
const ourMounts = (): string | undefined => (mountsLink ??= readLink("/proc/self/ns/mnt"));

const kindOfStats = (stats: Stats): NodeKind =>
  stats.isDirectory() ? "directory" : stats.isSymbolicLink() ? "symlink" : "other";

function readMounts(tid: number): string[] {
  try {
    return readFileSync(`/proc/${tid}/mountinfo`, "utf8")
      .split("\n")
      .flatMap((line) => line.split(" ")[4] ?? [])
      .map((mount) =>
        mount.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
      );
  } catch {
    return [];
  }
}

function errnoOf(error: unknown): number {
  const { errno } = error as NodeJS.ErrnoException;
  return errno === undefined ? ESRCH : Math.abs(errno);
}
