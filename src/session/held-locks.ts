/** The locks that are held through an open file: what a new connection must take again. */

/** A lock of a part of a file, as fcntl(2) has them. */
export interface Range {
  /** F_RDLCK 0, F_WRLCK 1, F_UNLCK 2 */
  readonly type: number;
  readonly start: bigint;
  /** 0: to the end. */
  readonly length: bigint;
  /** Whose it is (F_SETLK: a process); 0: the open file's own (F_OFD_SETLK). */
  readonly owner: bigint;
}

const F_UNLCK = 2;
const LOCK_UN = 8;
/** OFFSET_MAX (include/linux/fs.h), and one more. */
const END = 1n << 63n;

const endOf = ({ start, length }: Range): bigint => (length === 0n ? END : start + length);
const lengthTo = (start: bigint, end: bigint): bigint => (end === END ? 0n : end - start);

export class HeldLocks {
  /** LOCK_SH 1, LOCK_EX 2, or 0 for none. */
  flock = 0;
  #ranges: Range[] = [];

  get ranges(): readonly Range[] {
    return this.#ranges;
  }

  get isEmpty(): boolean {
    return this.flock === 0 && this.#ranges.length === 0;
  }

  /** flock(2) has done it. */
  setFlock(operation: number): void {
    this.flock = operation === LOCK_UN ? 0 : operation;
  }

  /** fcntl(2) has done it: a new lock replaces what its owner had there. */
  setRange(range: Range): void {
    this.#ranges = this.#ranges.flatMap((held) => without(held, range));
    if (range.type !== F_UNLCK) this.#ranges.push(range);
  }

  /** What makes a range as it was, of the same owner: what is held in it, and no lock in between. */
  before(range: Range): Range[] {
    const held = this.#ranges.flatMap((held) => {
      const start = held.start > range.start ? held.start : range.start;
      const end = endOf(held) < endOf(range) ? endOf(held) : endOf(range);
      return held.owner === range.owner && start < end ? [{ ...held, start, length: lengthTo(start, end) }] : [];
    });
    let free: Range[] = [{ ...range, type: F_UNLCK }];
    for (const each of held) free = free.flatMap((part) => without(part, each));
    return [...held, ...free];
  }

  clear(): void {
    this.flock = 0;
    this.#ranges = [];
  }
}

/** What is left of a lock in front of a range and behind it. */
function without(held: Range, range: Range): Range[] {
  if (held.owner !== range.owner || endOf(held) <= range.start || endOf(range) <= held.start) return [held];
  const left: Range[] = [];
  if (held.start < range.start) left.push({ ...held, length: range.start - held.start });
  if (endOf(range) < endOf(held))
    left.push({ ...held, start: endOf(range), length: lengthTo(endOf(range), endOf(held)) });
  return left;
}
