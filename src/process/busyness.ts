/**
 * Is the machine crowded? While the supervisor polls it wants all of a processor; when it gets
 * less than half of one, others are waiting, and polling only takes turns away from the
 * program that it serves. One short stretch proves nothing (a virtual machine's host takes
 * processors away for some milliseconds, a compiler has just started), several in a row do.
 * Crowded is believed for a while, then measured anew.
 */

/** How long polling must have gone on for a judgement, milliseconds. */
const STRETCH_MS = 10;
/** The share of a processor below which the machine is crowded. */
const CROWDED_SHARE = 0.5;
/** How many stretches in a row must have been so. */
const STRETCHES = 3;
/** How long a judgement of "crowded" holds, milliseconds. */
const HOLDS_MS = 500;

export class Busyness {
  isCrowded = false;
  /** When the stretch of polling began that is being measured, and the processor time at that moment. */
  #sinceMs: number | undefined;
  #sinceCpuMs = 0;
  #untilMs = 0;
  #crowdedStretches = 0;

  /**
   * Called between polls.
   * @param now performance.now()
   * @returns whether `isCrowded` has changed
   */
  measure(now: number): boolean {
    if (this.isCrowded) {
      if (now < this.#untilMs) return false;
      this.#sinceMs = undefined;
      this.isCrowded = false;
      return true;
    }
    if (this.#sinceMs === undefined) this.#begin(now);
    else if (now - this.#sinceMs >= STRETCH_MS) {
      const share = (cpuMs() - this.#sinceCpuMs) / (now - this.#sinceMs);
      this.#begin(now);
      this.#crowdedStretches = share < CROWDED_SHARE ? this.#crowdedStretches + 1 : 0;
      if (this.#crowdedStretches === STRETCHES) {
        this.#crowdedStretches = 0;
        this.isCrowded = true;
        this.#untilMs = now + HOLDS_MS;
        return true;
      }
    }
    return false;
  }

  /** Polling ends: what follows is no part of a stretch. */
  pause(): void {
    this.#sinceMs = undefined;
  }

  #begin(now: number): void {
    this.#sinceMs = now;
    this.#sinceCpuMs = cpuMs();
  }
}

/** Processor time of this process so far, milliseconds. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
