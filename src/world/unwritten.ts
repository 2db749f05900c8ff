/** Writes that the program believes done and that are still on their way. */
export interface Unwritten {
  /** Which file it is: "DEVICE:INODE". */
  readonly identity: string;
  /** Until they have arrived, or failed: that is told to whoever has written. */
  settle(): Promise<void>;
}

/** All of a world's: whoever looks at files from another side waits for them first. */
export class AllUnwritten {
  readonly #those = new Set<Unwritten>();

  add(one: Unwritten): void {
    this.#those.add(one);
  }

  delete(one: Unwritten): void {
    this.#those.delete(one);
  }

  /** Whether there are any to this file. */
  has(identity: string): boolean {
    return this.#those.values().some((one) => one.identity === identity);
  }

  /** @param identity of the file whose writes matter; all files without it */
  async flush(identity?: string): Promise<void> {
    for (const one of this.#those) if (identity === undefined || one.identity === identity) await one.settle();
  }
}
