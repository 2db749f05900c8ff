/**
 * The program's memory for the time of one call. It is the program's own again when the call
 * is over: from then on nothing can be read and nothing is written.
 */
import { errnoNumber } from "../linux/errno.ts";
import { MOST_MOVED } from "../linux/native.ts";
import type { ProcessMemory } from "../process/memory.ts";

const EFAULT = -(errnoNumber("EFAULT") ?? 0);

export class CallMemory {
  readonly #memory: () => ProcessMemory | undefined;

  /** @param memory undefined once the call is over */
  constructor(memory: () => ProcessMemory | undefined) {
    this.#memory = memory;
  }

  /** As many of `length` bytes as can be read. */
  read(address: bigint, length: number): Uint8Array {
    const memory = this.#memory();
    if (memory === undefined || length <= 0) return new Uint8Array(0);
    if (length <= MOST_MOVED) return memory.read(address, length) ?? new Uint8Array(0);
    const chunks: Uint8Array[] = [];
    for (let done = 0; done < length;) {
      const chunk = memory.read(address + BigInt(done), Math.min(MOST_MOVED, length - done));
      if (chunk === undefined || chunk.length === 0) break;
      chunks.push(chunk);
      done += chunk.length;
    }
    return new Uint8Array(Buffer.concat(chunks));
  }

  /** @returns bytes written, or −EFAULT where not all of them could be */
  write(address: bigint, bytes: Uint8Array): number {
    const memory = this.#memory();
    if (memory === undefined) return EFAULT;
    for (let done = 0; done < bytes.length;) {
      const count = memory.write(address + BigInt(done), bytes.subarray(done, done + MOST_MOVED));
      if (count <= 0) return EFAULT;
      done += count;
    }
    return bytes.length;
  }

  /** The bytes in front of the NUL; none where there is no such string. */
  cString(address: bigint, limit?: number): Uint8Array {
    return (address === 0n ? undefined : this.#memory()?.cString(address, limit)) ?? new Uint8Array(0);
  }
}
