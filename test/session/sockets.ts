/** Stream sockets of the simulation: what one end writes arrives at the other, in order and after a while, once. */
import { Duplex } from "node:stream";
import type { VirtualClock } from "./clock.ts";
import type { Random } from "./random.ts";

const ECONNRESET = Object.assign(new Error("read ECONNRESET"), { errno: -104 });

/** One end, as far as {@link https://nodejs.org/api/net.html net.Socket} is asked for it. */
export class SimulatedSocket extends Duplex {
  connecting = false;
  readonly localAddress: string = "192.0.2.2";
  readonly localPort: number = 1;
  readonly remoteAddress: string = "192.0.2.1";
  readonly remotePort: number = 2;
  /** Set at once, by whoever makes both. */
  other: SimulatedSocket | undefined;
  readonly #clock: VirtualClock;
  readonly #random: Random;
  readonly #mostMs: number;
  /** When what was sent last is there. */
  #arrival = 0;
  #mayWrite: (() => void) | undefined;
  #isCut = false;

  constructor(clock: VirtualClock, random: Random, mostMs: number) {
    super({ allowHalfOpen: true, highWaterMark: 4096 });
    this.#clock = clock;
    this.#random = random;
    this.#mostMs = mostMs;
  }

  setNoDelay(): this {
    return this;
  }

  destroySoon(): void {
    this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => this.destroy());
  }

  resetAndDestroy(): this {
    this.#send((other) => other.destroy(ECONNRESET));
    this.#isCut = true;
    return this.destroy();
  }

  /** As the kernel does for a process that was killed: what was sent arrives, and then an end. */
  kill(): void {
    this.#sendEnd();
    this.#isCut = true;
    this.destroy();
  }

  override _read(): void {
    this.#clock.activity++;
    this.#mayWrite?.();
    this.#mayWrite = undefined;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    // Who reads no more has the sender find a reset.
    if (this.other?.destroyed === true) return void this.#clock.after(0, () => done(ECONNRESET));
    this.#send((other) => {
      if (other.destroyed || other.push(chunk)) done();
      else other.#mayWrite = done;
    });
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#sendEnd();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#mayWrite?.();
    this.#sendEnd();
    done(error);
  }

  #sendEnd(): void {
    this.#send((other) => {
      if (!other.destroyed && !other.readableEnded) other.push(null);
    });
  }

  #send(arrive: (other: SimulatedSocket) => void): void {
    this.#clock.activity++;
    if (this.#isCut) return;
    this.#arrival = Math.max(this.#arrival, this.#clock.now() + this.#random.below(this.#mostMs));
    this.#clock.after(this.#arrival - this.#clock.now(), () => {
      this.#clock.activity++;
      if (this.other !== undefined) arrive(this.other);
    });
  }
}

/** @param mostMs how long what is sent takes, less than that */
export function socketPair(
  clock: VirtualClock,
  random: Random,
  mostMs: number,
): readonly [SimulatedSocket, SimulatedSocket] {
  const [one, other] = [new SimulatedSocket(clock, random, mostMs), new SimulatedSocket(clock, random, mostMs)];
  one.other = other;
  other.other = one;
  return [one, other];
}
