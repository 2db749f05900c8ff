/** So many bytes a second, and a few at once: https://en.wikipedia.org/wiki/Token_bucket */
export class TokenBucket {
  readonly #bytesPerSecond: number;
  readonly #burst: number;
  #tokens: number;
  #filledMs: number;

  /** @param burst bytes that pass at once after a pause; the bucket is full at first */
  constructor(bytesPerSecond: number, burst: number, nowMs: number) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#burst = burst;
    this.#tokens = burst;
    this.#filledMs = nowMs;
  }

  /**
   * Takes what has passed already, and goes into debt for it if need be.
   * @returns milliseconds to wait until the debt is paid
   */
  take(bytes: number, nowMs: number): number {
    const filled = this.#tokens + ((nowMs - this.#filledMs) / 1000) * this.#bytesPerSecond;
    this.#tokens = Math.min(this.#burst, filled) - bytes;
    this.#filledMs = nowMs;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#bytesPerSecond) * 1000;
  }
}
