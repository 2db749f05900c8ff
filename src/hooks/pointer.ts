/** A pointer that the program gave to a call: where it leads is read only when somebody asks. */
import type { CallMemory } from "./memory.ts";

/** What a pointer in the program's memory leads to. What cannot be read is empty, as NULL is. */
export interface Pointer {
  /** In the program's memory; 0n is NULL. */
  readonly address: bigint;
  readonly isNull: boolean;
  /** As many of `length` bytes as can be read. */
  read(length: number): Uint8Array;
  /** @returns bytes written, or −EFAULT: what a hook may return as the call's result */
  write(bytes: Uint8Array): number;
  /** The text in front of the NUL, at most `limit` bytes (4096). */
  string(limit?: number): string;
  /** The pointer `bytes` further on. */
  plus(bytes: number): Pointer;
}

export class MemoryPointer implements Pointer {
  readonly address: bigint;
  readonly #memory: CallMemory;

  constructor(memory: CallMemory, address: bigint) {
    this.#memory = memory;
    this.address = address;
  }

  get isNull(): boolean {
    return this.address === 0n;
  }

  read(length: number): Uint8Array {
    return this.#memory.read(this.address, length);
  }

  write(bytes: Uint8Array): number {
    return this.#memory.write(this.address, bytes);
  }

  string(limit?: number): string {
    return textOf(this.#memory.cString(this.address, limit));
  }

  plus(bytes: number): Pointer {
    return new MemoryPointer(this.#memory, this.address + BigInt(bytes));
  }

  toJSON(): string {
    return `0x${this.address.toString(16)}`;
  }
}

/** What is not UTF-8 becomes U+FFFD. */
export const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
