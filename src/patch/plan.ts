/**
 * The patch plan: pure data that says which bytes of a copy change, from what to what
 * and why, and what is added. Nothing else decides; `inspect` prints it, `apply` does
 * it, `verify` holds the result against it.
 *
 * One segment is added behind the last one (so that jumps reach it and brk starts
 * behind it): a data page, the stub, a thunk per site. It needs one more program header:
 *
 *   room        behind the table there is room, once the section header table, which Go's
 *               linker puts there, has moved to the end of the file
 *   note        an externally linked program has no room: its last PT_NOTE gives way
 *               (one that is not alone, so that a build id stays)
 */
import { type Address, address, type FileOffset, fileOffset } from "../bytes.ts";
import { PF_R, PF_X, PT_LOAD, PT_NOTE, PT_PHDR, SHT_NOBITS } from "../elf/constants.ts";
import type { Elf, ProgramHeader } from "../elf/elf.ts";
import { elfHeader, programHeader, sectionHeader } from "../elf/layout.ts";
import { encodeProgramHeader, writeElfHeader } from "../elf/write.ts";
import { ElsewhereError, exitCodes } from "../errors.ts";
import type { GoProgram } from "../golang/program.ts";
import type { Machine, Patcher } from "../machine/machine.ts";
import { findSites, type Site } from "./sites.ts";

/** Bytes in the file that change. */
export interface Edit {
  readonly offset: FileOffset;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  readonly reason: string;
}

/** Bytes that are added behind the end of the file. */
export interface Addition {
  readonly offset: FileOffset;
  readonly bytes: Uint8Array;
  readonly reason: string;
}

export interface PatchPlan {
  readonly program: GoProgram;
  readonly machine: Machine;
  readonly sites: readonly Site[];
  /** Address of the added segment, as linked. */
  readonly base: Address;
  readonly edits: readonly Edit[];
  readonly additions: readonly Addition[];
}

const alignUp = (value: number, to: number): number => Math.ceil(value / to) * to;

/**
 * @throws ElsewhereError `go-no-sites` where nothing can be hooked, `patch-impossible` where
 *   no program header can be had
 */
export function planPatch(program: GoProgram, machine: Machine, patcher: Patcher): PatchPlan {
  const { elf } = program;
  const sites = findSites(program, machine, patcher);
  const hooked = sites.filter((site) => site.hooked);
  if (hooked.length === 0) throw noSites(program, sites);
  const base = addressBehind(program, machine);
  const { segment, jumps } = buildSegment(program, machine, patcher, hooked, base);
  const offset = fileOffset(alignUp(elf.bytes.length, machine.pageSize));
  const added: ProgramHeader = {
    index: elf.segments.length,
    type: PT_LOAD,
    flags: PF_R | PF_X,
    offset,
    vaddr: base,
    paddr: base,
    filesz: segment.length,
    memsz: BigInt(segment.length),
    align: BigInt(machine.pageSize),
  };
  const headers = planHeaders(elf, machine, added);
  return {
    program,
    machine,
    sites,
    base,
    edits: [...headers.edits, ...jumps],
    additions: [{ offset, bytes: segment, reason: "data page, stub and thunks" }, ...headers.additions],
  };
}

function noSites(program: GoProgram, sites: readonly Site[]): ElsewhereError {
  const own = sites.filter((site) => !site.reason.includes("runtime's own"));
  return new ElsewhereError({
    code: "go-no-sites",
    message: `${program.elf.path} is a Go program, but it has no system call site that can be hooked`,
    context: [
      `Go release: ${program.version ?? "unknown"}; functions: ${program.functions.length}; SYSCALL instructions: ${sites.length}`,
      ...own.map((site) => `${site.function}: ${site.reason}`),
    ],
    hint: "elsewhere inspect shows every instruction that was looked at",
    exitCode: exitCodes.cannotRun,
  });
}

function addressBehind({ image }: GoProgram, machine: Machine): Address {
  const end = image.loads.reduce((most, { vaddr, memsz }) => (vaddr + memsz > most ? vaddr + memsz : most), 0n);
  const page = BigInt(machine.pageSize);
  return address(((end + page - 1n) / page + 1n) * page);
}

function buildSegment(
  program: GoProgram,
  machine: Machine,
  patcher: Patcher,
  sites: readonly Site[],
  base: Address,
): { segment: Uint8Array; jumps: readonly Edit[] } {
  const stub = patcher.stubFor(base, program.elf.header.entry);
  const parts: Uint8Array[] = [new Uint8Array(machine.stub.codeOffset), stub];
  const jumps: Edit[] = [];
  let length = machine.stub.codeOffset + stub.length;
  for (const { instruction, function: name } of sites) {
    const { window } = instruction;
    const offset = "start" in window ? program.image.toOffset(window.start) : undefined;
    if (!("start" in window) || offset === undefined) continue;
    const padding = new Uint8Array(alignUp(length, 16) - length);
    const at = address(base + BigInt(length + padding.length));
    const thunk = patcher.thunk(instruction, base, at);
    parts.push(padding, thunk);
    length += padding.length + thunk.length;
    jumps.push({
      offset,
      before: window.bytes,
      after: patcher.jumpOver(window, at),
      reason: `${name}: jump to the thunk in front of the system call`,
    });
  }
  return { segment: new Uint8Array(Buffer.concat(parts)), jumps };
}

interface HeaderPlan {
  readonly edits: readonly Edit[];
  readonly additions: readonly Addition[];
}

function planHeaders(elf: Elf, machine: Machine, added: ProgramHeader): HeaderPlan {
  const entry = address(added.vaddr + BigInt(machine.stub.labels["bootstrap"] ?? 0));
  const tableEnd = elf.header.phoff + elf.segments.length * programHeader.size;
  const mustMove = overlaps(elf.header.shoff, elf.sections.length * sectionHeader.size, tableEnd);
  const additions: Addition[] = [];
  const edits: Edit[] = [];
  const header = { ...elf.header, entry };
  if (hasRoom(elf, tableEnd)) {
    header.phnum += 1;
    if (mustMove) {
      const size = elf.sections.length * sectionHeader.size;
      header.shoff = fileOffset(alignUp(added.offset + added.filesz, 8));
      additions.push({
        offset: header.shoff,
        bytes: elf.bytes.slice(elf.header.shoff, elf.header.shoff + size),
        reason: "section header table, moved to make room for a program header",
      });
    }
    edits.push(
      ...growPhdr(elf),
      replace(elf, tableEnd, encodeProgramHeader(added), "program header of the added segment"),
    );
  } else {
    const notes = elf.segments.filter((segment) => segment.type === PT_NOTE);
    const last = notes.at(-1);
    if (last === undefined || notes.length < 2) throw noHeader(elf);
    const at = elf.header.phoff + last.index * programHeader.size;
    edits.push(
      replace(elf, at, encodeProgramHeader(added), "program header of the added segment, in place of the last PT_NOTE"),
    );
  }
  const after = elf.bytes.slice(0, elfHeader.size);
  writeElfHeader(after, header);
  return { edits: [replace(elf, 0, after, "entry point, number of headers"), ...edits], additions };
}

function replace(elf: Elf, offset: number, after: Uint8Array, reason: string): Edit {
  return { offset: fileOffset(offset), before: elf.bytes.slice(offset, offset + after.length), after, reason };
}

/** PT_PHDR says how long the table is. */
function growPhdr(elf: Elf): readonly Edit[] {
  const phdr = elf.segments.find((segment) => segment.type === PT_PHDR);
  if (phdr === undefined) return [];
  const grown = encodeProgramHeader({
    ...phdr,
    filesz: phdr.filesz + programHeader.size,
    memsz: phdr.memsz + BigInt(programHeader.size),
  });
  const at = elf.header.phoff + phdr.index * programHeader.size;
  return [replace(elf, at, grown, "PT_PHDR covers one header more")];
}

const overlaps = (start: number, size: number, at: number): boolean =>
  size > 0 && start < at + programHeader.size && start + size > at;

/** Nothing but the section header table stands where one more program header would. */
function hasRoom(elf: Elf, at: number): boolean {
  if (elf.sections.length > 0)
    return !elf.sections.some(({ type, offset, size }) => type !== SHT_NOBITS && overlaps(offset, size, at));
  const inWay = elf.segments.some(
    ({ type, offset, filesz }) => type !== PT_LOAD && type !== PT_PHDR && overlaps(offset, filesz, at),
  );
  return !inWay && elf.bytes.subarray(at, at + programHeader.size).every((byte) => byte === 0);
}

function noHeader(elf: Elf): ElsewhereError {
  return new ElsewhereError({
    code: "patch-impossible",
    message: `${elf.path} has no room for one more program header`,
    context: [`${elf.segments.length} program headers end where other data begins, and no PT_NOTE can give way`],
    hint: "please report this program: nothing was changed and it was not started",
    exitCode: exitCodes.cannotRun,
  });
}
