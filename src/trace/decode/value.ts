/**
 * A decoded value: text as strace writes it, and JSON. The conventions of the JSON side:
 *
 * - numbers are numbers; those beyond 2^53 decimal strings;
 * - flags are strings, "A|B", bits without a name in hexadecimal at the end; an enumeration is its name, or the
 *   number when it has none; file modes are numbers;
 * - a null pointer is null; any other pointer that is not followed, or that cannot be, is a string, "0x7f…";
 * - structures are objects under the kernel's field names, arrays are arrays;
 * - names and paths are strings; one that is not UTF-8 is `{ "base64": … }`;
 * - buffers are `{ "text": …, "length": n }`, or `{ "base64": …, "length": n }` where the content is not
 *   printable UTF-8. `length` is the whole buffer's, the content is cut where the text is.
 */
import type { Integer } from "../../linux/scalar.ts";
import type { JsonValue } from "../record.ts";

export interface Decoded {
  readonly text: string;
  readonly value: JsonValue;
}

export type { Integer } from "../../linux/scalar.ts";

/** `%#x`: zero has no prefix; a negative number is that of an int, a negative bigint that of a long. */
export function hex(value: Integer): string {
  if (value === 0 || value === 0n) return "0";
  if (value > 0) return `0x${value.toString(16)}`;
  const isInt = typeof value === "number" && value >= -0x8000_0000;
  return `0x${(isInt ? value >>> 0 : BigInt.asUintN(64, BigInt(value))).toString(16)}`;
}

/** `%#03o`, as strace writes file modes: 000, 022, 0644. */
export function octal(value: Integer): string {
  return `0${value.toString(8).padStart(2, "0")}`;
}

export const jsonInteger = (value: Integer): JsonValue => {
  if (typeof value === "number") return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
};

export const decimal = (value: Integer): Decoded => ({ text: value.toString(), value: jsonInteger(value) });

export const hexadecimal = (value: Integer): Decoded => ({ text: hex(value), value: jsonInteger(value) });

/** A pointer that is not followed. */
export const pointer = (address: Integer): Decoded => {
  if (address === 0n || address === 0) return nullPointer;
  const text = hex(address);
  return { text, value: text };
};

export const nullPointer: Decoded = { text: "NULL", value: null };
