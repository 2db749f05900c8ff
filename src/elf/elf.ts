/**
 * Reads the headers of an ELF64 little-endian executable (ET_EXEC) or shared object
 * (ET_DYN, which a position-independent program is too). Source: gABI chapters 4 and 5.
 *
 * What the kernel needs to load the program must be right, or the file is refused:
 * the header, the program headers, and each PT_LOAD inside the file and apart from the others.
 * What only tools need (the section table) may be absent, or broken, which counts as
 * absent: packers and strippers damage it, and the program runs all the same.
 *
 * Holds afterwards: every PT_LOAD's file bytes are inside `bytes`; filesz <= memsz;
 * vaddr + memsz <= 2^64; no two overlap in memory. Every section that has bytes in the
 * file has them inside `bytes`.
 */
import { ByteView } from "../bytes.ts";
import { ElsewhereError } from "../errors.ts";
import {
  ET_CORE,
  ET_DYN,
  ET_EXEC,
  ET_REL,
  PN_XNUM,
  PT_INTERP,
  PT_LOAD,
  SHN_XINDEX,
  SHT_NOBITS,
  SHT_NULL,
} from "./constants.ts";
import { refusal, requireElf64 } from "./identify.ts";
import {
  type ElfHeader,
  elfHeader,
  type ProgramHeader,
  programHeader,
  type SectionHeader,
  type SectionHeaderFields,
  sectionHeader,
} from "./layout.ts";
import { refuseUpx } from "./upx.ts";

/** More than any linker writes; a table cannot make the reader allocate without bound. */
const limits = { programHeaders: 0xffff, sections: 0xffff, sectionName: 1024 } as const;

export type { ElfHeader, ProgramHeader, SectionHeader } from "./layout.ts";

export interface Elf {
  /** For messages only. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly header: ElfHeader;
  /** In the order of the table. */
  readonly segments: readonly ProgramHeader[];
  /** In the order of the table, section 0 included; empty when there is no usable table. */
  readonly sections: readonly SectionHeader[];
  /** The dynamic linker that PT_INTERP asks for. */
  readonly interpreter: string | undefined;
}

/**
 * @param bytes the whole file
 * @param path  how messages call it
 * @throws ElsewhereError not-elf | script | packed | elf-unsupported | elf-malformed
 */
export function readElf(bytes: Uint8Array, path: string): Elf {
  requireElf64(bytes, path);
  const file = new ByteView(bytes, path, "elf-malformed");
  const header = elfHeader.read(file.view(0, elfHeader.size, "the ELF header"), 0);
  requireProgram(header, path);
  resolveExtendedNumbers(file, header);

  const segments = readSegments(file, header);
  refuseUpx(bytes, path, header);
  requireLoadable(segments, file);
  return {
    path,
    bytes,
    header,
    segments,
    sections: usableSections(file, header),
    interpreter: readInterpreter(segments, file),
  };
}

/** The section called `name`; undefined where there is none, or no section table. */
export function sectionNamed(elf: Elf, name: string): SectionHeader | undefined {
  return elf.sections.find((section) => section.name === name);
}

function requireProgram({ type }: ElfHeader, path: string): void {
  if (type === ET_EXEC || type === ET_DYN) return;
  if (type === ET_REL)
    throw refusal("elf-unsupported", `${path} is an object file, not a linked program`, [], "link it first");
  if (type === ET_CORE) throw refusal("elf-unsupported", `${path} is a core dump, not a program`);
  throw refusal("elf-unsupported", `${path} is neither a program nor a shared object`, [`e_type is ${type}`]);
}

/** Counts too large for their 16-bit fields stand in section 0 (gABI, "ELF Header"). */
function resolveExtendedNumbers(file: ByteView, header: ElfHeader): void {
  const extendedSections = header.shnum === 0 && header.shoff !== 0;
  const extended = extendedSections || header.phnum === PN_XNUM || header.shstrndx === SHN_XINDEX;
  if (!extended || header.shoff === 0 || header.shoff + sectionHeader.size > file.length) return;
  const zero = sectionHeader.read(file, header.shoff);
  if (extendedSections) header.shnum = zero.size;
  if (header.phnum === PN_XNUM) header.phnum = zero.info;
  if (header.shstrndx === SHN_XINDEX) header.shstrndx = zero.link;
}

function readSegments(file: ByteView, header: ElfHeader): ProgramHeader[] {
  if (header.phnum === 0) throw refusal("elf-malformed", `${file.what} has no program headers`);
  if (header.phentsize !== programHeader.size)
    throw file.error(54, `e_phentsize ${programHeader.size}`, `${header.phentsize}`);
  if (header.phnum > limits.programHeaders)
    throw file.error(56, `at most ${limits.programHeaders} program headers`, `${header.phnum}`);
  const table = file.view(header.phoff, header.phnum * programHeader.size, "the program headers");
  return Array.from({ length: header.phnum }, (_, index) => ({
    index,
    ...programHeader.read(table, index * programHeader.size),
  }));
}

function requireLoadable(segments: readonly ProgramHeader[], file: ByteView): void {
  const loads = segments.filter((segment) => segment.type === PT_LOAD);
  if (loads.length === 0) throw refusal("elf-malformed", `${file.what} has no PT_LOAD segment`);
  for (const { index, offset, filesz, memsz, vaddr } of loads) {
    file.view(offset, filesz, `segment ${index}`);
    if (BigInt(filesz) > memsz)
      throw file.error(offset, `segment ${index} with p_filesz <= p_memsz`, `${filesz} > ${memsz}`);
    if (vaddr + memsz > 1n << 64n)
      throw file.error(
        offset,
        `segment ${index} inside the address space`,
        `it ends at 0x${(vaddr + memsz).toString(16)}`,
      );
  }
  const ascending = loads.toSorted((a, b) => (a.vaddr < b.vaddr ? -1 : 1));
  for (const [i, next] of ascending.entries()) {
    const previous = ascending[i - 1];
    if (previous !== undefined && previous.vaddr + previous.memsz > next.vaddr)
      throw file.error(next.offset, `segments ${previous.index} and ${next.index} apart in memory`, "they overlap");
  }
}

function readInterpreter(segments: readonly ProgramHeader[], file: ByteView): string | undefined {
  const segment = segments.find(({ type }) => type === PT_INTERP);
  if (segment === undefined) return undefined;
  return file.view(segment.offset, segment.filesz, "PT_INTERP").cString(0);
}

/** The section table, or nothing where it is absent or broken. */
function usableSections(file: ByteView, header: ElfHeader): SectionHeader[] {
  if (header.shoff === 0 || header.shnum === 0) return [];
  try {
    return readSections(file, header);
  } catch (error) {
    if (error instanceof ElsewhereError) return [];
    throw error;
  }
}

function readSections(file: ByteView, header: ElfHeader): SectionHeader[] {
  if (header.shentsize !== sectionHeader.size)
    throw file.error(58, `e_shentsize ${sectionHeader.size}`, `${header.shentsize}`);
  if (header.shnum > limits.sections) throw file.error(60, `at most ${limits.sections} sections`, `${header.shnum}`);
  const table = file.view(header.shoff, header.shnum * sectionHeader.size, "the section headers");
  const fields: SectionHeaderFields[] = [];
  for (let i = 0; i < header.shnum; i++) {
    const section = sectionHeader.read(table, i * sectionHeader.size);
    if (section.type !== SHT_NULL && section.type !== SHT_NOBITS)
      file.view(section.offset, section.size, `section ${i}`);
    fields.push(section);
  }
  const strings = fields[header.shstrndx];
  if (strings === undefined || strings.type === SHT_NULL || strings.type === SHT_NOBITS)
    throw file.error(62, "e_shstrndx of a section with names", `${header.shstrndx}`);
  const names = file.view(strings.offset, strings.size, "the section names");
  return fields.map((section, index) => ({
    index,
    name: names.cString(section.nameOffset, limits.sectionName),
    ...section,
  }));
}
