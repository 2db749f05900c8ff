/**
 * Files that exist for the program only, and the directories that they need, laid over this machine's files as one
 * thread sees them. A directory that exists really is the real one.
 */
import { realpathSync } from "node:fs";
import { dirname, posix } from "node:path";
import type { LocalTree } from "../model/local-tree.ts";
import { type Place, type Resolution, resolvePath, type ResolveOptions, type Tree } from "../model/resolve.ts";

/** What a path leads to. `errno` is positive. */
export type Found =
  | { readonly kind: "file" | "directory"; readonly path: string }
  /** Nothing of ours; `path` where the kernel cannot find it by itself, since the way leads through a directory of ours. */
  | { readonly kind: "real"; readonly path: string | undefined }
  /** `inOurs`: in a directory of ours, the last name alone is missing. */
  | { readonly kind: "missing"; readonly errno: number; readonly inOurs: boolean };

export class VirtualTree {
  readonly files: ReadonlySet<string>;
  /** Names in each directory that a file needs, by the directory's path. */
  readonly children: ReadonlyMap<string, ReadonlySet<string>>;
  /** Every name on the way to a file. */
  readonly #names = new Set<string>();

  /** @param paths as {@link canonical} gives them */
  constructor(paths: Iterable<string>) {
    this.files = new Set(paths);
    const children = new Map<string, Set<string>>();
    for (const file of this.files)
      for (let path = file; path !== "/"; path = dirname(path)) {
        const names = children.get(dirname(path)) ?? new Set();
        children.set(dirname(path), names.add(posix.basename(path)));
        this.#names.add(posix.basename(path));
      }
    this.children = children;
  }

  /** Whether a path may lead to one of ours, or through one: a real link to one of ours has to be in the middle. */
  mayConcern(path: string): boolean {
    return path.split("/").some((name) => this.#names.has(name));
  }

  /**
   * What `path` means to a thread.
   * @param local the thread's files
   * @param directory the path of a directory of ours that `dirfd` is open on, or that the thread works in
   */
  find(local: LocalTree, dirfd: number, path: string, options: ResolveOptions, directory: string | undefined): Found {
    const overlay = new Overlay(this, local);
    const ours: Place | undefined = directory === undefined ? undefined : { path: directory, kind: "directory" };
    const base = path.startsWith("/") ? top : (ours ?? local.baseOf(dirfd));
    if (typeof base === "number") return { kind: "real", path: undefined }; // EBADF or ENOTDIR: the kernel says it
    const found: Resolution = resolvePath(overlay, base, path, options);
    const isInside = overlay.passed || (!path.startsWith("/") && this.isDirectory(base.path, local));
    if (found.errno !== undefined) {
      if (!isInside) return { kind: "real", path: undefined };
      const inOurs = found.path !== undefined && this.isDirectory(dirname(found.path), local);
      return { kind: "missing", errno: found.errno, inOurs };
    }
    if (this.files.has(found.path)) return { kind: "file", path: found.path };
    if (this.isDirectory(found.path, local)) return { kind: "directory", path: found.path };
    return { kind: "real", path: isInside ? found.path : undefined };
  }

  /** Whether it is a directory that a file of ours needs and that is not there. */
  isDirectory(path: string, real: Tree): boolean {
    return this.children.has(path) && typeof real.kindOf(path) === "number";
  }
}

const top: Place = { path: "/", kind: "directory" };

class Overlay implements Tree {
  /** Whether a directory of ours was on the way. */
  passed = false;
  readonly #ours: VirtualTree;
  readonly #real: LocalTree;

  constructor(ours: VirtualTree, real: LocalTree) {
    this.#ours = ours;
    this.#real = real;
  }

  kindOf(path: string): ReturnType<Tree["kindOf"]> {
    if (this.#ours.files.has(path)) return "other";
    const kind = this.#real.kindOf(path);
    if (typeof kind !== "number" || !this.#ours.children.has(path)) return kind;
    this.passed = true;
    return "directory";
  }

  readLink(path: string): string | number {
    return this.#real.readLink(path);
  }

  magicTarget(path: string): Place | number | undefined {
    return this.#real.magicTarget(path);
  }

  mountOf(path: string): string {
    return this.#real.mountOf(path);
  }
}

/** The path with the symbolic links in its directories resolved, as far as they are there. @throws TypeError on a relative one */
export function canonical(path: string): string {
  if (!path.startsWith("/") || path.endsWith("/")) throw new TypeError(`${path} is not the absolute path of a file`);
  const normal = posix.normalize(path);
  let rest = posix.basename(normal);
  for (let directory = dirname(normal); ; directory = dirname(directory)) {
    try {
      return posix.join(realpathSync(directory), rest);
    } catch {
      rest = posix.join(posix.basename(directory), rest);
    }
  }
}
