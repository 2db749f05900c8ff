/**
 * This machine's files as one thread of a hooked process sees them: below its own root, in its
 * own mount namespace, with /proc/self meaning that process and not this one.
 *
 * What it says of permissions is what this process may see: where the program runs as somebody
 * else, EACCES may be missing.
 */
import { lstatSync, readFileSync, readlinkSync, statSync, type Stats } from "node:fs";
import { AT_FDCWD } from "../process/paths.ts";
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
  /**
   * Whose names paths are: the program's (below its root), or this machine's, as far as the program has the same mounts.
   * The program's where it is not given.
   */
  readonly names?: "program" | "machine";
}

export class LocalTree implements Tree {
  readonly root: string;
  /** Whether this process may know the thread's root; "/" is a guess where it may not. */
  readonly knowsRoot: boolean;
  readonly #options: LocalTreeOptions;
  /** What paths of magic links are without: the thread's root, where paths are below it. */
  readonly #above: string;
  /** In front of its paths they are paths for this process. */
  readonly #prefix: string;
  #mounts: readonly string[] | undefined;

  constructor(options: LocalTreeOptions) {
    this.#options = options;
    const root = rootOf(options.tid);
    this.knowsRoot = root !== undefined;
    const hasOurMounts = readLink(`/proc/${options.tid}/ns/mnt`) === ourMounts();
    const isOurs = hasOurMounts && (root === "/" || options.names === "machine");
    this.root = isOurs ? (root ?? "/") : "/";
    this.#above = isOurs ? "/" : (root ?? "/");
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
    const inside = insideRoot(path, this.root);
    if (inside === "/proc/self") return String(pid);
    if (inside === "/proc/thread-self") return `${pid}/task/${tid}`;
    try {
      return readlinkSync(this.#prefix + path);
    } catch (error) {
      return errnoOf(error);
    }
  }

  magicTarget(path: string): Place | number | undefined {
    const inside = insideRoot(path, this.root);
    const match = inside.startsWith("/proc/") ? magicLink.exec(inside) : null;
    if (match === null) return undefined;
    const [, pid, exe] = match;
    const program = exe === undefined ? undefined : this.#options.programOf(Number(pid));
    if (program !== undefined) return { path: program, kind: "other" };
    return this.#placeAt(this.#prefix + path);
  }

  /** What a descriptor of the thread is open on, or its working directory (AT_FDCWD); or an errno. */
  baseOf(dirfd: number): Place | number {
    const { tid } = this.#options;
    return this.#placeAt(`/proc/${tid}/${dirfd === AT_FDCWD ? "cwd" : `fd/${dirfd}`}`);
  }

  #placeAt(link: string): Place | number {
    try {
      const stats = statSync(link);
      return { path: insideRoot(readlinkSync(link), this.#above), kind: kindOfStats(stats) };
    } catch (error) {
      return errnoOf(error);
    }
  }

  /** The mount that `path` is on, by where it is mounted (proc_pid_mountinfo(5), fifth field). */
  mountOf(path: string): string {
    this.#mounts ??= readMounts(this.#options.tid);
    const inside = insideRoot(path, this.root);
    let found = "";
    for (const mount of this.#mounts)
      if (mount.length > found.length && (inside === mount || inside.startsWith(mount === "/" ? "/" : `${mount}/`)))
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
