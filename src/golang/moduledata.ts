/**
 * The runtime's moduledata: found by its pointer to the pclntab, and believed only when
 * the words around it say what the pclntab says. It knows the address of runtime.text, which
 * the pclntab's header no longer does from Go 1.26 on. (The section .text will not do: in
 * externally linked programs C code stands in front of runtime.text.)
 *
 * Its first words have been the same since Go 1.16: pcHeader; the slices funcnametab, cutab,
 * filetab, pctab, pclntable, ftab; findfunctab, minpc, maxpc, text, etext.
 * Source: runtime/symtab.go, moduledata, Go 1.16 to 1.27.
 */
import { type Address, address, ByteView } from "../bytes.ts";
import { PF_W } from "../elf/constants.ts";
import type { Image } from "../elf/image.ts";
import type { PclntabHeader } from "./pclntab.ts";

const word = 8;
const words = {
  pcHeader: 0,
  funcnametab: 1,
  pclntable: 13,
  ftab: 16,
  ftabLength: 17,
  text: 22,
  etext: 23,
  end: 24,
} as const;

export interface Moduledata {
  /** runtime.text */
  readonly text: Address;
  /** runtime.etext */
  readonly etext: Address;
}

/** The moduledata that belongs to the pclntab at `pclntab`, or undefined. */
export function findModuledata(image: Image, pclntab: Address, header: PclntabHeader): Moduledata | undefined {
  const needle = Buffer.alloc(word);
  needle.writeBigUInt64LE(pclntab);
  const dataFirst = image.loads.toSorted((a, b) => (b.flags & PF_W) - (a.flags & PF_W));
  for (const segment of dataFirst) {
    const contents = image.contents(segment);
    const haystack = Buffer.from(contents.buffer, contents.byteOffset, contents.length);
    const view = new ByteView(contents, "moduledata", "go-malformed");
    for (let at = haystack.indexOf(needle); at >= 0; at = haystack.indexOf(needle, at + 1)) {
      const found = readModuledata(view, at, pclntab, header);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function readModuledata(view: ByteView, at: number, pclntab: Address, header: PclntabHeader): Moduledata | undefined {
  if (at % word !== 0 || at + words.end * word > view.length) return undefined;
  const value = (index: number): bigint => view.u64(at + index * word);
  const agrees =
    value(words.funcnametab) === pclntab + BigInt(header.funcnameOffset) &&
    value(words.pclntable) === pclntab + BigInt(header.pclnOffset) &&
    value(words.ftab) === pclntab + BigInt(header.functabOffset) &&
    value(words.ftabLength) === BigInt(header.nfunc + 1);
  return agrees ? { text: address(value(words.text)), etext: address(value(words.etext)) } : undefined;
}
