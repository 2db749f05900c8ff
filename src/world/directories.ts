/**
 * Directories of the target that programs have open or work in. Each has a nameless one of this machine in its place,
 * by which it is known again wherever it turns up: as a descriptor, a working directory, in a child, after `execve`.
 */
import { readlinkSync } from "node:fs";
import { NamelessDirectory } from "../hooks/nameless-directory.ts";
import { AT_FDCWD } from "../process/paths.ts";

/** How many are kept at hand, each for a descriptor of this process; programs keep those that they have open. */
const AT_HAND = 256;

export class Directories {
  /** Those used last stand last. */
  readonly #byPath = new Map<string, NamelessDirectory>();
  /** What links in /proc tell of one → its path in the target. */
  readonly #paths = new Map<string, string>();

  /**
   * To be opened or worked in at once: another one may have taken its place when it is asked for again.
   * @param path absolute, in the target
   */
  at(path: string): NamelessDirectory {
    const known = this.#byPath.get(path);
    if (known !== undefined) this.#byPath.delete(path);
    const directory = known ?? new NamelessDirectory();
    this.#byPath.set(path, directory);
    this.#paths.set(directory.text, path);
    const [oldest] = this.#byPath;
    if (oldest !== undefined && this.#byPath.size > AT_HAND) {
      this.#byPath.delete(oldest[0]);
      oldest[1][Symbol.dispose]();
    }
    return directory;
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
