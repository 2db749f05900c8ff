/** Time that passes only when nothing else is to be done. */
import type { Clock } from "../../src/wire/clock.ts";

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** node:http2 needs so many turns of the event loop, at most, from one thing to the next over a stream of JavaScript. */
const QUIET_TURNS = 6;

export class VirtualClock implements Clock {
  /** Grows with everything that happens: a turn in which it stays is a quiet one. */
  activity = 0;
  #now = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    this.activity++;
    const timer = { at: this.#now + ms, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Lets everything happen until it is over. @returns false when it is not within so many milliseconds of virtual time */
  async runUntil(isOver: () => boolean, mostMs: number): Promise<boolean> {
    for (;;) {
      await this.#quiet();
      if (isOver()) return true;
      let next: Timer | undefined;
      for (const timer of this.#timers) if (next === undefined || timer.at < next.at) next = timer;
      if (next === undefined || next.at > mostMs) return false;
      this.#timers.delete(next);
      this.#now = next.at;
      next.run();
    }
  }

  async #quiet(): Promise<void> {
    for (let quiet = 0, seen = this.activity; quiet < QUIET_TURNS; quiet++) {
      await new Promise(setImmediate);
      if (this.activity !== seen) {
        quiet = -1;
        seen = this.activity;
      }
    }
  }
}
