/**
 * How a Go program was linked, from what is in the file: flags and symbols may be stripped,
 * so each answer rests on something the program needs to run.
 */
import { DT_NEEDED, ET_DYN, SHT_SYMTAB } from "../elf/constants.ts";
import { dynamicTags } from "../elf/dynamic.ts";
import type { Image } from "../elf/image.ts";
import type { BuildInfo } from "./buildinfo.ts";
import type { FunctionTable } from "./functab.ts";
import type { NamesAre } from "./names.ts";

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

/** The way from C back to Go, in runtime/cgo's assembly since Go 1. */
const everyCgoProgramHas = "crosscall2";

export function linkModeOf(
  image: Image,
  { functions, names }: FunctionTable,
  namesAre: NamesAre,
  buildInfo: BuildInfo | undefined,
): LinkMode {
  const { elf } = image;
  const first = functions.at(0);
  const last = functions.at(-1);
  const { entry } = elf.header;
  const startsInGo = first !== undefined && last !== undefined && entry >= first.entry && entry < last.end;
  return {
    static: elf.interpreter === undefined,
    pie: elf.header.type === ET_DYN,
    external: !startsInGo,
    // Without names: only C code makes Go start in C or need a shared library.
    cgo: namesAre === "plain" ? names.hasPrefix(everyCgoProgramHas) : !startsInGo || dynamicTags(image).has(DT_NEEDED),
    stripped: !elf.sections.some(({ type }) => type === SHT_SYMTAB),
    race: buildInfo?.settings.get("-race") === "true" || names.hasPrefix("runtime.racecall"),
  };
}
