/**
 * What a world's programs have changed in the target, and when: everything that was asked before a change does not
 * count after it. Changes and questions are put in order by a number, for a clock may say the same of two moments.
 *
 * - What was removed or renamed ends all that is known, for a file may have many names, and any of them may lead through
 *   symbolic links.
 * - What was made ends what is known of directories, and that there was no such name; not what is known of other files.
 * - A change of what is in a file ends what is known of this file.
 */
import { identityOf, modeOf } from "../hooks/stat.ts";
import type { RemoteFile } from "../session/remote-file.ts";

/** When something was asked of the target. */
export interface Asked {
  /** Milliseconds, of `performance.now`. */
  readonly ms: number;
  /** How many changes there had been. */
  readonly changes: number;
}

const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
/** Files and names whose last change is remembered: with more, all that is known is forgotten. */
const MOST = 10_000;

export class Changes {
  /** How old an answer may be, milliseconds. */
  readonly freshMs: number;
  readonly #now: () => number;
  readonly #files = new Map<string, number>();
  readonly #names = new Map<string, number>();
  #count = 0;
  #everything = 0;
  #made = 0;
  #madeAnywhere = 0;

  constructor(freshMs: number, now: () => number = () => performance.now()) {
    this.freshMs = freshMs;
    this.#now = now;
  }

  /** The present, for a question that is asked now. */
  asking(): Asked {
    return { ms: this.#now(), changes: this.#count };
  }

  /** Names have gone, or nobody knows what has happened. */
  everything(): void {
    this.#everything = ++this.#count;
    this.#files.clear();
    this.#names.clear();
  }

  /** There is something under a name where nothing was. @param name the last of its path; undefined: nobody knows */
  made(name: string | undefined): void {
    if (this.#names.size >= MOST) this.everything();
    this.#made = ++this.#count;
    if (name === undefined) this.#madeAnywhere = this.#count;
    else this.#names.set(name, this.#count);
  }

  /** What is in a file, or what it says of itself. @param identity "DEVICE:INODE" */
  file(identity: string): void {
    if (this.#files.size >= MOST) this.everything();
    this.#files.set(identity, ++this.#count);
  }

  /** Grows with each change that an open file may show. */
  of({ statx }: RemoteFile): number {
    return Math.max(this.#everything, this.#files.get(identityOf(statx)) ?? 0);
  }

  /** Whether an answer still counts that was about names which were there. */
  isFresh({ ms, changes }: Asked): boolean {
    return changes >= this.#everything && this.#now() - ms < this.freshMs;
  }

  /** The same of what a file said of itself: struct statx. */
  isFreshOf(asked: Asked, statx: Uint8Array): boolean {
    const isDirectory = (modeOf(statx) & S_IFMT) === S_IFDIR;
    const last = Math.max(isDirectory ? this.#made : 0, this.#files.get(identityOf(statx)) ?? 0);
    return this.isFresh(asked) && asked.changes >= last;
  }

  /** Whether a path still leads nowhere: any of its names may have been missing, or a link may have led to one. */
  isStillAbsent(asked: Asked): boolean {
    return this.isFresh(asked) && asked.changes >= this.#made;
  }

  /** Whether a directory that was listed still lacks a name. */
  isStillMissing(asked: Asked, name: string): boolean {
    return this.isFresh(asked) && asked.changes >= Math.max(this.#madeAnywhere, this.#names.get(name) ?? 0);
  }
}
