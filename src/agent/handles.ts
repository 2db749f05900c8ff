/** The files that a connection has open. */
import { limits } from "../wire/limits.ts";
import { fail } from "./errno.ts";

/** An open file of the target. */
export interface Handle {
  readonly descriptor: number;
  /** Calls that use its offset come one after the other. */
  turn: Promise<unknown>;
}

export class Handles {
  readonly #open = new Map<bigint, Handle>();
  #last = 0n;

  /** Gives an open descriptor a handle. @throws Errno EMFILE with too many */
  add(descriptor: number): bigint {
    if (this.#open.size >= limits.handles) fail("EMFILE");
    this.#open.set(++this.#last, { descriptor, turn: Promise.resolve() });
    return this.#last;
  }

  /** @throws Errno EBADF */
  get(handle: bigint): Handle {
    return this.#open.get(handle) ?? fail("EBADF");
  }

  /** @throws Errno EBADF */
  remove(handle: bigint): Handle {
    const found = this.get(handle);
    this.#open.delete(handle);
    return found;
  }

  *all(): IterableIterator<Handle> {
    yield* this.#open.values();
  }
}
