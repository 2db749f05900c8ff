/**
 * Turns the processor's ticks, taken by the program's own thread right before and after a
 * call, into microseconds. The rate comes from two readings of the same counter beside
 * our own clock, the first when the trace is set up; the longer ago that is, the better the rate. Starting
 * the program lies between at least, some milliseconds, so it is good to one in a thousand from the beginning.
 */
import { loadFunction } from "../linux/native.ts";
import type { StubCode } from "../machine/machine.ts";

const FIRST_INTERVAL_MS = 1;

export class TickClock {
  readonly #read: (() => bigint) | undefined;
  readonly #start: Reading;
  /** The latest reading: points in time are told from here. */
  #anchor: Reading;
  #usPerTick: number | undefined;

  /** @param stub its label `ticks` is the function that reads the counter */
  constructor({ code, codeOffset, labels }: StubCode) {
    this.#read = loadFunction(code, (labels["ticks"] ?? 0) - codeOffset);
    this.#start = this.#reading();
    this.#anchor = this.#start;
  }

  /** Whether the counter can be read here. */
  get works(): boolean {
    return this.#read !== undefined;
  }

  /** The counter now; exact below 2^53, which takes a month at three gigahertz. */
  now(): number {
    this.#anchor = this.#reading();
    const us = this.#anchor.us - this.#start.us;
    const ticks = this.#anchor.ticks - this.#start.ticks;
    if (us > FIRST_INTERVAL_MS * 1000 && ticks > 0) this.#usPerTick = us / ticks;
    return this.#anchor.ticks;
  }

  /** A duration. @returns undefined where the rate cannot be known */
  toUs(ticks: number): number | undefined {
    if (this.#usPerTick === undefined && this.works) this.now();
    return this.#usPerTick === undefined ? undefined : ticks * this.#usPerTick;
  }

  /** A point in time, microseconds since 1970: exact to some nanoseconds when it is not long ago. */
  toEpochUs(ticks: number): number {
    return this.#anchor.us + (ticks - this.#anchor.ticks) * (this.#usPerTick ?? 0);
  }

  #reading(): Reading {
    return { ticks: Number(this.#read?.() ?? 0n), us: (performance.timeOrigin + performance.now()) * 1000 };
  }
}

interface Reading {
  readonly ticks: number;
  /** Microseconds since 1970. */
  readonly us: number;
}
