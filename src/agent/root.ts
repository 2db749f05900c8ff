/**
 * Paths in the target. Nothing leads out of its root: the kernel resolves every path as if the root were `/`
 * (openat2(2), RESOLVE_IN_ROOT), so neither `..` nor a symbolic link nor one that changes meanwhile gets anywhere else.
 */
import type { Place } from "../wire/generated/elsewhere/v1/files_pb.ts";
import { limits } from "../wire/limits.ts";
import type { Kernel } from "./connection.ts";
import { checked, Errno, fail } from "./errno.ts";
import type { Handles } from "./handles.ts";
import { flags as o } from "./constants.ts";

/** include/uapi/linux/openat2.h */
const RESOLVE_BENEATH = 0x08n;
const RESOLVE_IN_ROOT = 0x10n;
/** What a caller may ask for beside that: RESOLVE_NO_XDEV, NO_MAGICLINKS, NO_SYMLINKS, BENEATH. */
const RESOLVE_ALLOWED = 0x0fn;
/** Of a directory that is open, which is in the root itself, that may be the root as well. */
const RESOLVE_ALLOWED_IN_DIRECTORY = 0x1fn;
/** RESOLVE_IN_ROOT and RESOLVE_BENEATH exclude each other (fs/open.c, build_open_flags). */
const EXDEV = 18;
const EAGAIN = 11;
/** How often a path that changes while it is resolved is tried again; openat2(2), EAGAIN. */
const TRIES = 32;

/** A name in a directory that is open. */
export interface NameIn extends Disposable {
  readonly directory: number;
  readonly name: Uint8Array;
}

/**
 * Opens the target's root for good: afterwards nobody needs the rights that it takes.
 * @returns a path that leads there as long as this process lives
 * @throws Errno
 */
export const openRoot = (kernel: Kernel, path: string): string =>
  `/proc/self/fd/${checked(kernel.makeNow("openat", o.AT_FDCWD, path, o.O_PATH | o.O_DIRECTORY | o.O_CLOEXEC))}`;

export class TargetRoot implements Disposable {
  readonly kernel: Kernel;
  readonly #root: number;
  /** Bytes of the root's own path, which links of /proc show in front. */
  readonly #above: number;

  /** @param path the target's root, as this process can open it */
  constructor(kernel: Kernel, path: string) {
    this.kernel = kernel;
    this.#root = checked(kernel.makeNow("openat", o.AT_FDCWD, path, o.O_PATH | o.O_DIRECTORY | o.O_CLOEXEC));
    const own = this.#linkOf(this.#root);
    this.#above = own.equals(Buffer.from("/")) ? 0 : own.length;
  }

  [Symbol.dispose](): void {
    this.kernel.makeNow("close", this.#root);
  }

  /** Opens what a place means. @returns a descriptor @throws Errno */
  async open(place: Place | undefined, handles: Handles, flags: number, mode = 0, resolve = 0n): Promise<number> {
    const { path, directory } = checkedPlace(place);
    const allowed = directory === 0n ? RESOLVE_ALLOWED : RESOLVE_ALLOWED_IN_DIRECTORY;
    const how = openHow(flags, mode, resolve & allowed);
    if (path.length === 0 && directory === 0n) fail("ENOENT");
    if (path.length === 0) return this.#reopen(handles.get(directory).descriptor, flags);
    if (directory !== 0n && (resolve & (RESOLVE_IN_ROOT | RESOLVE_BENEATH)) !== 0n)
      return this.#openat2(handles.get(directory).descriptor, path, how, 0n);
    if (directory === 0n || path[0] === SLASH)
      return (await this.#ownNetwork(path, how)) ?? this.#openat2(this.#root, path, how, RESOLVE_IN_ROOT);
    const base = handles.get(directory).descriptor;
    try {
      return await this.#openat2(base, path, how, RESOLVE_BENEATH);
    } catch (error) {
      if (!(error instanceof Errno && error.number === EXDEV)) throw error;
      return this.#openat2(this.#root, Buffer.concat([this.pathOf(base), SEPARATOR, path]), how, RESOLVE_IN_ROOT);
    }
  }

  /** The file itself, not opened: for calls that look at it or change what it says of itself. */
  path(place: Place | undefined, handles: Handles, noFollow: boolean): Promise<number> {
    return this.open(place, handles, o.O_PATH | o.O_CLOEXEC | (noFollow ? o.O_NOFOLLOW : 0));
  }

  /**
   * The directory of a name that is to be made, removed or renamed, and the name.
   * @param root what the root's own name is: "/" for calls that change names, which the kernel refuses without a look
   * @throws Errno
   */
  async nameIn(place: Place | undefined, handles: Handles, root: "." | "/" = "/"): Promise<NameIn> {
    const { path, directory } = checkedPlace(place);
    if (path.length === 0) fail("ENOENT");
    const { parent, name } = split(path, root);
    const descriptor = await this.open(placeOf(parent, directory), handles, o.O_PATH | o.O_DIRECTORY | o.O_CLOEXEC);
    return {
      directory: descriptor,
      name: terminated(name),
      [Symbol.dispose]: () => {
        this.kernel.makeNow("close", descriptor);
      },
    };
  }

  /**
   * What tells of the network (proc_pid_net(5)) is this process's own, which is in the target's: the target's /proc may not
   * know it.
   */
  async #ownNetwork(path: Uint8Array, how: BigUint64Array): Promise<number | undefined> {
    if (!Buffer.from(path.subarray(0, PROC.length)).equals(PROC)) return undefined;
    const name = networkFile.exec(Buffer.from(path).toString("latin1"))?.[1];
    if (name === undefined) return undefined;
    const flags = o.O_PATH | o.O_DIRECTORY | o.O_CLOEXEC;
    const base = checked(this.kernel.makeNow("openat", o.AT_FDCWD, "/proc/self/net", flags));
    try {
      return await this.#openat2(base, Buffer.from(name === "" ? "." : name, "latin1"), how, RESOLVE_BENEATH);
    } finally {
      this.kernel.makeNow("close", base);
    }
  }

  /** An open file once more, as an open file description of its own. */
  async #reopen(descriptor: number, flags: number): Promise<number> {
    if ((flags & (o.O_PATH | o.O_DIRECTORY)) === o.O_PATH)
      return checked(this.kernel.makeNow("fcntl", descriptor, o.F_DUPFD_CLOEXEC, 0));
    return checked(await this.kernel.make("openat", o.AT_FDCWD, `/proc/self/fd/${descriptor}`, flags));
  }

  async #openat2(base: number, path: Uint8Array, how: BigUint64Array, resolve: bigint): Promise<number> {
    const own = how.slice();
    own[2] = (own[2] ?? 0n) | resolve;
    if ((own[2] & RESOLVE_BENEATH) !== 0n) own[2] &= ~RESOLVE_IN_ROOT;
    const bytes = new Uint8Array(own.buffer);
    for (let left = TRIES; ; left--) {
      const result = await this.kernel.make("openat2", base, terminated(path), bytes, bytes.length);
      if (result !== -EAGAIN || left === 0) return checked(result);
    }
  }

  /** Where an open directory is now, from the target's root; "" or "/" for that. */
  pathOf(descriptor: number): Buffer {
    return this.#linkOf(descriptor).subarray(this.#above);
  }

  #linkOf(descriptor: number): Buffer {
    const link = Buffer.alloc(limits.pathBytes + 1);
    const path = `/proc/self/fd/${descriptor}`;
    return link.subarray(0, checked(this.kernel.makeNow("readlinkat", o.AT_FDCWD, path, link, link.length)));
  }
}

const SLASH = 0x2f;
const PROC = Buffer.from("/proc/");
const networkFile = /^\/proc\/(?:self\/net|thread-self\/net|net(?=\/))(?:\/+(.*))?$/s;
const SEPARATOR = Buffer.from("/");

const placeOf = (path: Uint8Array, directory: bigint): Place =>
  ({ path: path.length === 0 ? Buffer.from(".") : path, directory }) as Place;

function checkedPlace(place: Place | undefined): Place {
  if (place === undefined) return fail("EINVAL");
  if (place.path.length > limits.pathBytes) fail("ENAMETOOLONG");
  if (place.path.includes(0)) fail("EINVAL");
  return place;
}

/**
 * Whether the last name of a path may be that of a symbolic link: the kernel goes on behind one that has a slash behind
 * it, and `..` leads elsewhere.
 */
export function mayNameLink(place: Place | undefined): boolean {
  const { path } = checkedPlace(place);
  const { name } = split(path, ".");
  return !["", ".", ".."].includes(Buffer.from(name).toString("latin1")) && path.at(-1) !== SLASH;
}

/** The last name of a path with the slashes behind it, and what stands in front. */
function split(path: Uint8Array, root: string): { readonly parent: Uint8Array; readonly name: Uint8Array } {
  let end = path.length;
  while (end > 0 && path[end - 1] === SLASH) end--;
  if (end === 0) return { parent: path.subarray(0, 1), name: Buffer.from(root) };
  const start = path.lastIndexOf(SLASH, end - 1) + 1;
  return { parent: path.subarray(0, start), name: path.subarray(start) };
}

const terminated = (bytes: Uint8Array): Uint8Array => Buffer.concat([bytes, Buffer.alloc(1)]);

/** struct open_how (include/uapi/linux/openat2.h); openat2 refuses what openat ignores, as open_how's callers know. */
function openHow(flags: number, mode: number, resolve: bigint): BigUint64Array {
  const makes = (flags & o.O_CREAT) !== 0 || (flags & o.O_TMPFILE) === o.O_TMPFILE;
  const kept = (flags & o.O_PATH) === 0 ? flags & o.VALID_OPEN_FLAGS : flags & o.VALID_PATH_FLAGS;
  return BigUint64Array.of(BigInt(kept), makes ? BigInt(mode & 0o7777) : 0n, resolve);
}
