/** How many calls of a name there have been on a path. */
export class AtPath {
  readonly #counts = new Map<string, number>();

  /** Which one this is, from 0. */
  next(call: string, path: string): number {
    const key = `${call} ${path}`;
    const nth = this.#counts.get(key) ?? 0;
    this.#counts.set(key, nth + 1);
    return nth;
  }
}
