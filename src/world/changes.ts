/**
 * What a world's programs have changed in the target, and when: everything that was asked before a change does not
 * count after it. Changes and questions are put in order by a number, for a clock may say the same of two moments.
 *
 * A change of names (something was made, renamed, removed) ends all that is known, for a file may have many names and
 * any of them may lead through symbolic links. A change of what is in a file ends what is known of this file.
 */
import { identityOf } from "../hooks/stat.ts";
import type { RemoteFile } from "../session/remote-file.ts";

/** When something was asked of the target. */
export interface Asked {
  /** Milliseconds, of `performance.now`. */
  readonly ms: number;
  /** How many changes there had been. */
  readonly changes: number;
}

/** Files whose last change is remembered: beyond, the older half is forgotten together with all that is known. */
const MOST_FILES = 10_000;

export class Changes {
  /** How old an answer may be, milliseconds. */
  readonly freshMs: number;
  readonly #now: () => number;
  readonly #files = new Map<string, number>();
  #count = 0;
  #everything = 0;

  constructor(freshMs: number, now: () => number = () => performance.now()) {
    this.freshMs = freshMs;
    this.#now = now;
  }

  /** The present, for a question that is asked now. */
  asking(): Asked {
    return { ms: this.#now(), changes: this.#count };
  }

  /** Names have changed, or nobody knows what. */
  everything(): void {
    this.#everything = ++this.#count;
    this.#files.clear();
  }

  /** What is in a file, or what it says of itself. @param identity "DEVICE:INODE" */
  file(identity: string): void {
    if (this.#files.size >= MOST_FILES) this.everything();
    this.#files.set(identity, ++this.#count);
  }

  /** Grows with each change that an open file may show. */
  of({ statx }: RemoteFile): number {
    return Math.max(this.#everything, this.#files.get(identityOf(statx)) ?? 0);
  }

  /** Whether an answer about names still counts. */
  isFresh({ ms, changes }: Asked): boolean {
    return changes >= this.#everything && this.#now() - ms < this.freshMs;
  }

  /** The same of what a file said of itself: struct statx. */
  isFreshOf(asked: Asked, statx: Uint8Array): boolean {
    return this.isFresh(asked) && asked.changes >= (this.#files.get(identityOf(statx)) ?? 0);
  }
}
