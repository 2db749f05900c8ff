/**
 * The three ELF64 structures, each declared once: types, offsets and kinds, in the order
 * of the gABI (figures 4-3, 4-8 and 5-1) and under its names without their prefix.
 */
import type { Address, FileOffset } from "../bytes.ts";
import { address64, offset64, size64, type Structure, structure, u16, u32, u64 } from "./structure.ts";

/** Elf64_Ehdr without e_ident, e_version and e_ehsize, which have one legal value each. */
export interface ElfHeader {
  type: number;
  machine: number;
  entry: Address;
  phoff: FileOffset;
  shoff: FileOffset;
  flags: number;
  phentsize: number;
  /** The real number, even where it did not fit the field (PN_XNUM). */
  phnum: number;
  shentsize: number;
  /** The real number, even where it did not fit the field. */
  shnum: number;
  /** The real number, even where it did not fit the field (SHN_XINDEX). */
  shstrndx: number;
}

/** Elf64_Phdr, and which entry of its table it is. */
export interface ProgramHeader extends ProgramHeaderFields {
  index: number;
}

export interface ProgramHeaderFields {
  type: number;
  flags: number;
  offset: FileOffset;
  vaddr: Address;
  paddr: Address;
  filesz: number;
  memsz: bigint;
  align: bigint;
}

/** Elf64_Shdr with its name resolved, and which entry of its table it is. */
export interface SectionHeader extends SectionHeaderFields {
  index: number;
  name: string;
}

export interface SectionHeaderFields {
  /** sh_name: where the name stands in the table of section names. */
  nameOffset: number;
  type: number;
  flags: bigint;
  addr: Address;
  offset: FileOffset;
  size: number;
  link: number;
  info: number;
  addralign: bigint;
  entsize: number;
}

export const elfHeader: Structure<ElfHeader> = structure<ElfHeader>(64, {
  type: [16, u16],
  machine: [18, u16],
  entry: [24, address64],
  phoff: [32, offset64],
  shoff: [40, offset64],
  flags: [48, u32],
  phentsize: [54, u16],
  phnum: [56, u16],
  shentsize: [58, u16],
  shnum: [60, u16],
  shstrndx: [62, u16],
});

export const programHeader: Structure<ProgramHeaderFields> = structure<ProgramHeaderFields>(56, {
  type: [0, u32],
  flags: [4, u32],
  offset: [8, offset64],
  vaddr: [16, address64],
  paddr: [24, address64],
  filesz: [32, size64],
  memsz: [40, u64],
  align: [48, u64],
});

export const sectionHeader: Structure<SectionHeaderFields> = structure<SectionHeaderFields>(64, {
  nameOffset: [0, u32],
  type: [4, u32],
  flags: [8, u64],
  addr: [16, address64],
  offset: [24, offset64],
  size: [32, size64],
  link: [40, u32],
  info: [44, u32],
  addralign: [48, u64],
  entsize: [56, size64],
});
