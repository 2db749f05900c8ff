/** Makes small ELF files for tests: headers, then each segment's bytes, then the section table. */
import { address, fileOffset } from "../bytes.ts";
import {
  EI_CLASS,
  EI_DATA,
  EI_VERSION,
  ELFCLASS64,
  ELFDATA2LSB,
  EM_X86_64,
  ET_EXEC,
  EV_CURRENT,
  PF_R,
  PT_LOAD,
  SHT_PROGBITS,
  SHT_STRTAB,
} from "./constants.ts";
import { elfHeader, programHeader, sectionHeader } from "./layout.ts";

export interface SegmentRecipe {
  readonly type?: number;
  readonly flags?: number;
  readonly vaddr: bigint;
  readonly bytes: Uint8Array;
  /** Default: as many as there are bytes. */
  readonly memsz?: bigint;
}

export interface SectionRecipe {
  readonly name: string;
  readonly type?: number;
  /** Where it is, inside one of the segments. */
  readonly addr: bigint;
  readonly size: number;
}

export interface ElfRecipe {
  readonly type?: number;
  readonly machine?: number;
  readonly entry?: bigint;
  readonly segments: readonly SegmentRecipe[];
  /** None: no section table. */
  readonly sections?: readonly SectionRecipe[];
}

const align = (value: number): number => Math.ceil(value / 64) * 64;

export function makeElf({
  type = ET_EXEC,
  machine = EM_X86_64,
  entry = 0n,
  segments,
  sections = [],
}: ElfRecipe): Uint8Array {
  let end = align(elfHeader.size + segments.length * programHeader.size);
  const placed = segments.map((segment) => {
    const offset = end;
    end = align(end + segment.bytes.length);
    return { ...segment, offset };
  });
  const names = Buffer.from(["", ...sections.map(({ name }) => name), ".shstrtab", ""].join("\0"), "latin1");
  const namesOffset = end;
  const shoff = align(namesOffset + names.length);
  const shnum = sections.length === 0 ? 0 : sections.length + 2;
  const file = new Uint8Array(shnum === 0 ? end : shoff + shnum * sectionHeader.size);

  file.set([0x7f, 0x45, 0x4c, 0x46]);
  file[EI_CLASS] = ELFCLASS64;
  file[EI_DATA] = ELFDATA2LSB;
  file[EI_VERSION] = EV_CURRENT;
  elfHeader.write(file, 0, {
    type,
    machine,
    entry: address(entry),
    phoff: fileOffset(elfHeader.size),
    shoff: fileOffset(shnum === 0 ? 0 : shoff),
    flags: 0,
    phentsize: programHeader.size,
    phnum: segments.length,
    shentsize: sectionHeader.size,
    shnum,
    shstrndx: shnum === 0 ? 0 : shnum - 1,
  });
  for (const [i, segment] of placed.entries()) {
    programHeader.write(file, elfHeader.size + i * programHeader.size, {
      type: segment.type ?? PT_LOAD,
      flags: segment.flags ?? PF_R,
      offset: fileOffset(segment.offset),
      vaddr: address(segment.vaddr),
      paddr: address(segment.vaddr),
      filesz: segment.bytes.length,
      memsz: segment.memsz ?? BigInt(segment.bytes.length),
      align: 64n,
    });
    file.set(segment.bytes, segment.offset);
  }
  if (shnum === 0) return file;

  const nameOffset = (name: string): number => names.indexOf(`\0${name}\0`) + 1;
  const header = { flags: 0n, link: 0, info: 0, addralign: 1n, entsize: 0 };
  for (const [i, { name, type: sectionType = SHT_PROGBITS, addr, size }] of sections.entries()) {
    const holder = placed.find(({ vaddr, bytes }) => addr >= vaddr && addr < vaddr + BigInt(bytes.length));
    const offset = holder === undefined ? 0 : holder.offset + Number(addr - holder.vaddr);
    sectionHeader.write(file, shoff + (i + 1) * sectionHeader.size, {
      ...header,
      nameOffset: nameOffset(name),
      type: sectionType,
      addr: address(addr),
      offset: fileOffset(offset),
      size,
    });
  }
  file.set(names, namesOffset);
  sectionHeader.write(file, shoff + (shnum - 1) * sectionHeader.size, {
    ...header,
    nameOffset: nameOffset(".shstrtab"),
    type: SHT_STRTAB,
    addr: address(0),
    offset: fileOffset(namesOffset),
    size: names.length,
  });
  return file;
}
