/**
 * The arena: memory of the mailbox that the supervisor lends to the program, for paths and
 * vectors that a call made on its behalf points to. First fit over a sorted list of loans;
 * there are few at a time.
 */
import { ARENA, ARENA_SIZE } from "./layout.ts";

const ALIGNMENT = 64;

/** A piece of the mailbox, in bytes from its start. */
export interface Loan {
  readonly offset: number;
  readonly length: number;
}

export class Arena {
  readonly #loans: Loan[] = [];

  /** @returns undefined when no piece is large enough */
  borrow(length: number): Loan | undefined {
    const wanted = Math.ceil(Math.max(length, 1) / ALIGNMENT) * ALIGNMENT;
    let at = ARENA;
    for (const [index, loan] of this.#loans.entries()) {
      if (loan.offset - at >= wanted) return this.#insert(index, { offset: at, length: wanted });
      at = loan.offset + loan.length;
    }
    if (ARENA + ARENA_SIZE - at < wanted) return undefined;
    return this.#insert(this.#loans.length, { offset: at, length: wanted });
  }

  giveBack(loan: Loan): void {
    const index = this.#loans.indexOf(loan);
    if (index >= 0) this.#loans.splice(index, 1);
  }

  #insert(index: number, loan: Loan): Loan {
    this.#loans.splice(index, 0, loan);
    return loan;
  }
}
