/** Sees to it that exactly the wanted calls are asked for or watched, while what is wanted changes. */
import type { Capture } from "../mailbox/journal.ts";
import type { CallHandler, Supervisor } from "./supervisor.ts";

/** A call that need not be asked: what {@link Supervisor.watch} takes. */
export interface Watch {
  readonly record: boolean;
  readonly captures: readonly Capture[];
}

export class AskedCalls {
  readonly #supervisor: Supervisor;
  readonly #handler: CallHandler;
  #wanted: ReadonlyMap<number, Watch | undefined> = new Map();

  constructor(supervisor: Supervisor, handler: CallHandler) {
    this.#supervisor = supervisor;
    this.#handler = handler;
  }

  /**
   * Calls with these numbers, and no others, are asked or watched from now on.
   * @param watched of those that are asked as well nothing is watched
   */
  set(asked: Iterable<number>, watched: ReadonlyMap<number, Watch>): void {
    const wanted = new Map<number, Watch | undefined>(watched);
    for (const number of asked) wanted.set(number, undefined);
    this.#supervisor.release(this.#wanted.keys().filter((number) => !wanted.has(number)));
    for (const [number, watch] of wanted) {
      if (this.#wanted.has(number) && this.#wanted.get(number) === watch) continue;
      this.#supervisor.serve([number], this.#handler);
      if (watch !== undefined) this.#supervisor.watch(number, watch.record, watch.captures);
    }
    this.#wanted = wanted;
  }
}

/** What asks about a path only where that is under /proc. */
export const lookAt = (paths: ReadonlyMap<number, Capture>): Map<number, Watch> =>
  new Map([...paths].map(([number, path]) => [number, { record: false, captures: [path] }]));
