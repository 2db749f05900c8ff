/**
 * The pclntab: the runtime's own table of functions, in every Go program, stripped or not,
 * because tracebacks and the garbage collector read it. Four layouts, which differ in
 * their header, in where a function's entry is kept (an address, then an offset from
 * runtime.text), and in where names are.
 *
 * Sources: Go's runtime/symtab.go (pcHeader, functab, _func), debug/gosym/pclntab.go,
 * cmd/link/internal/ld/pcln.go, of Go 1.15, 1.16, 1.18, 1.20 and 1.27.
 */
import { type Address, address, type ByteView } from "../bytes.ts";

/** Called after the release that brought it. */
export type PclntabLayout = "1.2" | "1.16" | "1.18" | "1.20";

export interface PclntabHeader {
  readonly layout: PclntabLayout;
  /** False where somebody (garble) put another number in place of the magic. */
  readonly magicIsKnown: boolean;
  /** Number of functions. */
  readonly nfunc: number;
  /** Address of runtime.text as the header has it; zero from Go 1.26 on and before 1.18. */
  readonly textStart: Address;
  /** Offset of the names from the table's start. */
  readonly funcnameOffset: number;
  /** Where the names end, for layouts that tell; else the end of the view. */
  readonly funcnameEnd: number;
  /** Offset of the function table and of what its offsets are relative to. */
  readonly functabOffset: number;
  readonly pclnOffset: number;
}

/** The number at a pclntab's start, by layout. */
const magics: ReadonlyMap<number, PclntabLayout> = new Map([
  [0xfffffffb, "1.2"],
  [0xfffffffa, "1.16"],
  [0xfffffff0, "1.18"],
  [0xfffffff1, "1.20"],
]);

const ptrSize = 8;

/**
 * Bytes 4 to 7 of a header, as a number: pad1 and pad2, which are zero; minLC, the size of the
 * smallest instruction, 1, 2 or 4; ptrSize. Garble, which changes the magic, leaves them as they are.
 */
const shapes: readonly number[] = [0x08010000, 0x08020000, 0x08040000];
/** Their common bits: one comparison tells most words of a program. */
const shapeMask = 0xfff8ffff;
const shapeBits = 0x08000000;

/**
 * Where in `contents` the header of a pclntab may begin, by its bytes 4 to 7.
 * @param first the first place to look, @param step bytes between places
 * @param limit the most places that are returned
 */
export function headerShapes(contents: Uint8Array, first: number, step: number, limit: number): number[] {
  const found: number[] = [];
  const data = new DataView(contents.buffer, contents.byteOffset, contents.length);
  for (let at = first; at + 8 <= contents.length && found.length < limit; at += step) {
    const shape = data.getUint32(at + 4, true);
    if ((shape & shapeMask) === shapeBits && shapes.includes(shape)) found.push(at);
  }
  return found;
}

/** Whether the word at `at` is one that Go's linker begins a pclntab with. */
export function hasKnownMagic(contents: Uint8Array, at: number): boolean {
  return magics.has(new DataView(contents.buffer, contents.byteOffset + at, 4).getUint32(0, true));
}

/**
 * Reads the header of a pclntab, with the layout that its magic names. The parts that an
 * offset names follow each other in the order of their offsets, in every release.
 * @param view from the table's start to the end of its segment, relocated
 * @param layoutIfUnknown what to read a table with an unknown magic as
 */
export function readPclntabHeader(view: ByteView, layoutIfUnknown: PclntabLayout): PclntabHeader {
  const shape = view.u32(4);
  if (!shapes.includes(shape)) throw view.error(4, "00 00, an instruction's size, 08", `0x${shape.toString(16)}`);
  const known = magics.get(view.u32(0));
  const layout = known ?? layoutIfUnknown;
  const word = (index: number): number => Number(view.u64(8 + index * ptrSize));
  const common = { layout, magicIsKnown: known !== undefined, nfunc: word(0) };
  if (layout === "1.2") {
    const functabOffset = 8 + ptrSize;
    return {
      ...common,
      textStart: address(0),
      funcnameOffset: 0,
      funcnameEnd: view.length,
      functabOffset,
      pclnOffset: 0,
    };
  }
  // 1.16: nfunc, nfiles, five offsets; since 1.18 textStart stands before the offsets.
  const hasTextStart = layout !== "1.16";
  const first = hasTextStart ? 3 : 2;
  const offsets = [0, 1, 2, 3, 4].map((i) => word(first + i));
  const [funcnameOffset = 0, funcnameEnd = 0] = offsets;
  const pclnOffset = offsets[4] ?? 0;
  const headerSize = 8 + (first + 5) * ptrSize;
  const ascend = [headerSize, ...offsets, view.length].every((value, i, all) => i === 0 || value >= (all[i - 1] ?? 0));
  if (!ascend) throw view.error(8, "offsets that ascend and stay inside the segment", offsets.join(", "));
  return {
    ...common,
    textStart: address(hasTextStart ? view.u64(8 + 2 * ptrSize) : 0),
    funcnameOffset,
    funcnameEnd,
    functabOffset: pclnOffset,
    pclnOffset,
  };
}

/** Whether entries are 32-bit offsets from runtime.text, not addresses. */
export const entriesAreOffsets = (layout: PclntabLayout): boolean => layout === "1.18" || layout === "1.20";
