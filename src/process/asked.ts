/** Sees to it that exactly the wanted calls are asked for, while what is wanted changes. */
import type { CallHandler, Supervisor } from "./supervisor.ts";

export class AskedCalls {
  readonly #supervisor: Supervisor;
  readonly #handler: CallHandler;
  #numbers: ReadonlySet<number> = new Set();

  constructor(supervisor: Supervisor, handler: CallHandler) {
    this.#supervisor = supervisor;
    this.#handler = handler;
  }

  /** Calls with these numbers, and no others, are asked from now on. */
  set(numbers: Iterable<number>): void {
    const wanted = new Set(numbers);
    this.#supervisor.release(this.#numbers.difference(wanted));
    this.#supervisor.serve(wanted.difference(this.#numbers), this.#handler);
    this.#numbers = wanted;
  }
}
