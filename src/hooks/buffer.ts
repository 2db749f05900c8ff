/** The data of a call like read or write: one view over all its parts, be they one or an iovec's. */
import { u32, u64 } from "../linux/scalar.ts";
import type { CallMemory } from "./memory.ts";
import type { BufferParameters } from "./parameters.ts";

/** A call's data: what it sends, or the room for what it gets. */
export interface CallBuffer {
  /** Bytes in all parts together: the data's, or the room's. */
  readonly length: number;
  /**
   * As many bytes as can be read. After a call that fills the buffer, `length` is its result.
   * @param offset where to begin, bytes from the first part's start
   */
  read(length?: number, offset?: number): Uint8Array;
  /**
   * Fills the buffer; what does not fit is left out.
   * @returns bytes written, or −EFAULT: what a hook may return as the call's result
   */
  write(bytes: Uint8Array | string, offset?: number): number;
}

/** struct iovec (include/uapi/linux/uio.h) */
const IOVEC = 16;
/** UIO_MAXIOV: no call takes more parts. */
const MAX_PARTS = 1024;
/** struct user_msghdr (include/linux/socket.h): msg_iov and msg_iovlen. */
const MSG_IOV = 16;
export const MSGHDR = 56;

interface Part {
  readonly address: bigint;
  readonly length: number;
}

export class PartsBuffer implements CallBuffer {
  readonly length: number;
  readonly #memory: CallMemory;
  readonly #parts: readonly Part[];

  constructor(memory: CallMemory, parts: readonly Part[]) {
    this.#memory = memory;
    this.#parts = parts;
    this.length = parts.reduce((sum, { length }) => sum + length, 0);
  }

  read(length: number = this.length, offset: number = 0): Uint8Array {
    const chunks: Uint8Array[] = [];
    this.#each(offset, length, (address, size) => {
      const chunk = this.#memory.read(address, size);
      chunks.push(chunk);
      return chunk.length === size;
    });
    return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : new Uint8Array(Buffer.concat(chunks));
  }

  write(data: Uint8Array | string, offset: number = 0): number {
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    let written = 0;
    let failed = 0;
    this.#each(offset, bytes.length, (address, size) => {
      const result = this.#memory.write(address, bytes.subarray(written, written + size));
      if (result < 0) failed = result;
      else written += result;
      return result === size;
    });
    return written === 0 ? failed : written;
  }

  /** Calls `use` for the pieces of `length` bytes from `offset` on, until it returns false. */
  #each(offset: number, length: number, use: (address: bigint, size: number) => boolean): void {
    let skip = offset;
    let left = Math.min(length, this.length - offset);
    for (const part of this.#parts) {
      if (left <= 0) return;
      const size = Math.min(part.length - skip, left);
      if (size > 0) {
        if (!use(part.address + BigInt(skip), size)) return;
        left -= size;
      }
      skip = Math.max(0, skip - part.length);
    }
  }
}

/** The buffer of a call with these registers. */
export function bufferOf(
  memory: CallMemory,
  { kind, pointer, length }: BufferParameters,
  registers: readonly bigint[],
): CallBuffer {
  const address = registers[pointer] ?? 0n;
  if (kind === "vector") return new PartsBuffer(memory, partsAt(memory, address, Number(registers[length] ?? 0n)));
  if (kind === "message") {
    const header = memory.read(address, MSGHDR);
    const count = header.length < MSGHDR ? 0 : Number(u64(header, MSG_IOV + 8));
    return new PartsBuffer(memory, partsAt(memory, BigInt(u64(header, MSG_IOV)), count));
  }
  return new PartsBuffer(memory, [{ address, length: Number(registers[length] ?? 0n) }]);
}

function partsAt(memory: CallMemory, address: bigint, count: number): readonly Part[] {
  const bytes = memory.read(address, Math.min(count, MAX_PARTS) * IOVEC);
  const parts: Part[] = [];
  for (let at = 0; at + IOVEC <= bytes.length; at += IOVEC)
    parts.push({ address: BigInt(u64(bytes, at)), length: Number(u64(bytes, at + 8)) });
  return parts;
}

/** An iovec of one part. */
export function onePart(address: bigint, length: number): Uint8Array {
  const bytes = Buffer.alloc(IOVEC);
  bytes.writeBigUInt64LE(address, 0);
  bytes.writeBigUInt64LE(BigInt(length), 8);
  return bytes;
}

/** A copy of a message header with other data: `parts` is where its only iovec is. */
export function headerWithParts(header: Uint8Array, parts: bigint): Uint8Array {
  const copy = Buffer.from(header);
  copy.writeBigUInt64LE(parts, MSG_IOV);
  copy.writeBigUInt64LE(1n, MSG_IOV + 8);
  return copy;
}

/** A copy of a message header with another address. */
export function headerWithAddress(header: Uint8Array, address: bigint, length: number): Uint8Array {
  const copy = Buffer.from(header);
  copy.writeBigUInt64LE(address, 0);
  copy.writeUInt32LE(length, 8);
  return copy;
}

/** Where a message header's address is, and its length or the room for it. */
export const addressInHeader = (header: Uint8Array): { readonly address: bigint; readonly length: number } => ({
  address: BigInt(u64(header, 0)),
  length: u32(header, 8),
});
