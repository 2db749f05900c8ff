/**
 * Directories of the target that programs have open or work in. Each has a nameless one of this machine in its place,
 * by which it is known again wherever it turns up: as a descriptor, a working directory, in a child, after `execve`.
 */
import { readlinkSync } from "node:fs";
import { NamelessDirectory } from "../hooks/nameless-directory.ts";
import { AT_FDCWD } from "../process/paths.ts";

export class Directories {
  readonly #byPath = new Map<string, NamelessDirectory>();
  /** What links in /proc tell of one → its path in the target. */
  readonly #paths = new Map<string, string>();

  /** @param path absolute, in the target */
  at(path: string): NamelessDirectory {
    const known = this.#byPath.get(path);
    if (known !== undefined) return known;
    const made = new NamelessDirectory();
    this.#byPath.set(path, made);
    this.#paths.set(made.text, path);
    return made;
  }

  /** The path in the target of what a link in /proc tells. */
  pathOf(text: string): string | undefined {
    return this.#paths.get(text);
  }

  /** What a thread's directory is: where it is, and whether that is in the target; undefined where it has none. */
  of(tid: number, dirfd: number): { readonly path: string; readonly isRemote: boolean } | undefined {
    try {
      const text = readlinkSync(`/proc/${tid}/${dirfd === AT_FDCWD ? "cwd" : `fd/${dirfd}`}`);
      const path = this.#paths.get(text);
      return path === undefined ? { path: text, isRemote: false } : { path, isRemote: true };
    } catch {
      return undefined;
    }
  }
}
