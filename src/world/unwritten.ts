/** Writes that the program believes done and that are still on their way. */
export interface Unwritten {
  /** Until they have arrived. */
  flush(): Promise<unknown>;
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

  async flush(): Promise<void> {
    for (const one of this.#those) await one.flush();
  }
}
