/** Structures and arrays in memory, by the layouts of the machine. One read each. */
import type { LayoutName } from "../../linux/abi.ts";
import type { JsonValue } from "../record.ts";
import {
  argument,
  decimal,
  list,
  output,
  simple,
  type CallState,
  type Format,
  type OutputFormat,
  type Scope,
} from "./format.ts";
import { readExactly, readSome } from "./memory.ts";
import { scalar } from "../../linux/scalar.ts";
import { quoted, jsonName } from "./text.ts";
import { jsonInteger, nullPointer, pointer, type Decoded, type Integer } from "./value.ts";

/** Something of a known size in bytes. */
export interface Shape {
  readonly size: number;
  print(bytes: Uint8Array, offset: number, call: CallState): Decoded;
}
export type Structure = (scope: Scope) => Shape;

/** A field that is not a number: the whole of its bytes is what it says. */
export interface Raw {
  readonly raw: (scope: Scope, size: number) => (bytes: Uint8Array, offset: number, call: CallState) => Decoded;
}
type FieldFormat = Format | Raw;

export interface StructureOptions {
  /** Fields of the text; the JSON has them all. More than these are announced by "...". */
  readonly brief?: readonly string[];
  /** Layout's name → name that strace prints. */
  readonly names?: Readonly<Record<string, string>>;
}

interface BoundField {
  readonly name: string;
  readonly inText: boolean;
  readonly print: (bytes: Uint8Array, offset: number, call: CallState) => Decoded | undefined;
}

/** A number whose text nobody sees. */
const untold: Format = simple((value) => ({ text: "", value: jsonInteger(value) }));

const fieldSizes: Readonly<Record<string, number>> = {
  char: 1,
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  u64: 8,
  i64: 8,
  pointer: 8,
};

function sizeOf(scope: Scope, type: string): number {
  const array = /^(.*)\[(\d+)\]$/.exec(type);
  if (array) return sizeOf(scope, array[1] ?? "") * Number(array[2]);
  return fieldSizes[type] ?? scope.abi.layouts[type as LayoutName]?.size ?? 0;
}

/** `{name=…, name=…}` of the fields given, in that order. */
export const structure =
  (layoutName: LayoutName, fields: Readonly<Record<string, FieldFormat>>, options: StructureOptions = {}): Structure =>
  (scope) => {
    const layout = scope.abi.layouts[layoutName];
    const bound = Object.entries(fields).map(([name, format]): BoundField => {
      const field = layout.fields[name];
      if (field === undefined) throw new Error(`invariant broken: struct ${layoutName} has no field ${name}`);
      const [at, type] = field;
      const inText = options.brief?.includes(name) ?? true;
      return {
        name: options.names?.[name] ?? name,
        inText,
        print: boundField(scope, !inText && format === decimal ? untold : format, at, type),
      };
    });
    return {
      size: layout.size,
      print(bytes, offset, call) {
        const texts: string[] = [];
        const value: Record<string, JsonValue> = {};
        for (const field of bound) {
          const decoded = field.print(bytes, offset, call);
          if (decoded === undefined) continue;
          value[field.name] = decoded.value;
          if (field.inText) texts.push(`${field.name}=${decoded.text}`);
        }
        if (options.brief !== undefined) texts.push("...");
        return { text: `{${texts.join(", ")}}`, value };
      },
    };
  };

function boundField(scope: Scope, format: FieldFormat, at: number, type: string): BoundField["print"] {
  if (typeof format !== "function") {
    const print = format.raw(scope, sizeOf(scope, type));
    return (bytes, offset, call) => print(bytes, offset + at, call);
  }
  const number = scalar(type);
  if (number === undefined) throw new Error(`invariant broken: a field of type ${type} is not a number`);
  const print = format(scope);
  return (bytes, offset, call) => print(number.read(bytes, offset + at), call);
}

/** A structure inside a structure. */
export const nested = (inner: Structure): Raw => ({
  raw: (scope) => {
    const shape = inner(scope);
    return (bytes, offset, call) => shape.print(bytes, offset, call);
  },
});

/** A field of characters that ends with a NUL, or with the field. */
export const characters: Raw = {
  raw: (_scope, size) => (bytes, offset) => {
    const field = bytes.subarray(offset, offset + size);
    const end = field.indexOf(0);
    const name = end < 0 ? field : field.subarray(0, end);
    return { text: quoted(name), value: jsonName(name) };
  },
};

/** A field of numbers. */
export const numbers = (type: string, format: Format): Raw => ({
  raw: (scope, size) => {
    const number = scalar(type);
    if (number === undefined) throw new Error(`invariant broken: ${type} is not a number`);
    const print = format(scope);
    return (bytes, offset, call) => {
      const items: Decoded[] = [];
      for (let at = 0; at < size; at += number.size) {
        const item = print(number.read(bytes, offset + at), call);
        if (item !== undefined) items.push(item);
      }
      return list(items);
    };
  },
});

/** A number in memory, of a type that layouts know. */
export const number =
  (type: string, format: Format): Structure =>
  (scope) => {
    const read = scalar(type);
    if (read === undefined) throw new Error(`invariant broken: ${type} is not a number`);
    const print = format(scope);
    return {
      size: read.size,
      print: (bytes, offset, call) => print(read.read(bytes, offset), call) ?? nullPointer,
    };
  };

/** What a pointer points to; the address where it cannot be read. */
export const pointerTo =
  (structureFormat: Structure): Format =>
  (scope) => {
    const shape = structureFormat(scope);
    return (value, call) => at(shape, value, call);
  };

/** Like {@link pointerTo}, in the brackets of an array of one: `[3]`. */
export const pointerToOne =
  (structureFormat: Structure): Format =>
  (scope) => {
    const shape = structureFormat(scope);
    return (value, call) => {
      const decoded = read(shape, value, call);
      return decoded === undefined ? pointer(value) : { text: `[${decoded.text}]`, value: decoded.value };
    };
  };

const at = (shape: Shape, address: Integer, call: CallState): Decoded => read(shape, address, call) ?? pointer(address);

/** Undefined where the pointer is null or bad. */
export function read(shape: Shape, address: Integer, call: CallState): Decoded | undefined {
  if (address === 0n || address === 0) return undefined;
  const bytes = readExactly(call.memory, BigInt(address), shape.size);
  return bytes === undefined ? undefined : shape.print(bytes, 0, call);
}

/** Filled in by the call. */
export const outputOf = (structureFormat: Structure): OutputFormat => output(pointerTo(structureFormat));
export const outputOfOne = (structureFormat: Structure): OutputFormat => output(pointerToOne(structureFormat));

/** How many elements there are. */
export type Count = (scope: Scope) => (call: CallState) => number;

/** As many as another argument says (a 32-bit number). */
export const countIn =
  (name: string): Count =>
  (scope) => {
    const register = argument(scope, name);
    return (call) => Number(register(call) & 0xffff_ffffn);
  };

/** As many as the call returned. */
export const countReturned: Count = () => (call) => Math.max(0, Number(call.result ?? 0n));

/** No array is read beyond this many elements. */
const arrayLimit = 4096;

/** Elements one after the other: `[{…}, {…}]`. */
export const arrayOf =
  (structureFormat: Structure, count: Count): Format =>
  (scope) => {
    const shape = structureFormat(scope);
    const counted = count(scope);
    return (value, call) => elements(shape, value, counted(call), scope.stringLimit, call);
  };

/** At most `limit` of `count` elements from `address` on. */
export function elements(shape: Shape, address: Integer, count: number, limit: number, call: CallState): Decoded {
  if (address === 0n || address === 0) return nullPointer;
  if (count === 0) return list([]);
  const shown = Math.min(count, limit, arrayLimit);
  const bytes = readSome(call.memory, BigInt(address), shown * shape.size);
  const whole = bytes === undefined ? 0 : Math.floor(bytes.length / shape.size);
  if (bytes === undefined || whole === 0) return pointer(address);
  const items: Decoded[] = [];
  for (let index = 0; index < whole; index++) items.push(shape.print(bytes, index * shape.size, call));
  if (whole === shown) return list(items, count > shown);
  // strace writes the address at which the array stops being readable.
  const end = pointer(BigInt(address) + BigInt(whole * shape.size));
  return {
    text: `[${[...items.map((item) => item.text), `... /* ${end.text} */`].join(", ")}]`,
    value: items.map((item) => item.value),
  };
}
