/**
 * Writes ELF headers: the inverse of the readers, from the same field tables (layout.ts).
 * What the tables do not declare (e_ident, e_version, e_ehsize) stays as it is in the bytes
 * written over, so a changed header keeps, say, its EI_OSABI.
 */
import { assert } from "../errors.ts";
import { PN_XNUM, SHN_XINDEX } from "./constants.ts";
import { type ElfHeader, elfHeader, type ProgramHeaderFields, programHeader } from "./layout.ts";

/** Changes the ELF header at the start of `bytes`. Counts that need section 0 to hold them are refused. */
export function writeElfHeader(bytes: Uint8Array, header: ElfHeader): void {
  assert(header.phnum < PN_XNUM, "e_phnum fits its field");
  assert(header.shnum < 0xff00 && header.shstrndx < SHN_XINDEX, "e_shnum and e_shstrndx fit their fields");
  elfHeader.write(bytes, 0, header);
}

/** A program header as its 56 bytes. */
export function encodeProgramHeader(header: ProgramHeaderFields): Uint8Array {
  const bytes = new Uint8Array(programHeader.size);
  programHeader.write(bytes, 0, header);
  return bytes;
}
