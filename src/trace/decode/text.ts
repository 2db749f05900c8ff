/** Bytes as strace quotes them, and as JSON. */
import type { JsonValue } from "../record.ts";

const short: Readonly<Record<number, string>> = {
  0x09: "\\t",
  0x0a: "\\n",
  0x0b: "\\v",
  0x0c: "\\f",
  0x0d: "\\r",
  0x22: '\\"',
  0x5c: "\\\\",
};

const isPlain = (byte: number): boolean => byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;

function allPlain(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (!isPlain(byte)) return false;
  return true;
}

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");

/**
 * `"…"` with C escapes; bytes outside ASCII in octal, as short as what follows allows (`\0` but `\0001`).
 * @param cut whether to add `...` behind the closing quote: there was more
 */
export function quoted(bytes: Uint8Array, cut: boolean = false): string {
  const end = cut ? '"...' : '"';
  if (allPlain(bytes)) return `"${latin1(bytes)}${end}`;
  let text = '"';
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] ?? 0;
    if (isPlain(byte)) text += String.fromCharCode(byte);
    else text += short[byte] ?? `\\${octalEscape(byte, bytes[index + 1])}`;
  }
  return text + end;
}

function octalEscape(byte: number, next: number | undefined): string {
  const digitFollows = next !== undefined && next >= 0x30 && next <= 0x39;
  return byte.toString(8).padStart(digitFollows ? 3 : 1, "0");
}

/** `"\x01\xff"`: for what is never text. */
export function quotedHex(bytes: Uint8Array, cut: boolean = false): string {
  let text = '"';
  for (const byte of bytes) text += `\\x${byte.toString(16).padStart(2, "0")}`;
  return `${text}${cut ? '"...' : '"'}`;
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes as a string when they are UTF-8. */
function utf8(bytes: Uint8Array): string | undefined {
  if (allPlain(bytes)) return latin1(bytes);
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

/** A name or path: a string, or `{ base64 }` where it is not UTF-8. */
export function jsonName(bytes: Uint8Array): JsonValue {
  return utf8(bytes) ?? { base64: base64(bytes) };
}

/** No control characters but tab, newline and carriage return. */
// oxlint-disable-next-line no-control-regex
const printable = /^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$/;

/**
 * A buffer of `length` bytes of which `bytes` is the beginning.
 */
export function jsonBuffer(bytes: Uint8Array, length: number): JsonValue {
  // A character that the cut runs through belongs to the part that is not shown.
  const whole = length > bytes.length ? bytes.subarray(0, endOfLastCharacter(bytes)) : bytes;
  const text = utf8(whole);
  return text !== undefined && printable.test(text) ? { text, length } : { base64: base64(bytes), length };
}

function endOfLastCharacter(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes.length;
    if (byte >= 0xc0) {
      const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return size > back ? bytes.length - back : bytes.length;
    }
  }
  return bytes.length;
}
