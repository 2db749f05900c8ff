/** `virtualFiles`: files that exist for the program only, in memory. */
import { readlinkSync } from "node:fs";
import { posix } from "node:path";
import type { CallPath } from "../hooks/call-paths.ts";
import { defineHooks, type HookSet } from "../hooks/define.ts";
import type { AnyCall, Outcome } from "../hooks/types.ts";
import { LocalTree } from "../model/local-tree.ts";
import { AT_FDCWD } from "../process/paths.ts";
import { threadOf } from "./real-path.ts";
import { answerDirectory, answerFile, answerMissing, lookedUpPaths } from "./virtual-calls.ts";
import { listOurs, listReal } from "./virtual-listing.ts";
import { KeptFile, type VirtualContent } from "./kept-file.ts";
import { NamelessDirectory } from "../hooks/nameless-directory.ts";
import { canonical, type Found, VirtualTree } from "./virtual-tree.ts";

/**
 * Files that the program finds, and nobody else: they can be opened, examined, mapped, passed on, and stand in the
 * listings of their directories. Directories that are missing are there as well. Nothing of it can be written: EROFS.
 *
 * ```ts
 * export default virtualFiles({
 *   "/etc/app/config.json": JSON.stringify({ debug: true }),
 *   "/run/now": () => new Date().toISOString(),
 * });
 * ```
 *
 * @param files by absolute path; a real file of that name is hidden
 * @throws TypeError on a path that is relative or ends with a slash
 */
export function virtualFiles(files: Readonly<Record<string, VirtualContent>>): HookSet {
  const world = new VirtualWorld(files);
  return defineHooks({ file: (call) => world.serve(call), getdents64: (call) => world.list(call) });
}

/** include/uapi/asm-generic/errno-base.h */
const ERANGE = -34;

class VirtualWorld {
  readonly tree: VirtualTree;
  readonly #files: ReadonlyMap<string, KeptFile>;
  readonly #directories = new Map<string, NamelessDirectory>();
  /** What links in /proc tell of a directory → its path. */
  readonly #texts = new Map<string, string>();

  constructor(files: Readonly<Record<string, VirtualContent>>) {
    this.#files = new Map(
      Object.entries(files).map(([path, content]) => {
        const real = canonical(path);
        return [real, new KeptFile(real, content)];
      }),
    );
    this.tree = new VirtualTree(this.#files.keys());
  }

  /** A call that takes paths. */
  serve(call: AnyCall): Outcome | Promise<Outcome> {
    if (call.name === "getcwd") return this.#getcwd(call);
    const changes: Record<string, string> = {};
    for (const named of lookedUpPaths(call)) {
      const { argument, dirfd, path, follow } = named;
      if (path === "" || !this.#mayConcern(call, dirfd, path)) continue;
      // A path that is resolved already leads nowhere else: most are.
      if (this.#files.has(path)) return this.#answer(call, named, { kind: "file", path });
      const local = new LocalTree(threadOf(call));
      const found = this.tree.find(local, dirfd, path, { follow }, this.directoryAt(call.tid, dirfd));
      if (found.kind !== "real") return this.#answer(call, named, found);
      if (found.path !== undefined) changes[argument] = found.path;
    }
    if (Object.keys(changes).length > 0) return call.proceed(changes);
    return this.#texts.size > 0 && (call.name === "readlink" || call.name === "readlinkat")
      ? this.#readlink(call)
      : undefined;
  }

  /** getdents64 of a directory of ours, or of one that has some of our names. */
  list(call: Parameters<typeof listReal>[0]): Outcome | Promise<Outcome> {
    let text: string;
    try {
      text = readlinkSync(`/proc/${call.tid}/fd/${call.fd}`);
    } catch {
      return undefined;
    }
    const ours = this.#texts.get(text);
    if (ours !== undefined)
      return listOurs(call, [...(this.tree.children.get(ours) ?? [])], (name) => this.#isFile(ours, name));
    const names = this.tree.children.get(text);
    return names === undefined ? undefined : listReal(call, text, names, (name) => this.#isFile(text, name));
  }

  /** The path of the directory of ours that a thread has open, or works in. */
  directoryAt(tid: number, dirfd: number): string | undefined {
    if (this.#texts.size === 0) return undefined;
    try {
      return this.#texts.get(readlinkSync(`/proc/${tid}/${dirfd === AT_FDCWD ? "cwd" : `fd/${dirfd}`}`));
    } catch {
      return undefined;
    }
  }

  #isFile(directory: string, name: string): boolean {
    return this.#files.has(posix.join(directory, name));
  }

  #mayConcern(call: AnyCall, dirfd: number, path: string): boolean {
    if (this.tree.mayConcern(path)) return true;
    return !path.startsWith("/") && this.directoryAt(call.tid, dirfd) !== undefined;
  }

  #answer(call: AnyCall, named: CallPath, found: Exclude<Found, { kind: "real" }>): Outcome | Promise<Outcome> {
    if (found.kind === "missing") return answerMissing(call, named, found.errno, found.inOurs);
    if (found.kind === "directory") return answerDirectory(call, named, this.#directory(found.path));
    return this.#files.get(found.path)?.use(call, (file) => answerFile(call, named, found.path, file));
  }

  #directory(path: string): NamelessDirectory {
    const known = this.#directories.get(path);
    if (known !== undefined) return known;
    const made = new NamelessDirectory();
    this.#directories.set(path, made);
    this.#texts.set(made.text, path);
    return made;
  }

  /** getcwd(2): with the NUL. */
  #getcwd(call: AnyCall): Outcome {
    const path = this.directoryAt(call.tid, AT_FDCWD);
    if (path === undefined || call.buffer === undefined) return undefined;
    const bytes = Buffer.from(`${path}\0`);
    return bytes.length > call.buffer.length ? ERANGE : call.buffer.write(bytes);
  }

  /** A link in /proc that leads to a directory of ours. */
  async #readlink(call: AnyCall): Promise<Outcome> {
    const length = await call.proceed();
    if (length === null || length <= 0 || call.buffer === undefined) return undefined;
    const text = Buffer.from(call.buffer.read(length)).toString();
    const isCut = length === call.buffer.length;
    const path = isCut
      ? [...this.#texts].find(([whole]) => whole.startsWith(text) && text.length * 2 > whole.length)?.[1]
      : this.#texts.get(text);
    return path === undefined ? undefined : call.buffer.write(path);
  }
}
