/**
 * What there is to know of a Go program before it runs: its functions, who built it, how it
 * was linked. Works for stripped programs, programs without section names, and garbled ones.
 * The pclntab decides whether something is a Go program: without it no Go runtime starts.
 */
import type { Address } from "../bytes.ts";
import type { Elf } from "../elf/elf.ts";
import { refusal } from "../elf/identify.ts";
import { Image } from "../elf/image.ts";
import { readBuildInfo } from "./buildinfo.ts";
import { findBuildVersion } from "./buildversion.ts";
import type { GoFunction } from "./functab.ts";
import { type LinkMode, linkModeOf } from "./linkmode.ts";
import { locatePclntab } from "./locate.ts";
import { type NamesAre, namesAre } from "./names.ts";
import type { PclntabLayout } from "./pclntab.ts";

export type { GoFunction } from "./functab.ts";
export type { LinkMode } from "./linkmode.ts";
export type { NamesAre } from "./names.ts";
export type { PclntabLayout } from "./pclntab.ts";

export interface GoProgram {
  readonly elf: Elf;
  readonly image: Image;
  /** "go1.26.4"; undefined where the program hides it. */
  readonly version: string | undefined;
  /** Path of the main module. */
  readonly module: string | undefined;
  /** "v0.28.2", "(devel)". */
  readonly moduleVersion: string | undefined;
  /** Path of the main package. */
  readonly mainPackage: string | undefined;
  readonly settings: ReadonlyMap<string, string>;
  readonly linkMode: LinkMode;
  /** Sorted by entry, without gaps between one's end and the next one's entry. */
  readonly functions: readonly GoFunction[];
  readonly namesAre: NamesAre;
  readonly textStart: Address;
  readonly pclntabLayout: PclntabLayout;
}

/** @throws ElsewhereError not-go | go-malformed */
export function readGoProgram(elf: Elf): GoProgram {
  const image = new Image(elf);
  const buildInfo = readBuildInfo(image);
  const pclntab = locatePclntab(image);
  if (pclntab === undefined) {
    if (buildInfo === undefined)
      throw refusal("not-go", `${elf.path} is not a Go program`, ["it has no function table (pclntab)"]);
    throw refusal("go-malformed", `${elf.path} has Go build information but no function table (pclntab)`, [
      "programs of gccgo and TinyGo have none",
    ]);
  }
  const names = namesAre(pclntab);
  return {
    elf,
    image,
    version: buildInfo === undefined ? findBuildVersion(image) : buildInfo.version,
    module: buildInfo?.module,
    moduleVersion: buildInfo?.moduleVersion,
    mainPackage: buildInfo?.mainPackage,
    settings: buildInfo?.settings ?? new Map(),
    linkMode: linkModeOf(image, pclntab, names, buildInfo),
    functions: pclntab.functions,
    namesAre: names,
    textStart: pclntab.textStart,
    pclntabLayout: pclntab.header.layout,
  };
}
