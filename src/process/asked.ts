/** Sees to it that exactly the wanted calls are asked for or watched, while what is wanted changes. */
import type { Capture } from "../mailbox/journal.ts";
import type { CallHandler, Supervisor } from "./supervisor.ts";

/** A call that need not be asked: what {@link Supervisor.watch} takes. */
export interface Watch {
  readonly record: boolean;
  readonly captures: readonly Capture[];
}

/** What becomes of calls, by number; where several name one, the first of these counts. */
export interface Asked {
  readonly always: Iterable<number>;
  readonly watched: ReadonlyMap<number, Watch>;
  /** Where their first argument is a marked descriptor. */
  readonly marked: Iterable<number>;
}

export class AskedCalls {
  readonly #supervisor: Supervisor;
  readonly #handler: CallHandler;
  #wanted: ReadonlyMap<number, Watch | "always" | "marked"> = new Map();

  constructor(supervisor: Supervisor, handler: CallHandler) {
    this.#supervisor = supervisor;
    this.#handler = handler;
  }

  /** These calls, and no others, are asked or watched from now on. */
  set({ always, watched, marked }: Asked): void {
    const wanted = new Map<number, Watch | "always" | "marked">();
    for (const number of marked) wanted.set(number, "marked");
    for (const [number, watch] of watched) wanted.set(number, watch);
    for (const number of always) wanted.set(number, "always");
    this.#supervisor.release(this.#wanted.keys().filter((number) => !wanted.has(number)));
    for (const [number, how] of wanted) {
      if (this.#wanted.get(number) === how) continue;
      if (how === "marked") this.#supervisor.serveMarked([number], this.#handler);
      else this.#supervisor.serve([number], this.#handler);
      if (typeof how === "object") this.#supervisor.watch(number, how.record, how.captures);
    }
    this.#wanted = wanted;
  }
}

/** What asks about a path only where that is under /proc. */
export const lookAt = (paths: ReadonlyMap<number, Capture>): Map<number, Watch> =>
  new Map([...paths].map(([number, path]) => [number, { record: false, captures: [path] }]));
