/**
 * A log-linear histogram (as HdrHistogram and Go's runtime/metrics use): each power of
 * two is cut into 64 equal buckets, so that a bucket is at most 1/64 of its values
 * wide and its middle at most 0.8 % off. Memory is bounded: 512 bytes per power of two
 * that occurs, 64 of them at most, however many values are added.
 */

const bucketBits = 6;
const buckets = 1 << bucketBits;

export class Histogram {
  /** Counts by power of two, then by bucket; the first holds the values below 64, exactly. */
  readonly #octaves: (Float64Array | undefined)[] = [];
  #count = 0;
  #least = Number.POSITIVE_INFINITY;
  #most = 0;

  get count(): number {
    return this.#count;
  }

  /** @param value a whole number from 0 to 2^53; others are rounded, below zero is zero */
  add(value: number): void {
    const whole = value > 0 ? Math.round(Math.min(value, Number.MAX_SAFE_INTEGER)) : 0;
    const octave = whole < buckets ? 0 : exponent(whole) - bucketBits + 1;
    const bucket = octave === 0 ? whole : Math.floor(whole / 2 ** (octave - 1)) - buckets;
    const counts = (this.#octaves[octave] ??= new Float64Array(buckets));
    counts[bucket] = (counts[bucket] ?? 0) + 1;
    this.#count++;
    this.#least = Math.min(this.#least, whole);
    this.#most = Math.max(this.#most, whole);
  }

  /**
   * The value that `share` of all values do not exceed (nearest rank).
   * @param share from 0 to 1: 0.5 is the median
   * @returns within 0.8 % of the true one; 0 when there are no values
   */
  quantile(share: number): number {
    let rank = Math.max(1, Math.ceil(share * this.#count));
    for (const [octave, counts] of this.#octaves.entries()) {
      if (!counts) continue;
      for (const [bucket, count] of counts.entries()) {
        rank -= count;
        if (count > 0 && rank <= 0) return Math.min(Math.max(middle(octave, bucket), this.#least), this.#most);
      }
    }
    return 0;
  }
}

function middle(octave: number, bucket: number): number {
  if (octave === 0) return bucket;
  const width = 2 ** (octave - 1);
  return (buckets + bucket) * width + (width - 1) / 2;
}

/** floor(log2(value)) for 1 ≤ value ≤ 2^53, exactly (Math.log2 is not, near powers of two). */
function exponent(value: number): number {
  const high = Math.floor(value / 2 ** 32);
  return high > 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(value);
}
