/**
 * Finds the pclntab of a program: by its section's name; else, in programs without section
 * names, by looking for its header at every aligned word, first those with a known magic,
 * then (garble writes a random one) those that merely look like it. Whatever is found counts
 * only when its whole function table checks out and lies in executable memory.
 */
import { type Address, address, ByteView } from "../bytes.ts";
import { PF_X } from "../elf/constants.ts";
import { sectionNamed } from "../elf/elf.ts";
import type { Image } from "../elf/image.ts";
import { ElsewhereError } from "../errors.ts";
import { type FunctionTable, readFunctionTable } from "./functab.ts";
import { findModuledata } from "./moduledata.ts";
import {
  entriesAreOffsets,
  hasKnownMagic,
  headerShapes,
  type PclntabHeader,
  type PclntabLayout,
  readPclntabHeader,
} from "./pclntab.ts";

export interface Pclntab extends FunctionTable {
  readonly start: Address;
  readonly header: PclntabHeader;
  /** runtime.text, which the entries of newer layouts are relative to; else the first function's entry. */
  readonly textStart: Address;
}

/** The names of its section: Go's own, and Go's in a position-independent program. */
const sectionNames = [".gopclntab", ".data.rel.ro.gopclntab"] as const;
/** Every Go linker aligns the table at least so. */
const alignment = 8;
/** What a table with a random magic is read as: garble writes those since Go 1.18. */
const layoutIfUnknown: PclntabLayout = "1.20";
/** How many places of a segment are looked at closely. A large program has some hundred. */
const mostShapes = 0x10000;
/** How many function tables are checked before giving up, so that a hostile file cannot hold us up. */
const mostTries = 16;

/**
 * @returns undefined when nothing in the program looks like a pclntab
 * @throws ElsewhereError go-malformed | elf-malformed, when something does but is broken
 */
export function locatePclntab(image: Image): Pclntab | undefined {
  let broken: ElsewhereError | undefined;
  let tries = 0;
  for (const { start, certain } of candidates(image)) {
    try {
      const opened = openHeader(image, start);
      tries++;
      return readPclntab(image, opened);
    } catch (error) {
      if (!(error instanceof ElsewhereError)) throw error;
      if (certain) broken ??= error;
    }
    if (tries === mostTries) break;
  }
  if (broken !== undefined) throw broken;
  return undefined;
}

interface Candidate {
  readonly start: Address;
  /** It has the section's name or the magic: if nothing else is right, it is a broken pclntab. */
  readonly certain: boolean;
}

function* candidates(image: Image): Generator<Candidate> {
  for (const name of sectionNames) {
    const section = sectionNamed(image.elf, name);
    if (section !== undefined) yield { start: section.addr, certain: true };
  }
  const unknown: Candidate[] = [];
  for (const segment of image.loads) {
    const contents = image.contents(segment);
    const first = (alignment - Number(segment.vaddr % BigInt(alignment))) % alignment;
    for (const at of headerShapes(contents, first, alignment, mostShapes)) {
      const candidate = { start: image.toAddress(at, segment), certain: hasKnownMagic(contents, at) };
      if (candidate.certain) yield candidate;
      else unknown.push(candidate);
    }
  }
  yield* unknown;
}

interface OpenedPclntab {
  readonly start: Address;
  /** From its start to the end of its segment, relocated. */
  readonly view: ByteView;
  readonly header: PclntabHeader;
}

function openHeader(image: Image, start: Address): OpenedPclntab {
  const segment = image.segmentOf(start);
  const contents = segment === undefined ? new Uint8Array() : image.contents(segment);
  const inside = segment === undefined ? 0 : Number(start - segment.vaddr);
  const view = new ByteView(
    contents.subarray(inside),
    `pclntab at 0x${start.toString(16)} of ${image.elf.path}`,
    "go-malformed",
  );
  return { start, view, header: readPclntabHeader(view, layoutIfUnknown) };
}

function readPclntab(image: Image, { start, view, header }: OpenedPclntab): Pclntab {
  const textStart = entriesAreOffsets(header.layout) ? runtimeText(image, start, view, header) : address(0);
  const table = readFunctionTable(view, header, textStart);
  const first = table.functions.at(0);
  const last = table.functions.at(-1);
  if (first === undefined || last === undefined) throw view.error(8, "at least one function", "none");
  const code = image.segmentOf(first.entry);
  if (code === undefined || (code.flags & PF_X) === 0 || last.end > code.vaddr + BigInt(code.filesz))
    throw view.error(
      header.functabOffset,
      "functions inside one executable segment",
      `0x${first.entry.toString(16)} to 0x${last.end.toString(16)}`,
    );
  return { start, header, ...table, textStart: textStart === 0n ? first.entry : textStart };
}

function runtimeText(image: Image, start: Address, view: ByteView, header: PclntabHeader): Address {
  if (header.textStart !== 0n) return header.textStart;
  const moduledata = findModuledata(image, start, header);
  if (moduledata === undefined)
    throw view.error(24, "a moduledata that belongs to this table and knows runtime.text", "none");
  return moduledata.text;
}
