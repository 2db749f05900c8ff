/**
 * How a Go program was linked, from what is in the file: flags and symbols may be stripped,
 * so each answer rests on something the program needs to run.
 */
import { ET_DYN, SHT_SYMTAB } from "../elf/constants.ts";
import type { Elf } from "../elf/elf.ts";
import type { BuildInfo } from "./buildinfo.ts";
import type { FunctionTable } from "./functab.ts";

export interface LinkMode {
  /** No dynamic linker (PT_INTERP): also a static position-independent program. */
  readonly static: boolean;
  readonly pie: boolean;
  /** Linked by the C toolchain: execution begins in C's startup code, not in Go's. */
  readonly external: boolean;
  /** Contains runtime/cgo, so C code may run on Go's threads. */
  readonly cgo: boolean;
  /** No symbol table. */
  readonly stripped: boolean;
  /** Built with the race detector. */
  readonly race: boolean;
}

export function linkModeOf(elf: Elf, { functions, names }: FunctionTable, buildInfo: BuildInfo | undefined): LinkMode {
  const first = functions.at(0);
  const last = functions.at(-1);
  const { entry } = elf.header;
  const startsInGo = first !== undefined && last !== undefined && entry >= first.entry && entry < last.end;
  return {
    static: elf.interpreter === undefined,
    pie: elf.header.type === ET_DYN,
    external: !startsInGo,
    // Names are hashed in garbled programs; those link externally when they use cgo, save for std's own.
    cgo: names.hasPrefix("runtime/cgo.") || !startsInGo,
    stripped: !elf.sections.some(({ type }) => type === SHT_SYMTAB),
    race: buildInfo?.settings.get("-race") === "true" || names.hasPrefix("runtime.racecall"),
  };
}
