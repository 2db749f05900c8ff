/**
 * The function table of a pclntab: pairs of entry and offset of the function's _func
 * record, sorted by entry, and one more entry where the last function ends.
 *
 * All entries and offsets are checked when the table is read; names are decoded when asked for,
 * since a large program has tens of thousands and most are never looked at.
 */
import { type Address, address, type ByteView } from "../bytes.ts";
import { entriesAreOffsets, type PclntabHeader } from "./pclntab.ts";

export interface GoFunction {
  /** As the linker knows it: "net/http.(*conn).serve"; "" where it has none. */
  readonly name: string;
  readonly entry: Address;
  /** Where the next function begins: alignment bytes belong to this one. */
  readonly end: Address;
}

/** Names of instantiated generic functions may be long; none of 64 KiB has been seen. */
const longestName = 0xffff;

/** The function names of a pclntab. */
export class NameTable {
  readonly #view: ByteView;
  readonly #bytes: Buffer;
  /** Every name that starts no later than here ends inside the table. */
  readonly #lastNul: number;

  constructor(view: ByteView) {
    this.#view = view;
    this.#bytes = Buffer.from(view.bytes.buffer, view.bytes.byteOffset, view.length);
    this.#lastNul = this.#bytes.lastIndexOf(0);
  }

  /** Whether a name may start at `offset`. */
  holds(offset: number): boolean {
    return offset >= 0 && offset <= this.#lastNul;
  }

  at(offset: number): string {
    const end = this.#bytes.indexOf(0, offset);
    if (end - offset > longestName)
      throw this.#view.error(offset, `a name of at most ${longestName} bytes`, `${end - offset} bytes`);
    return this.#bytes.toString("utf8", offset, end);
  }

  /** Whether a name begins with `prefix`. Takes one search through the table, decodes nothing. */
  hasPrefix(prefix: string): boolean {
    return this.#bytes.includes(`\0${prefix}`) || this.#bytes.subarray(0, prefix.length).equals(Buffer.from(prefix));
  }
}

export interface FunctionTable {
  readonly functions: readonly GoFunction[];
  readonly names: NameTable;
}

/**
 * Reads and checks the whole table.
 * @param view      from the pclntab's start to the end of its segment, relocated
 * @param textStart runtime.text, for layouts whose entries are offsets
 */
export function readFunctionTable(view: ByteView, header: PclntabHeader, textStart: Address): FunctionTable {
  const { nfunc, functabOffset, pclnOffset, funcnameOffset, funcnameEnd } = header;
  const offsets = entriesAreOffsets(header.layout);
  const field = offsets ? 4 : 8;
  const table = view.view(functabOffset, (2 * nfunc + 1) * field, "the function table");
  const records = view.view(pclnOffset, view.length - pclnOffset, "the function records");
  const names = new NameTable(view.view(funcnameOffset, funcnameEnd - funcnameOffset, "the function names"));

  const entryAt = offsets
    ? (i: number): Address => address(textStart + BigInt(table.u32(2 * i * field)))
    : (i: number): Address => address(table.u64(2 * i * field));
  const functions: GoFunction[] = [];
  let entry = entryAt(0);
  for (let i = 0; i < nfunc; i++) {
    const end = entryAt(i + 1);
    if (end < entry)
      throw table.error(2 * (i + 1) * field, `an entry at or behind 0x${entry.toString(16)}`, `0x${end.toString(16)}`);
    // The upper half of a 64-bit funcoff is zero: tables are far smaller than 4 GiB.
    const funcoff = table.u32((2 * i + 1) * field);
    const nameoff = records.i32(funcoff + field);
    if (!names.holds(nameoff)) throw records.error(funcoff + field, "the offset of a name", `${nameoff}`);
    functions.push(new LazyFunction(names, nameoff, entry, end));
    entry = end;
  }
  return { functions, names };
}

class LazyFunction implements GoFunction {
  readonly entry: Address;
  readonly end: Address;
  readonly #names: NameTable;
  readonly #nameoff: number;

  constructor(names: NameTable, nameoff: number, entry: Address, end: Address) {
    this.#names = names;
    this.#nameoff = nameoff;
    this.entry = entry;
    this.end = end;
  }

  get name(): string {
    return this.#names.at(this.#nameoff);
  }
}
