/**
 * From a path as a program writes it to the file it means, step by step as the kernel goes:
 * fs/namei.c (link_path_walk, step_into, pick_link, handle_dots; Linux 6.12) and
 * Documentation/filesystems/path-lookup.rst. What is there is asked of a {@link Tree}, so it
 * may be this machine's, another's, or made up.
 */

export type NodeKind = "directory" | "symlink" | "other";

/** A file system as one process sees it. Paths are absolute, without links, "." and "..". */
export interface Tree {
  /** Where absolute paths begin, and ".." leads no further; "/" where it is not given. */
  readonly root?: string;
  /** What is at `path`, a link not followed; or an errno. */
  kindOf(path: string): NodeKind | number;
  /** The text of the link at `path`; or an errno. */
  readLink(path: string): string | number;
  /** Where a link leads that is more than its text (/proc/PID/fd/3); undefined for other links. */
  magicTarget?(path: string): Place | number | undefined;
  /** Something that differs between two mounts; for RESOLVE_NO_XDEV. */
  mountOf?(path: string): string;
}

export interface Place {
  readonly path: string;
  readonly kind: NodeKind;
}

/** include/uapi/linux/openat2.h */
export const resolveFlags = {
  noXdev: 0x01,
  noMagiclinks: 0x02,
  noSymlinks: 0x04,
  beneath: 0x08,
  inRoot: 0x10,
} as const;

export interface ResolveOptions {
  /** Whether a link in the last place is followed; not with O_NOFOLLOW, AT_SYMLINK_NOFOLLOW, and for calls that make or remove a name. */
  readonly follow: boolean;
  /** AT_EMPTY_PATH: an empty path means the base itself. */
  readonly emptyPath?: boolean;
  /** O_DIRECTORY: anything else is ENOTDIR. */
  readonly directory?: boolean;
  /** RESOLVE_*, see openat2(2). */
  readonly resolve?: number;
}

export type Resolution = (Place & { readonly errno?: undefined }) | Unresolved;

export interface Unresolved {
  readonly errno: number;
  /** Where the last name alone is missing, the place at which it would be made. */
  readonly path?: string;
  /** How far the walk came, and what was left of the path there; not where links or the caller forbid to go on. */
  readonly reached?: string;
  readonly rest?: string;
}

/** include/uapi/asm-generic/errno-base.h, errno.h */
const ENOENT = 2;
const EXDEV = 18;
const ENOTDIR = 20;
const EINVAL = 22;
const ENAMETOOLONG = 36;
const ELOOP = 40;
/** include/linux/namei.h */
const MAXSYMLINKS = 40;
/** With the NUL; include/uapi/linux/limits.h */
const PATH_MAX = 4096;

/**
 * @param base the working directory, or what `dirfd` refers to
 */
export function resolvePath(tree: Tree, base: Place, path: string, options: ResolveOptions): Resolution {
  const { beneath, inRoot } = resolveFlags;
  const flags = options.resolve ?? 0;
  const scope = flags & (beneath | inRoot);
  if (scope === (beneath | inRoot)) return { errno: EINVAL };
  if (path === "" && options.emptyPath === true) return checked(base, options.directory === true);
  const root = scope === 0 ? (tree.root ?? "/") : base.path;
  const isAbsolute = path.startsWith("/");
  const stopped = { reached: isAbsolute ? root : base.path, rest: path };
  if (path === "") return { errno: ENOENT, ...stopped };
  if (path.length * 3 >= PATH_MAX && Buffer.byteLength(path) >= PATH_MAX) return { errno: ENAMETOOLONG, ...stopped };
  if (isAbsolute && scope === beneath) return { errno: EXDEV };
  if ((scope !== 0 || !isAbsolute) && base.kind !== "directory") return { errno: ENOTDIR, ...stopped };
  return new Walk(tree, root, flags, scope !== 0 || isAbsolute).go(base, path, options);
}

class Walk {
  readonly #tree: Tree;
  /** Nothing is above it: ".." stays. */
  readonly #root: string;
  readonly #flags: number;
  #links = 0;
  /**
   * Whether the walk has looked up its root yet. The kernel compares mounts before it does, so with
   * RESOLVE_NO_XDEV a relative path must not meet an absolute link before a ".." (nd_jump_root).
   */
  #knowsRoot: boolean;

  constructor(tree: Tree, root: string, flags: number, knowsRoot: boolean) {
    this.#tree = tree;
    this.#knowsRoot = knowsRoot;
    this.#root = root;
    this.#flags = flags;
  }

  go(base: Place, path: string, options: ResolveOptions): Resolution {
    let { follow, directory = false } = options;
    let at: Place = base;
    let rest = path;
    if (rest.startsWith("/")) at = { path: this.#root, kind: "directory" };
    for (;;) {
      const start = rest.search(/[^/]/);
      if (start < 0) return checked(at, directory);
      if (at.kind !== "directory") return { errno: ENOTDIR, reached: at.path, rest };
      const slash = rest.indexOf("/", start);
      const name = slash < 0 ? rest.slice(start) : rest.slice(start, slash);
      rest = slash < 0 ? "" : rest.slice(slash);
      const isLast = !/[^/]/.test(rest);
      if (isLast && rest !== "") follow = directory = true; // a slash behind the last name
      if (name === ".") continue;
      if (name === "..") {
        const up = this.#up(at.path);
        if (typeof up === "number") return { errno: up };
        at = { path: up, kind: "directory" };
        continue;
      }
      const next = at.path === "/" ? `/${name}` : `${at.path}/${name}`;
      const kind = this.#tree.kindOf(next);
      if (typeof kind === "number") {
        const stopped = { errno: kind, reached: at.path, rest: name + rest };
        return isLast && kind === ENOENT ? { ...stopped, path: next } : stopped;
      }
      if (this.#crosses(at.path, next)) return { errno: EXDEV };
      if (kind !== "symlink" || (isLast && !follow)) {
        at = { path: next, kind };
        continue;
      }
      const target = this.#follow(at, next);
      if (target === ELOOP || target === EXDEV) return { errno: target };
      if (typeof target === "number") return { errno: target, reached: at.path, rest: name + rest };
      if (typeof target === "object") at = target;
      else {
        if (target.startsWith("/")) at = { path: this.#root, kind: "directory" };
        rest = target + rest;
      }
    }
  }

  #up(from: string): string | number {
    this.#knowsRoot = true;
    if (from === this.#root) return has(this.#flags, resolveFlags.beneath) ? EXDEV : from;
    const slash = from.lastIndexOf("/");
    const up = slash <= 0 ? "/" : from.slice(0, slash);
    return this.#crosses(from, up) ? EXDEV : up;
  }

  /** @returns the link's text, where a magic link leads, or an errno */
  #follow(at: Place, link: string): string | Place | number {
    if (this.#links++ >= MAXSYMLINKS || has(this.#flags, resolveFlags.noSymlinks)) return ELOOP;
    const magic = this.#tree.magicTarget?.(link);
    if (magic !== undefined) {
      if (typeof magic === "number") return magic;
      if (has(this.#flags, resolveFlags.noMagiclinks)) return ELOOP;
      const leaves = has(this.#flags, resolveFlags.beneath | resolveFlags.inRoot) || this.#crosses(at.path, magic.path);
      return leaves ? EXDEV : magic;
    }
    const text = this.#tree.readLink(link);
    if (typeof text === "number" || !text.startsWith("/")) return text;
    if (has(this.#flags, resolveFlags.beneath) || this.#crosses(at.path, this.#root)) return EXDEV;
    if (has(this.#flags, resolveFlags.noXdev) && !this.#knowsRoot) return EXDEV;
    this.#knowsRoot = true;
    return text;
  }

  #crosses(from: string, to: string): boolean {
    if (!has(this.#flags, resolveFlags.noXdev) || this.#tree.mountOf === undefined) return false;
    return this.#tree.mountOf(from) !== this.#tree.mountOf(to);
  }
}

const has = (flags: number, any: number): boolean => (flags & any) !== 0;

const checked = (place: Place, directory: boolean): Resolution =>
  directory && place.kind !== "directory" ? { errno: ENOTDIR, reached: place.path, rest: "" } : place;
