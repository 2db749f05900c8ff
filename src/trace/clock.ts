/**
 * Turns the processor's ticks, taken by the program's own thread right before and after a
 * call, into microseconds. The rate comes from two readings of the same counter beside
 * our own clock: one when the trace is set up, one when the first duration is asked for. Starting
 * the program lies between, some milliseconds at least, so the rate is good to one in a thousand.
 */
import { loadFunction } from "../linux/native.ts";
import type { StubCode } from "../machine/machine.ts";

const FIRST_INTERVAL_MS = 1;

export class TickClock {
  readonly #read: (() => bigint) | undefined;
  readonly #startTicks: bigint;
  readonly #startMs: number;
  #usPerTick: number | undefined;

  /** @param stub its label `ticks` is the function that reads the counter */
  constructor({ code, codeOffset, labels }: StubCode) {
    this.#read = loadFunction(code, (labels["ticks"] ?? 0) - codeOffset);
    this.#startTicks = this.#read?.() ?? 0n;
    this.#startMs = performance.now();
  }

  /** @returns undefined where the rate cannot be known */
  toUs(ticks: bigint): number | undefined {
    this.#usPerTick ??= this.#measure();
    return this.#usPerTick === undefined ? undefined : Number(ticks) * this.#usPerTick;
  }

  #measure(): number | undefined {
    if (this.#read === undefined) return undefined;
    const us = (performance.now() - this.#startMs) * 1000;
    const ticks = Number(this.#read() - this.#startTicks);
    return us > FIRST_INTERVAL_MS * 1000 && ticks > 0 ? us / ticks : undefined;
  }
}
