/** Paths, buffers, string vectors, iovecs. */
import { argument, late, list, output, type CallState, type Format, type OutputFormat, type Scope } from "./format.ts";
import { pathMax, readExactly, readString } from "./memory.ts";
import { u64 } from "../../linux/scalar.ts";
import { jsonBuffer, jsonName, quoted, quotedHex } from "./text.ts";
import { jsonInteger, nullPointer, pointer, type Decoded, type Integer } from "./value.ts";

const isNull = (address: Integer): boolean => address === 0n || address === 0;

/** A string that ends with a NUL, up to `limit` bytes of it. */
export function stringAt(address: Integer, limit: number, call: CallState): Decoded {
  if (isNull(address)) return nullPointer;
  const found = readString(call.memory, BigInt(address), limit);
  if (found === undefined) return pointer(address);
  return { text: quoted(found.bytes, !found.complete), value: jsonName(found.bytes) };
}

/** A path: always shown whole. */
export const path: Format = () => (address, call) => stringAt(address, pathMax - 1, call);

/** Any other string: cut like a buffer. */
export const cString: Format =
  ({ stringLimit }) =>
  (address, call) =>
    stringAt(address, stringLimit, call);

/** Length of a buffer in bytes. */
export type Length = (scope: Scope) => (call: CallState) => Integer;

export const lengthIn =
  (name: string): Length =>
  (scope) => {
    const register = argument(scope, name);
    return (call) => register(call);
  };
export const lengthReturned: Length = () => (call) => call.result ?? 0n;

export interface BufferOptions {
  /** Never text: `"\x01\xff"`. */
  readonly hex?: boolean;
}

/** `"…"...`: a buffer of `length` bytes, of which at most `limit` are shown; the address where they are not readable. */
export function bufferAt(
  address: Integer,
  length: Integer,
  limit: number,
  call: CallState,
  options: BufferOptions = {},
): Decoded {
  if (isNull(address)) return nullPointer;
  const total = length < 0 ? 0 : Number(length);
  const bytes = readExactly(call.memory, BigInt(address), Math.min(total, limit));
  if (bytes === undefined) return pointer(address);
  const cut = total > bytes.length;
  return {
    text: options.hex ? quotedHex(bytes, cut) : quoted(bytes, cut),
    value: jsonBuffer(bytes, total),
  };
}

export const buffer =
  (length: Length, options: BufferOptions = {}): Format =>
  (scope) => {
    const bytes = length(scope);
    return (address, call) => bufferAt(address, bytes(call), scope.stringLimit, call, options);
  };

/** Filled in by the call, as many bytes as it returned. */
export const outputBuffer = (options: BufferOptions = {}): OutputFormat => output(buffer(lengthReturned, options));

/** A path that the call wrote, with its NUL. */
export const outputPath: OutputFormat = output(path);

/** A call's own arguments as the program gives them. */
const vectorLimit = 4096;

function pointersAt(address: bigint, call: CallState): { pointers: Integer[]; complete: boolean } {
  const pointers: Integer[] = [];
  const step = 32;
  for (let index = 0; index < vectorLimit; index += step) {
    const bytes = call.memory.read(address + BigInt(index * 8), step * 8);
    if (bytes === undefined) return { pointers, complete: false };
    for (let offset = 0; offset + 8 <= bytes.length; offset += 8) {
      const value = u64(bytes, offset);
      if (value === 0) return { pointers, complete: true };
      pointers.push(value);
    }
    if (bytes.length < step * 8) return { pointers, complete: false };
  }
  return { pointers, complete: false };
}

/** argv: `["ls", "-l"]`, as many as strings are shown in bytes. */
export const stringVector: Format =
  ({ stringLimit }) =>
  (address, call) => {
    if (isNull(address)) return nullPointer;
    const { pointers, complete } = pointersAt(BigInt(address), call);
    if (pointers.length === 0 && !complete) return pointer(address);
    const shown = pointers.slice(0, stringLimit).map((item) => stringAt(item, stringLimit, call));
    return list(shown, pointers.length > shown.length || !complete);
  };

/** envp: how many there are; what is in them is nobody's business. */
export const environment: Format = () => (address, call) => {
  if (isNull(address)) return nullPointer;
  const { pointers, complete } = pointersAt(BigInt(address), call);
  if (pointers.length === 0 && !complete) return pointer(address);
  const { length } = pointers;
  return {
    text: `${pointer(address).text} /* ${length} ${length === 1 ? "var" : "vars"}${complete ? "" : ", unterminated"} */`,
    value: { vars: length },
  };
};

/** No more buffers than the kernel takes (UIO_MAXIOV, include/uapi/linux/uio.h). */
const maxBuffers = 1024;

/** What an iovec's buffers hold, up to `total` bytes over all of them; `total` null: they are shown as addresses. */
export function iovecAt(
  address: Integer,
  count: number,
  total: Integer | null,
  limit: number,
  call: CallState,
): Decoded {
  if (isNull(address)) return nullPointer;
  if (count === 0) return list([]);
  const shown = Math.min(count, limit, maxBuffers);
  const bytes = readExactly(call.memory, BigInt(address), shown * 16);
  if (bytes === undefined) return pointer(address);
  let left = total === null ? 0 : Number(total);
  const items: Decoded[] = [];
  for (let index = 0; index < shown; index++) {
    const base = u64(bytes, index * 16);
    const length = u64(bytes, index * 16 + 8);
    const filled = Math.min(left, Number(length));
    left -= filled;
    const content = total === null ? pointer(base) : bufferAt(base, filled, limit, call);
    items.push({
      text: `{iov_base=${content.text}, iov_len=${length}}`,
      value: { iov_base: content.value, iov_len: jsonInteger(length) },
    });
  }
  return list(items, count > shown);
}

const iovecWith =
  (count: string, total: (call: CallState) => Integer | null): Format =>
  (scope) => {
    const register = argument(scope, count);
    return (address, call) =>
      iovecAt(address, Number(register(call) & 0xffff_ffffn), total(call), scope.stringLimit, call);
  };

/** Buffers that the call reads from: all of them are shown. */
export const iovec = (count: string): Format => iovecWith(count, () => Number.MAX_SAFE_INTEGER);

/** Buffers that the call fills, as far as it did. */
export const outputIovec = (count: string): OutputFormat =>
  late(iovecWith(count, (call) => (call.succeeded ? call.result : null)));

/** Buffers of another process, or ones whose content says nothing. */
export const remoteIovec = (count: string): Format => iovecWith(count, () => null);
