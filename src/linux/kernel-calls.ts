/**
 * System calls of this process, by the kernel's names and with its results, for what Node.js and libc have no function
 * of (openat2, O_PATH, locks of open files). They are made in libuv's threads, so that one that takes long delays nobody.
 */
import koffi from "koffi";
import type { CallTable } from "./calls.ts";

/** Bytes are passed by address; the kernel may write them. Text is passed with a NUL behind it. */
export type KernelArgument = number | bigint | string | Uint8Array;

const syscall = koffi
  .load(null)
  .func("long syscall(long nr, intptr_t a, intptr_t b, intptr_t c, intptr_t d, intptr_t e, intptr_t f)");

export class KernelCalls {
  readonly #calls: CallTable;

  constructor(calls: CallTable) {
    this.#calls = calls;
  }

  /** Where bytes are, for structures that point to them: the caller keeps both until the call is over. */
  static addressOf(bytes: Uint8Array): bigint {
    return koffi.address(bytes);
  }

  /** @returns the result, or −errno */
  make(name: string, ...args: readonly KernelArgument[]): Promise<number> {
    const held = args.map(inMemory);
    return new Promise((resolve, reject) => {
      syscall.async(...this.#registers(name, held), (error: Error | null, result: number | bigint) => {
        held.length = 0; // the kernel has done with them
        if (error === null) resolve(Number(result) === -1 ? -koffi.errno() : Number(result));
        else reject(error);
      });
    });
  }

  /** The same in this very thread: for calls that never wait. */
  makeNow(name: string, ...args: readonly KernelArgument[]): number {
    const held = args.map(inMemory);
    const result = Number(syscall(...this.#registers(name, held)) as number | bigint);
    return result === -1 ? -koffi.errno() : result;
  }

  #registers(name: string, args: readonly (number | bigint | Uint8Array)[]): (number | bigint)[] {
    const number = this.#calls.number(name);
    if (number === undefined) throw new TypeError(`this machine has no call ${name}`);
    const values = args.map((arg) => (arg instanceof Uint8Array ? koffi.address(arg) : arg));
    return [number, ...values, ...Array.from({ length: 6 - args.length }, () => 0)];
  }
}

const inMemory = (argument: KernelArgument): number | bigint | Uint8Array =>
  typeof argument === "string" ? Buffer.from(`${argument}\0`) : argument;
