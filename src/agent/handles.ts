/** The files that a connection has open. */
import { limits } from "../wire/limits.ts";
import { fail } from "./errno.ts";

/** An open file of the target. */
export interface Handle {
  readonly descriptor: number;
  /** Calls that use its offset come one after the other. */
  turn: Promise<unknown>;
  /**
   * Calls under way that use the descriptor. Closed under them its number might be given to another file, which they would
   * then read or write; so the last of them closes it, as the kernel does with a file that is in use.
   */
  uses: number;
  /** Set once it is to be closed by whoever uses it last. */
  close?: () => void;
}

export class Handles {
  readonly #open = new Map<bigint, Handle>();
  #last = 0n;

  /** Gives an open descriptor a handle. @throws Errno EMFILE with too many */
  add(descriptor: number): bigint {
    if (this.#open.size >= limits.handles) fail("EMFILE");
    this.#open.set(++this.#last, { descriptor, turn: Promise.resolve(), uses: 0 });
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

  /** Keeps handles that exist from being closed. @returns lets them */
  hold(numbers: readonly bigint[]): () => void {
    const held = numbers.map((number) => this.#open.get(number)).filter((handle) => handle !== undefined);
    for (const handle of held) handle.uses++;
    return () => {
      for (const handle of held) if (--handle.uses === 0) handle.close?.();
    };
  }

  *all(): IterableIterator<Handle> {
    yield* this.#open.values();
  }
}
