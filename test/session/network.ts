/** A connection that a seed makes good or bad: it delays, trickles, stalls, is cut, or loses one direction. */
import { Duplex } from "node:stream";
import type { VirtualClock } from "./clock.ts";
import type { Random } from "./random.ts";

const faults = ["none", "none", "cut", "stall", "deaf", "trickle"] as const;

export interface Link {
  readonly here: Duplex;
  readonly there: Duplex;
  readonly fault: (typeof faults)[number];
  /** The agent's end is gone, as when its process is killed. */
  readonly kill: () => void;
}

export function makeLink(clock: VirtualClock, random: Random): Link {
  const fault = faults[random.below(faults.length)] ?? "none";
  /** The fault shows after so many bytes, both directions together. */
  let left = random.below(4000);
  const stallMs = 1000 + random.below(40_000);
  let stalledUntil = 0;
  /** What is under way in each direction arrives in order. */
  const arrival = [0, 0];

  const deliver = (direction: 0 | 1, bytes: Buffer, done: () => void): void => {
    left -= bytes.length;
    if (fault === "cut" && left < 0) {
      here.destroy();
      there.destroy();
      return done();
    }
    if (fault === "deaf" && left < 0 && direction === 0) return done();
    if (fault === "stall" && left < 0 && stalledUntil === 0) stalledUntil = clock.now() + stallMs;
    const earliest = Math.max(clock.now() + random.below(30), stalledUntil, arrival[direction] ?? 0);
    arrival[direction] = earliest;
    clock.after(earliest - clock.now(), () => {
      clock.activity++;
      const end = direction === 0 ? there : here;
      if (!end.destroyed) end.push(bytes);
      done();
    });
  };

  const makeEnd = (direction: 0 | 1): Duplex =>
    new Duplex({
      allowHalfOpen: true,
      read: () => undefined,
      write(chunk: Buffer, _encoding, done: (error?: Error | null) => void) {
        clock.activity++;
        if (fault !== "trickle" || chunk.length < 2) return deliver(direction, chunk, () => done());
        const at = 1 + random.below(chunk.length - 1);
        deliver(direction, chunk.subarray(0, at), () => undefined);
        deliver(direction, chunk.subarray(at), () => done());
      },
      destroy(error, done) {
        clock.activity++;
        const hasArrived = Math.max(clock.now() + 10, stalledUntil, arrival[direction] ?? 0);
        if (fault !== "deaf" || left >= 0 || direction === 1)
          clock.after(hasArrived - clock.now(), () => (direction === 0 ? there : here).destroy());
        done(error);
      },
    });
  const here = makeEnd(0);
  const there = makeEnd(1);
  return { here, there, fault, kill: () => void there.destroy() };
}
