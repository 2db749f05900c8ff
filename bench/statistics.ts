/** Rounds of ABAB…, and medians of them. */

/** A way to do the same work. */
export interface Variant<Result> {
  readonly name: string;
  measure(): Promise<Result>;
}

/**
 * Measures every variant once per round, so that what the machine does meanwhile hits all of
 * them; the order turns around in every second round.
 * @returns results by variant; one that failed has its message instead
 */
export async function interleave<Result>(
  rounds: number,
  variants: readonly Variant<Result>[],
): Promise<Map<string, Result[] | string>> {
  const results = new Map<string, Result[]>(variants.map(({ name }) => [name, []]));
  const failures = new Map<string, string>();
  for (let round = 0; round < rounds; round++)
    for (const { name, measure } of round % 2 === 0 ? variants : variants.toReversed()) {
      if (failures.has(name)) continue;
      try {
        results.get(name)?.push(await measure());
      } catch (error) {
        failures.set(name, error instanceof Error ? error.message : String(error));
      }
    }
  return new Map(variants.map(({ name }) => [name, failures.get(name) ?? results.get(name) ?? []]));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** The median of one number of the results; not a number where the variant failed. */
export function medianOf<Result>(results: Result[] | string | undefined, number: (result: Result) => number): number {
  return median(Array.isArray(results) ? results.map(number) : []);
}
