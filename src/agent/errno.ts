/** A call of the target's kernel that failed. */
import { errnoNumber } from "../linux/errno.ts";

export class Errno extends Error {
  /** Above 0. */
  readonly number: number;

  constructor(number: number) {
    super(`errno ${number}`);
    this.number = number;
  }
}

/** @throws Errno for −errno */
export function checked(result: number): number {
  if (result < 0) throw new Errno(-result);
  return result;
}

export const fail = (name: string): never => {
  throw new Errno(errnoNumber(name) ?? 0);
};
