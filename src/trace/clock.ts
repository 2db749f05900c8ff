/**
 * Turns the processor's ticks, taken by the program's own thread right before and after a
 * call, into microseconds. The rate is measured as the trace goes on: between the first and
 * the latest pair of (ticks, our clock) seen. A pair is late by the way to the supervisor, at
 * most some hundred microseconds when it had to be woken; once the pairs are far enough apart the
 * rate is good to a few in a hundred, and it improves. Before that `toUs` knows nothing.
 */
const SETTLED_MS = 5;

export class TickClock {
  #firstTicks: bigint | undefined;
  #firstMs = 0;
  #usPerTick = 0;

  /** At `nowMs` of our clock the processor's counter stood at `ticks`, or a little later. */
  sample(ticks: bigint, nowMs: number): void {
    if (this.#firstTicks === undefined) {
      this.#firstTicks = ticks;
      this.#firstMs = nowMs;
    } else if (nowMs - this.#firstMs > SETTLED_MS && ticks > this.#firstTicks)
      this.#usPerTick = ((nowMs - this.#firstMs) * 1000) / Number(ticks - this.#firstTicks);
  }

  /** @returns undefined while the rate is not known */
  toUs(ticks: bigint): number | undefined {
    return this.#usPerTick === 0 ? undefined : Number(ticks) * this.#usPerTick;
  }
}
