/**
 * The words in which the tables under calls/ say how a call's arguments are written. A {@link Format} is bound once
 * per call name (to a machine's constants and layouts, to the positions of other arguments) and then prints
 * values; what it prints may depend on memory, on other arguments and, after the call, on the result.
 */
import type { Abi } from "../../linux/abi.ts";
import type { Memory } from "./memory.ts";
import { decimal as decimalOf, hexadecimal, octal, pointer as pointerTo, type Decoded, type Integer } from "./value.ts";

/** What a format is bound to. */
export interface Scope {
  readonly abi: Abi;
  /** Bytes of a buffer, elements of an array that are shown. */
  readonly stringLimit: number;
  /** Position of the call's argument of that name; a name that it lacks is a mistake in the tables. */
  position(argument: string): number;
}

/** The call whose values are printed. */
export interface CallState {
  /** Registers. */
  readonly args: readonly bigint[];
  readonly memory: Memory;
  /** Signed; null before the call, and after one that did not return. */
  readonly result: bigint | null;
  /** It returned, and no error. */
  readonly succeeded: boolean;
}

/** Undefined: the call does not use this argument. */
export type Print = (value: Integer, call: CallState) => Decoded | undefined;
export type Format = (scope: Scope) => Print;

/** An argument of which something is known only after the call. */
export interface OutputFormat {
  /** What is known before; kept for `leave`. */
  readonly enter?: Format;
  readonly leave: (
    scope: Scope,
  ) => (value: Integer, call: CallState, entered: Decoded | undefined) => Decoded | undefined;
}

export type ArgumentFormat = Format | OutputFormat;

/** By the kernel's names of the arguments. One that names them all gives the order in which they are printed, too. */
export type CallFormat = Readonly<Record<string, ArgumentFormat>>;
export type CallFormats = Readonly<Record<string, CallFormat>>;

/** How a call's result is written when it is not a plain number. */
export type ResultFormat = (scope: Scope) => (result: bigint, call: CallState) => string;

/** A format that needs no binding. */
export const simple =
  (print: Print): Format =>
  () =>
    print;

export const decimal: Format = simple(decimalOf);
export const hex: Format = simple(hexadecimal);
export const pointer: Format = simple(pointerTo);
/** Unused by the kernel, or by this call with these arguments. */
export const absent: Format = simple(() => undefined);
/** File modes: 0644. */
export const mode: Format = simple((value) => ({ text: octal(value), value: Number(value) }));
/** User and group numbers, of which -1 means none. */
export const id: Format = simple((value) => decimalOf(value === 0xffff_ffff ? -1 : value));
/** Whatever the register's C type, an int. */
export const int: Format = simple((value) => decimalOf(Number(BigInt.asIntN(32, BigInt(value)))));
/** Whatever the register's C type, a long. */
export const long: Format = simple((value) => decimalOf(BigInt.asIntN(64, BigInt(value))));

const atFdcwd: Decoded = { text: "AT_FDCWD", value: "AT_FDCWD" };
/** An open file. */
export const fd: Format = (scope) => int(scope);
/** A descriptor that relative paths start from. */
export const directoryFd: Format = simple((value) => {
  const number = Number(BigInt.asIntN(32, BigInt(value)));
  return number === -100 ? atFdcwd : decimalOf(number);
});

/** Printed after a call that succeeded; otherwise, and while it is pending, the address. */
export const output = (format: Format): OutputFormat => ({
  leave: (scope) => {
    const print = format(scope);
    return (value, call) => (call.succeeded ? print(value, call) : pointerTo(value));
  },
});

/** Printed after the call, whether it failed or not. */
export const late = (format: Format): OutputFormat => ({
  leave: (scope) => {
    const print = format(scope);
    return (value, call) => print(value, call);
  },
});

/** One format or another, by what another argument (read as a 32-bit number) is. */
export function choose(argument: string, formats: Readonly<Record<number, Format>>, otherwise: Format): Format {
  return (scope) => {
    const position = scope.position(argument);
    const bound = new Map(Object.entries(formats).map(([key, format]) => [Number(key), format(scope)]));
    const rest = otherwise(scope);
    return (value, call) => (bound.get(Number((call.args[position] ?? 0n) & 0xffff_ffffn)) ?? rest)(value, call);
  };
}

/** The register of another argument. */
export const argument = (scope: Scope, name: string): ((call: CallState) => bigint) => {
  const position = scope.position(name);
  return (call) => call.args[position] ?? 0n;
};

/** `[a, b]` as strace writes arrays; `cut` when there were more. */
export function list(items: readonly Decoded[], cut: boolean = false): Decoded {
  const texts = items.map((item) => item.text);
  if (cut) texts.push("...");
  return { text: `[${texts.join(", ")}]`, value: items.map((item) => item.value) };
}
