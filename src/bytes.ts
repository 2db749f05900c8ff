/**
 * Bounded little-endian reading. A {@link ByteView} is a window on bytes that knows
 * what it is called; a read outside it throws a typed error that names the structure,
 * the offset, what was wanted and what was there. A view made from a view can
 * never see outside its parent.
 */
import { ElsewhereError, type ErrorCode, exitCodes } from "./errors.ts";

declare const brand: unique symbol;
/** A virtual address, as linked (before any load bias). */
export type Address = bigint & { readonly [brand]: "Address" };
/** A position in a file, in bytes. */
export type FileOffset = number & { readonly [brand]: "FileOffset" };

export const address = (value: bigint | number): Address => BigInt(value) as Address;
export const fileOffset = (value: number): FileOffset => value as FileOffset;

export class ByteView {
  /** What these bytes are, for error messages: "ELF header of ./server". */
  readonly what: string;
  readonly bytes: Uint8Array;
  readonly #data: DataView;
  readonly #malformed: ErrorCode;

  /**
   * @param bytes     the window
   * @param what      its name in error messages
   * @param malformed error code of reads outside it
   */
  constructor(bytes: Uint8Array, what: string, malformed: ErrorCode) {
    this.bytes = bytes;
    this.what = what;
    this.#data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#malformed = malformed;
  }

  get length(): number {
    return this.bytes.length;
  }

  /** A window of `length` bytes at `offset`; error messages call it `what` of this one. */
  view(offset: number | bigint, length: number | bigint, what: string): ByteView {
    const start = this.#check(offset, length, what);
    return new ByteView(this.bytes.subarray(start, start + Number(length)), `${what} of ${this.what}`, this.#malformed);
  }

  u8(offset: number): number {
    return this.#data.getUint8(this.#check(offset, 1));
  }
  u16(offset: number): number {
    return this.#data.getUint16(this.#check(offset, 2), true);
  }
  u32(offset: number): number {
    return this.#data.getUint32(this.#check(offset, 4), true);
  }
  i32(offset: number): number {
    return this.#data.getInt32(this.#check(offset, 4), true);
  }
  u64(offset: number): bigint {
    return this.#data.getBigUint64(this.#check(offset, 8), true);
  }
  i64(offset: number): bigint {
    return this.#data.getBigInt64(this.#check(offset, 8), true);
  }

  /**
   * The string that ends with a NUL at or after `offset`, decoded as Latin-1 (one
   * character a byte, so that nothing is lost).
   * @param limit longest string accepted, in bytes
   */
  cString(offset: number, limit: number = 4096): string {
    this.#check(offset, 1);
    const end = this.bytes.subarray(0, offset + limit + 1).indexOf(0, offset);
    if (end < 0) throw this.error(offset, `a string of at most ${limit} bytes that ends with NUL`, "no NUL");
    return String.fromCharCode(...this.bytes.subarray(offset, end));
  }

  /** The typed error for something unexpected at `offset` of this structure. */
  error(offset: number | bigint, wanted: string, found: string): ElsewhereError {
    return new ElsewhereError({
      code: this.#malformed,
      exitCode: exitCodes.cannotRun,
      message: `malformed: ${this.what}`,
      context: [`at offset 0x${offset.toString(16)}`, `wanted: ${wanted}`, `found: ${found}`],
    });
  }

  #check(offset: number | bigint, length: number | bigint, what = "a value"): number {
    // Number() of a bigint rounds only far above any length, so the comparison stays right.
    const start = Number(offset);
    const size = Number(length);
    if (!(start >= 0 && size >= 0 && start + size <= this.bytes.length))
      throw this.error(offset, `${length} bytes for ${what}`, `${this.bytes.length} bytes in all`);
    return start;
  }
}

/** Bytes that hold anything: for who fills them. What is long costs nothing to zero. */
export const uninitialised = (length: number): Uint8Array => new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
