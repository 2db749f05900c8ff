/**
 * Numbers of the ELF format under the names of its specification (System V gABI,
 * chapters 4 and 5; the x86-64 and AArch64 psABI supplements; elf.h of glibc).
 */

/** Length of e_ident, and where its fields stand. */
export const EI_NIDENT = 16;
export const EI_CLASS = 4;
export const EI_DATA = 5;
export const EI_VERSION = 6;
export const ELFCLASS32 = 1;
export const ELFCLASS64 = 2;
export const ELFDATA2LSB = 1;
export const ELFDATA2MSB = 2;
export const EV_CURRENT = 1;

/** e_type */
export const ET_REL = 1;
export const ET_EXEC = 2;
export const ET_DYN = 3;
export const ET_CORE = 4;

/** e_machine */
export const EM_X86_64 = 62;
export const EM_AARCH64 = 183;

/** e_phnum: the real number is in sh_info of section 0. */
export const PN_XNUM = 0xffff;

/** p_type */
export const PT_NULL = 0;
export const PT_LOAD = 1;
export const PT_DYNAMIC = 2;
export const PT_INTERP = 3;
export const PT_NOTE = 4;
export const PT_PHDR = 6;
export const PT_TLS = 7;
export const PT_GNU_EH_FRAME = 0x6474e550;
export const PT_GNU_STACK = 0x6474e551;
export const PT_GNU_RELRO = 0x6474e552;

/** p_flags */
export const PF_X = 1;
export const PF_W = 2;
export const PF_R = 4;

/** Section numbers with a meaning of their own. */
export const SHN_UNDEF = 0;
export const SHN_XINDEX = 0xffff;

/** sh_type */
export const SHT_NULL = 0;
export const SHT_PROGBITS = 1;
export const SHT_SYMTAB = 2;
export const SHT_STRTAB = 3;
export const SHT_NOTE = 7;
export const SHT_NOBITS = 8;

/** d_tag */
export const DT_NULL = 0;
export const DT_NEEDED = 1;
export const DT_RELA = 7;
export const DT_RELASZ = 8;
export const DT_RELAENT = 9;

/** By e_machine: the type of a relocation that only adds the load bias. */
export const R_RELATIVE: ReadonlyMap<number, number> = new Map([
  [EM_X86_64, 8],
  [EM_AARCH64, 1027],
]);
