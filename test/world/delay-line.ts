/** A connection that is far away: everything takes a while, in both directions, and keeps its order. */
import { Duplex } from "node:stream";

interface Due {
  readonly atMs: number;
  readonly deliver: () => void;
}

/** Delivers what it is given after a fixed time, in the order in which it was given. Any number may be under way. */
class Line {
  readonly #delayMs: number;
  readonly #due: Due[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  send(deliver: () => void): void {
    this.#due.push({ atMs: performance.now() + this.#delayMs, deliver });
    this.#arm();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#due.length = 0;
  }

  #arm(): void {
    const [first] = this.#due;
    if (first === undefined || this.#timer !== undefined) return;
    // Timers count whole milliseconds and fire up to one early: rounded up, nothing arrives before its time.
    this.#timer = setTimeout(() => this.#deliver(), Math.max(Math.ceil(first.atMs - performance.now()), 0));
  }

  #deliver(): void {
    this.#timer = undefined;
    const now = performance.now();
    const late = this.#due.findIndex(({ atMs }) => atMs > now);
    for (const { deliver } of this.#due.splice(0, late < 0 ? this.#due.length : late)) deliver();
    this.#arm();
  }
}

/**
 * @param connection what is at the other end of the line
 * @param roundTripMs how long a byte and its answer are under way together, at least; the bandwidth is unlimited
 */
export function delayLine(connection: Duplex, roundTripMs: number): Duplex {
  const there = new Line(roundTripMs / 2);
  const back = new Line(roundTripMs / 2);
  const line = new Duplex({
    read: () => undefined,
    write(chunk: Uint8Array, _encoding, done) {
      there.send(() => connection.write(chunk));
      done();
    },
    final(done) {
      there.send(() => connection.end(done));
    },
    destroy(error, done) {
      there.stop();
      back.stop();
      connection.destroy();
      done(error);
    },
  });
  connection.on("data", (chunk: Uint8Array) => back.send(() => line.push(chunk)));
  connection.once("end", () => back.send(() => line.push(null)));
  connection.once("close", () => back.send(() => line.destroy()));
  connection.once("error", (error) => back.send(() => line.destroy(error)));
  return line;
}
