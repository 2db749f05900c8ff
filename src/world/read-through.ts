/**
 * Small files of a directory that somebody reads one after the other are fetched before they are asked for. Two in a row
 * make a reader; with each further one twice as many are under way, up to a limit. Programs go through a directory by
 * name (Go's os.ReadDir sorts) or as it was listed: both orders are looked at. Who has read one directory through
 * begins the next one at the speed that was reached.
 */
import { modeOf, sizeOf } from "../hooks/stat.ts";
import type { Opened } from "../session/remote-files.ts";
import type { Listing } from "./attribute-cache.ts";
import type { Asked, Changes } from "./changes.ts";

const S_IFMT = 0o170000;
const S_IFREG = 0o100000;
/** Files that are fetched ahead of a reader. */
const MOST_AHEAD = 128;
/** Bytes of them. */
const MOST_BYTES = 8 << 20;
/** Readers with several threads take files a little out of order. */
const NEAR = 16;
/** Who has read so many in a row is likely to do the same with the next directory. */
const HABIT = 4;
/** 2 to the power of this is MOST_AHEAD. */
const FULL_SPEED = 7;

/** What a file's opening gives: its content, or why there is none. */
type Answer = Opened | number;

interface Fetched {
  readonly asked: Asked;
  readonly size: number;
  readonly answer: Promise<Answer>;
}

export interface ReadThroughOptions {
  readonly changes: Changes;
  /** Bytes up to which a file is small. */
  readonly small: number;
  /** Opens a file for reading, its content sent along. @param path absolute, as a key */
  readonly open: (path: string) => Promise<Answer>;
  /** What was fetched in vain. */
  readonly drop: (opened: Opened) => void;
}

export class ReadThrough {
  readonly #options: ReadThroughOptions;
  readonly #readers = new WeakMap<Listing, readonly Series[]>();
  readonly #fetched = new Map<string, Fetched>();
  #bytes = 0;
  /** How many a reader of the directory before has read in a row; 0 where nobody has. */
  #habit = 0;
  #isSweeping = false;

  constructor(options: ReadThroughOptions) {
    this.#options = options;
  }

  /** A directory was listed. */
  listed(listing: Listing): void {
    if (this.#habit > 0) this.#ahead(listing, this.#series(listing)[0], this.#habit);
  }

  /**
   * Somebody opens a small file for reading.
   * @returns what was fetched of it, once, if it counts
   */
  async take(listing: Listing, name: string): Promise<Answer | undefined> {
    const path = join(listing.path, name);
    const known = this.#fetched.get(path);
    this.#forget(path, known);
    let best: Series | undefined;
    for (const series of this.#series(listing)) {
      series.step(name, this.#habit);
      if (best === undefined || series.run > best.run) best = series;
    }
    const run = Math.min(best?.run ?? 0, FULL_SPEED);
    if (known === undefined) this.#habit = 0;
    else if (run >= HABIT) this.#habit = run;
    this.#ahead(listing, best, run);
    if (known === undefined) return undefined;
    const answer = await known.answer;
    if (typeof answer === "number") return undefined; // asked again: the error is to be today's
    if (this.#options.changes.isFreshOf(known.asked, answer.statx)) return answer;
    this.#options.drop(answer);
    return undefined;
  }

  #series(listing: Listing): readonly Series[] {
    const known = this.#readers.get(listing);
    if (known !== undefined) return known;
    const names = [...listing.entries]
      .filter(([, statx]) => statx !== undefined && this.isSmall(statx))
      .map(([name]) => name);
    const made = [new Series(names.toSorted(byBytes)), new Series(names)];
    this.#readers.set(listing, made);
    return made;
  }

  /** Whether a file is one that is fetched. */
  isSmall(statx: Uint8Array): boolean {
    return (modeOf(statx) & S_IFMT) === S_IFREG && sizeOf(statx) <= this.#options.small;
  }

  #ahead(listing: Listing, series: Series | undefined, run: number): void {
    if (series === undefined || run < 1) return;
    while (this.#bytes < MOST_BYTES && this.#fetched.size < MOST_AHEAD) {
      const name = series.next(2 ** run);
      if (name === undefined) return;
      const statx = listing.entries.get(name);
      const path = join(listing.path, name);
      if (statx !== undefined && !this.#fetched.has(path)) this.#fetch(path, sizeOf(statx));
    }
  }

  #fetch(path: string, size: number): void {
    const { changes, open } = this.#options;
    this.#bytes += size;
    this.#fetched.set(path, { asked: changes.asking(), size, answer: open(path) });
    this.#sweepLater();
  }

  #forget(path: string, fetched: Fetched | undefined): void {
    if (fetched === undefined || !this.#fetched.delete(path)) return;
    this.#bytes -= fetched.size;
  }

  #sweepLater(): void {
    if (this.#isSweeping || this.#fetched.size === 0) return;
    this.#isSweeping = true;
    setTimeout(() => this.#dropOld(), this.#options.changes.freshMs).unref();
  }

  /** What nobody has wanted in time. */
  #dropOld(): void {
    this.#isSweeping = false;
    for (const [path, fetched] of this.#fetched) {
      if (this.#options.changes.isFresh(fetched.asked)) continue;
      this.#forget(path, fetched);
      void fetched.answer.then((answer) => typeof answer === "number" || this.#options.drop(answer));
    }
    this.#sweepLater();
  }
}

/** Names in an order, and how far a reader has come. */
class Series {
  readonly #names: readonly string[];
  readonly #positions: ReadonlyMap<string, number>;
  #last = -1;
  /** What is in front was given out. */
  #next = 0;
  /** How many were read in a row. */
  run = 0;

  constructor(names: readonly string[]) {
    this.#names = names;
    this.#positions = new Map(names.map((name, index) => [name, index]));
  }

  /** @param start what `run` is where nobody has read so far */
  step(name: string, start: number): void {
    const position = this.#positions.get(name);
    if (position === undefined) return;
    const isNear = this.#last >= 0 && Math.abs(position - this.#last) <= NEAR;
    this.run = isNear ? this.run + 1 : start;
    this.#last = isNear ? Math.max(this.#last, position) : position;
  }

  /** One of the next `count` that was not given out yet. */
  next(count: number): string | undefined {
    this.#next = Math.max(this.#next, this.#last + 1);
    return this.#next <= this.#last + count ? this.#names[this.#next++] : undefined;
  }
}

const join = (directory: string, name: string): string => (directory === "/" ? `/${name}` : `${directory}/${name}`);
const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
