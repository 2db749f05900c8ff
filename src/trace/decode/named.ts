/** Flags and enumerations by name, as strace's printflags and printxval write them. */
import type { ConstantSetName, NamedValues } from "../../linux/abi.ts";
import type { Format, Print } from "./format.ts";
import { hex, type Decoded, type Integer } from "./value.ts";

/** Programs use few combinations: what was written once is kept, up to this many. */
const remembered = 512;

/** A printer that remembers. */
export function memoized(print: (value: Integer) => Decoded): Print {
  const known = new Map<Integer, Decoded>();
  return (value) => {
    let decoded = known.get(value);
    if (decoded === undefined) {
      decoded = print(value);
      if (known.size < remembered) known.set(value, decoded);
    }
    return decoded;
  };
}

/** The bits of a number: 32 of an int, which is a number, 64 of anything that is not. */
export const unsigned = (flags: Integer): bigint =>
  typeof flags === "number" && flags < 0 && flags >= -0x8000_0000
    ? BigInt(flags >>> 0)
    : BigInt.asUintN(64, BigInt(flags));

/** Names that fit, and what they leave over. A set's zero name stands for zero alone. */
export function splitFlags(values: NamedValues, flags: Integer): { names: string[]; rest: bigint } {
  const names: string[] = [];
  if (flags === 0 || flags === 0n) {
    for (const [name, value] of values) if (value === 0) names.push(name);
    return { names, rest: 0n };
  }
  let rest = unsigned(flags);
  if (rest <= 0xffff_ffffn) {
    // Numbers are several times faster here, and nearly all flags fit.
    let left = Number(rest);
    for (const [name, value] of values) {
      if (value === 0 || value > 0xffff_ffff || (left & value) >>> 0 !== value >>> 0) continue;
      names.push(name);
      left = (left & ~value) >>> 0;
    }
    return { names, rest: BigInt(left) };
  }
  for (const [name, value] of values) {
    const bits = BigInt(value);
    if (bits === 0n || (rest & bits) !== bits) continue;
    names.push(name);
    rest &= ~bits;
  }
  return { names, rest };
}

/** "O_RDONLY|O_CLOEXEC", "0", and where nothing fits, the number with `unknown` as a C comment. */
export const flagsText = (values: NamedValues, flags: Integer, unknown: string): string =>
  flagsOf(values, flags, unknown).text;

/** A name, or several, or the number where there is none. */
export interface Named {
  readonly text: string;
  readonly value: string | number;
}

export function flagsOf(values: NamedValues, flags: Integer, unknown: string): Named {
  const { names, rest } = splitFlags(values, flags);
  if (names.length === 0) {
    const number = hex(rest);
    return { text: rest === 0n ? number : `${number} /* ${unknown} */`, value: number };
  }
  if (rest !== 0n) names.push(hex(rest));
  const text = names.join("|");
  return { text, value: text };
}

export function nameOf(values: NamedValues, value: Integer): string | undefined {
  const number = Number(value);
  return values.find((entry) => entry[1] === number)?.[0];
}

/** "AF_INET", or the number with `unknown` as a C comment. */
export function enumerationOf(values: NamedValues, value: Integer, unknown: string): Named {
  const name = nameOf(values, value);
  return name === undefined
    ? { text: `${hex(value)} /* ${unknown} */`, value: Number(value) }
    : { text: name, value: name };
}

/** "MAP_???", from the first name of a set, where strace's word is that. */
export function unknownName(values: NamedValues): string {
  const first = values[0]?.[0] ?? "";
  return `${/^_*[A-Z0-9]+_/.exec(first)?.[0] ?? first}???`;
}

/** @param unknown what strace calls a value of which nothing is known: "MAP_???" */
export const flags =
  (set: ConstantSetName, unknown?: string): Format =>
  ({ abi }) => {
    const values = abi.constants[set];
    const comment = unknown ?? unknownName(values);
    return memoized((value) => flagsOf(values, value, comment));
  };

/** A number with a name. */
export const enumeration =
  (set: ConstantSetName, unknown?: string): Format =>
  ({ abi }) => {
    const values = abi.constants[set];
    const comment = unknown ?? unknownName(values);
    return memoized((value) => enumerationOf(values, value, comment));
  };

/** Several sets in one number: a part that is enumerated under a mask, and flags beside it. */
export const maskedFlags =
  (type: ConstantSetName, mask: number, set: ConstantSetName, unknown?: string, restUnknown?: string): Format =>
  ({ abi }) => {
    const types = abi.constants[type];
    const values = abi.constants[set];
    const typeUnknown = unknown ?? unknownName(types);
    return memoized((value) => {
      const bits = unsigned(value);
      const kind = enumerationOf(types, bits & BigInt(mask), typeUnknown);
      const rest = bits & ~BigInt(mask);
      if (rest === 0n) return kind;
      const { names, rest: left } = splitFlags(values, rest);
      const comment = names.length === 0 && restUnknown !== undefined ? ` /* ${restUnknown} */` : "";
      const parts = left === 0n ? names : [...names, `${hex(left)}${comment}`];
      return {
        text: [kind.text, ...parts].join("|"),
        value: [`${kind.value}`, ...parts].join("|"),
      };
    });
  };
