/**
 * Makes small Go programs for tests: a text segment, the pclntab of any layout, a
 * moduledata, build information in either format. What Go's linker writes, and no more.
 */
import { PF_R, PF_W, PF_X } from "../elf/constants.ts";
import { makeElf, type SectionRecipe } from "../elf/elf.fixture.ts";
import type { PclntabLayout } from "./pclntab.ts";

export const textStart = 0x401000n;
export const pclntabStart = 0x500040n;
const rodata = 0x500000n;
const data = 0x600000n;
const moduledata = 0x600200n;
const strings = 0x400;

const magics = { "1.2": 0xfffffffb, "1.16": 0xfffffffa, "1.18": 0xfffffff0, "1.20": 0xfffffff1 } as const;

export interface GoRecipe {
  readonly layout: PclntabLayout;
  /** Name and size, in the order of their addresses. */
  readonly functions: readonly (readonly [name: string, size: number])[];
  /** Another number in place of the layout's magic. */
  readonly magic?: number;
  /** Go 1.26: the header does not know runtime.text, moduledata does. */
  readonly textOnlyInModuledata?: boolean;
  readonly sections?: readonly SectionRecipe[];
  readonly buildInfo?: { readonly format: "inline" | "pointers"; readonly version: string; readonly modules: string };
  /** runtime.buildVersion, for programs without build information. */
  readonly buildVersion?: string;
}

export const everyLayout: readonly PclntabLayout[] = ["1.2", "1.16", "1.18", "1.20"];
export const goexit = ["runtime.goexit", 16] as const;

/** The whole program. */
export function makeGoProgram(recipe: GoRecipe): Uint8Array {
  const text = recipe.functions.reduce((sum, [, size]) => sum + size, 0);
  const table = makePclntab(recipe);
  return makeElf({
    entry: textStart,
    segments: [
      { vaddr: textStart, flags: PF_R | PF_X, bytes: Buffer.alloc(text, 0xcc) },
      { vaddr: rodata, flags: PF_R, bytes: Buffer.concat([Buffer.alloc(Number(pclntabStart - rodata)), table.bytes]) },
      { vaddr: data, flags: PF_R | PF_W, bytes: makeData(recipe, table), memsz: 0x10000n },
    ],
    ...(recipe.sections === undefined ? {} : { sections: recipe.sections }),
  });
}

interface MadePclntab {
  readonly bytes: Buffer;
  readonly funcnameOffset: number;
  readonly pclnOffset: number;
}

export function makePclntab({
  layout,
  functions,
  magic = magics[layout],
  textOnlyInModuledata,
}: GoRecipe): MadePclntab {
  const header = [u32(magic), Buffer.of(0, 0, 1, 8), u64(functions.length)];
  const names = Buffer.from(functions.map(([name]) => `${name}\0`).join(""), "utf8");
  if (layout === "1.2") {
    // Everything is relative to the table's start: functab, then _func records, then names.
    const records = 16 + (functions.length * 2 + 1) * 8 + 4;
    const funcs = functab(functions, 8, records, records + functions.length * 12);
    return {
      bytes: Buffer.concat([...header, funcs.table, u32(0), funcs.records, names]),
      funcnameOffset: 0,
      pclnOffset: 0,
    };
  }
  const offsets = layout === "1.16";
  const headerSize = 8 + (offsets ? 7 : 8) * 8;
  const pclnOffset = Math.ceil((headerSize + names.length) / 8) * 8;
  const namesEnd = headerSize + names.length;
  const field = offsets ? 8 : 4;
  const funcs = functab(functions, field, (functions.length * 2 + 1) * field, 0);
  const start = offsets ? [] : [u64(textOnlyInModuledata ? 0 : textStart)];
  const parts = [headerSize, namesEnd, namesEnd, namesEnd, pclnOffset].map(u64);
  const padding = Buffer.alloc(pclnOffset - namesEnd);
  return {
    bytes: Buffer.concat([...header, u64(0), ...start, ...parts, names, padding, funcs.table, funcs.records]),
    funcnameOffset: headerSize,
    pclnOffset,
  };
}

/** functab and the first two fields of each _func; entries of four bytes are offsets from runtime.text. */
function functab(functions: GoRecipe["functions"], field: 4 | 8, recordsOffset: number, namesOffset: number) {
  const value = field === 8 ? u64 : u32;
  const table: Buffer[] = [];
  const records: Buffer[] = [];
  let entry = field === 8 ? Number(textStart) : 0;
  let nameoff = namesOffset;
  for (const [i, [name, size]] of functions.entries()) {
    table.push(value(entry), value(recordsOffset + i * (field + 4)));
    records.push(value(entry), u32(nameoff));
    entry += size;
    nameoff += Buffer.byteLength(name) + 1;
  }
  return { table: Buffer.concat([...table, value(entry)]), records: Buffer.concat(records) };
}

function makeData({ buildInfo, buildVersion, functions }: GoRecipe, table: MadePclntab): Buffer {
  const bytes = Buffer.alloc(0x1000);
  const module = Number(moduledata - data);
  const word = (index: number, value: number | bigint): number =>
    bytes.writeBigUInt64LE(BigInt(value), module + index * 8);
  word(0, pclntabStart);
  word(1, pclntabStart + BigInt(table.funcnameOffset));
  word(13, pclntabStart + BigInt(table.pclnOffset));
  word(16, pclntabStart + BigInt(table.pclnOffset));
  word(17, functions.length + 1);
  word(22, textStart);
  if (buildVersion !== undefined) bytes.set(goString(buildVersion), strings);
  if (buildInfo === undefined) return bytes;

  bytes.write("\xff Go buildinf:\x08", 0, "latin1");
  const { format, version, modules } = buildInfo;
  if (format === "inline") {
    bytes[15] = 2;
    bytes.set(Buffer.concat([prefixed(version), prefixed(modules)]), 32);
    return bytes;
  }
  const second = strings + 0x200;
  bytes.writeBigUInt64LE(data + BigInt(strings), 16);
  bytes.writeBigUInt64LE(data + BigInt(second), 24);
  bytes.set(goString(version), strings);
  bytes.set(goString(modules, second), second);
  return bytes;
}

/** Pointer, length, and the bytes right behind them. */
function goString(text: string, at: number = strings): Buffer {
  return Buffer.concat([u64(data + BigInt(at + 16)), u64(Buffer.byteLength(text)), Buffer.from(text)]);
}

/** A string after its length as a varint. */
function prefixed(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = bytes.length < 0x80 ? [bytes.length] : [(bytes.length & 0x7f) | 0x80, bytes.length >> 7];
  return Buffer.concat([Buffer.from(length), bytes]);
}

/** The marks that the go command puts around module information. */
export const framed = (modules: string): string => `0123456789abcdef${modules}0123456789abcdef`;

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
