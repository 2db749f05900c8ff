/**
 * A program's memory as the loader makes it, at the addresses it was linked for: the
 * file bytes of its PT_LOAD segments, relative relocations applied, zeros behind them (.bss).
 *
 * Relocations change copies of the segments that hold relocated words, made when somebody
 * first looks, never the file bytes. A broken relocation table counts as none: its absence
 * only leaves pointers zero, which those who follow them check anyway.
 */
import { type Address, address, ByteView, type FileOffset, fileOffset } from "../bytes.ts";
import { ElsewhereError, exitCodes } from "../errors.ts";
import { PT_LOAD } from "./constants.ts";
import { dynamicTags } from "./dynamic.ts";
import type { Elf, ProgramHeader } from "./elf.ts";
import { eachRelative, relaTable } from "./relocations.ts";

export class Image {
  readonly elf: Elf;
  /** The PT_LOAD segments, by ascending address. */
  readonly loads: readonly ProgramHeader[];
  #relocated: ReadonlyMap<ProgramHeader, Uint8Array> | undefined;

  constructor(elf: Elf) {
    this.elf = elf;
    this.loads = elf.segments
      .filter((segment) => segment.type === PT_LOAD)
      .toSorted((a, b) => (a.vaddr < b.vaddr ? -1 : 1));
  }

  /** The PT_LOAD segment that holds address `a`, .bss included. */
  segmentOf(a: Address): ProgramHeader | undefined {
    let low = 0;
    let high = this.loads.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.loads[middle]?.vaddr ?? a) <= a) low = middle + 1;
      else high = middle;
    }
    const last = this.loads[low - 1];
    return last !== undefined && a < last.vaddr + last.memsz ? last : undefined;
  }

  /** Where the byte at address `a` stands in the file; undefined where it has none. */
  toOffset(a: Address): FileOffset | undefined {
    const segment = this.segmentOf(a);
    if (segment === undefined) return undefined;
    const inside = Number(a - segment.vaddr);
    return inside < segment.filesz ? fileOffset(segment.offset + inside) : undefined;
  }

  /** The address of byte `inside` of a segment. */
  toAddress(inside: number, segment: ProgramHeader): Address {
    return address(segment.vaddr + BigInt(inside));
  }

  /** `length` file bytes at address `a`, as they stand in the file (not relocated). */
  view(a: Address, length: number, what: string): ByteView {
    const segment = this.#holding(a, what);
    return this.#named(fileBytes(this.elf, segment), segment).view(a - segment.vaddr, length, what);
  }

  /** The same, relocated. */
  loaded(a: Address, length: number, what: string): ByteView {
    const segment = this.#holding(a, what);
    return this.#named(this.contents(segment), segment).view(a - segment.vaddr, length, what);
  }

  /** All file bytes of a PT_LOAD segment, relocated. */
  contents(segment: ProgramHeader): Uint8Array {
    this.#relocated ??= relocatedSegments(this);
    return this.#relocated.get(segment) ?? fileBytes(this.elf, segment);
  }

  /** The relocated 64-bit word at address `a`; zero in .bss. */
  u64(a: Address): bigint {
    return this.#word(a, 8).u64(0);
  }

  /** The relocated 32-bit word at address `a`; zero in .bss. */
  u32(a: Address): number {
    return this.#word(a, 4).u32(0);
  }

  #word(a: Address, size: number): ByteView {
    const segment = this.#holding(a, "a word");
    const start = Number(a - segment.vaddr);
    if (start + size <= segment.filesz) return this.loaded(a, size, "a word");
    if (BigInt(start + size) > segment.memsz) throw this.#unmapped(a, "a word");
    const word = new Uint8Array(size);
    word.set(this.contents(segment).subarray(start));
    return new ByteView(word, "a word", "elf-malformed");
  }

  #holding(a: Address, what: string): ProgramHeader {
    const segment = this.segmentOf(a);
    if (segment === undefined) throw this.#unmapped(a, what);
    return segment;
  }

  #named(bytes: Uint8Array, segment: ProgramHeader): ByteView {
    return new ByteView(bytes, `segment ${segment.index} of ${this.elf.path}`, "elf-malformed");
  }

  #unmapped(a: Address, what: string): ElsewhereError {
    return new ElsewhereError({
      code: "elf-malformed",
      message: `malformed: ${this.elf.path}`,
      context: [`wanted: ${what} at address 0x${a.toString(16)}`, "found: no segment there"],
      exitCode: exitCodes.cannotRun,
    });
  }
}

const fileBytes = (elf: Elf, { offset, filesz }: ProgramHeader): Uint8Array =>
  elf.bytes.subarray(offset, offset + filesz);

/** Copies of the segments that hold relocated words, relocated. */
function relocatedSegments(image: Image): ReadonlyMap<ProgramHeader, Uint8Array> {
  const table = relaTable(dynamicTags(image));
  if (table === undefined) return new Map();
  try {
    return applyRelative(image, image.view(table.start, table.size, "DT_RELA"));
  } catch (error) {
    if (error instanceof ElsewhereError) return new Map();
    throw error;
  }
}

function applyRelative(image: Image, rela: ByteView): ReadonlyMap<ProgramHeader, Uint8Array> {
  const relocated = new Map<ProgramHeader, Uint8Array>();
  const { elf } = image;
  /** Segments of a broken file may share their bytes; all copies together are no larger than the file. */
  let budget = elf.bytes.length;
  let start = 0;
  let words: DataView = new DataView(new ArrayBuffer(0));
  eachRelative(rela, elf.header.machine, (target, low, upper) => {
    if (target < start || target + 8 > start + words.byteLength) {
      const segment = Number.isSafeInteger(target) ? image.segmentOf(address(target)) : undefined;
      if (segment === undefined) return;
      let copy = relocated.get(segment);
      if (copy === undefined) {
        budget -= segment.filesz;
        if (budget < 0) return;
        copy = new Uint8Array(fileBytes(elf, segment));
        relocated.set(segment, copy);
      }
      start = Number(segment.vaddr);
      words = new DataView(copy.buffer);
      if (target + 8 > start + words.byteLength) return;
    }
    words.setUint32(target - start, low, true);
    words.setUint32(target - start + 4, upper, true);
  });
  return relocated;
}
