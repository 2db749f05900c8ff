/**
 * What a program has open in the place of a directory that this machine has not: an empty real one without a name.
 * open, dup, fork, fchdir and locks are the kernel's, and so is the offset, which can count the entries that have been
 * read. What is in it is told by directory-entries.ts.
 */
import { chmodSync, closeSync, constants, mkdtempSync, openSync, readlinkSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Closes those that nobody refers to any more; programs that have them open keep them. */
const forgotten = new FinalizationRegistry<number>(closeSync);

export class NamelessDirectory implements Disposable {
  /** What programs open. */
  readonly link: string;
  /** What links in /proc tell of it, as no other file has it. */
  readonly text: string;
  readonly #descriptor: number;

  constructor() {
    const path = makeSomewhere(["/dev/shm", tmpdir()]);
    chmodSync(path, 0o555);
    this.#descriptor = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
    rmdirSync(path);
    forgotten.register(this, this.#descriptor, this);
    this.link = `/proc/${process.pid}/fd/${this.#descriptor}`;
    this.text = readlinkSync(this.link);
  }

  [Symbol.dispose](): void {
    forgotten.unregister(this);
    closeSync(this.#descriptor);
  }
}

/** In memory if possible. */
function makeSomewhere(folders: readonly string[]): string {
  for (const folder of folders) {
    try {
      return mkdtempSync(join(folder, "elsewhere-directory-"));
    } catch {
      // the next one
    }
  }
  throw new Error(`no directory can be made in ${folders.join(" or ")}`);
}
