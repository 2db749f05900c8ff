/**
 * The files that fuzzing starts from: real programs as small as they come (a Go program
 * that prints one line, of each pclntab layout and link mode; a C program of the system),
 * a large one of npm, and made ones that are small enough for tens of thousands of tries.
 */
import { readFileSync } from "node:fs";
import { fileOffset } from "../../src/bytes.ts";
import { PT_DYNAMIC } from "../../src/elf/constants.ts";
import { type Elf, readElf, sectionNamed } from "../../src/elf/elf.ts";
import { Image } from "../../src/elf/image.ts";
import { everyLayout, framed, goexit, makeGoProgram, pclntabStart } from "../../src/golang/golang.fixture.ts";
import { locatePclntab } from "../../src/golang/locate.ts";
import { tscProgram } from "../programs/tsc.ts";
import type { Target } from "./mutations.ts";
import { tinyGoProgram } from "./tiny.ts";

export interface Seed {
  readonly name: string;
  /** How many damaged versions of it are read. */
  readonly cases: number;
  readonly bytes: () => Uint8Array | Promise<Uint8Array>;
}

/** 100,000 cases in all. */
export const seeds: readonly Seed[] = [
  ...everyLayout.map((layout) => ({
    name: `made, layout ${layout}`,
    cases: 16_000,
    bytes: () => madeProgram(layout),
  })),
  { name: "a C program of the system", cases: 15_000, bytes: () => plain(readFileSync("/bin/true")) },
  { name: "go1.13, layout 1.2", cases: 4_000, bytes: () => goSeed("1.13", []) },
  { name: "go1.17, layout 1.16, stripped", cases: 4_000, bytes: () => goSeed("1.17", ["-ldflags=-s -w"]) },
  { name: "go1.18, layout 1.18, PIE", cases: 4_000, bytes: () => goSeed("1.18", ["-buildmode=pie"]) },
  { name: "go1.27, layout 1.20", cases: 4_000, bytes: () => goSeed("1.27", ["-ldflags=-s -w"]) },
  { name: "go1.27, layout 1.20, PIE", cases: 4_000, bytes: () => goSeed("1.27", ["-buildmode=pie"]) },
  { name: "TypeScript's tsc", cases: 1_000, bytes: () => plain(readFileSync(tscProgram())) },
];

/** The parts of a file that its readers look at. */
export function targetsOf(bytes: Uint8Array): Target[] {
  const elf = readElf(bytes, "seed");
  const { header } = elf;
  const image = new Image(elf);
  const targets: Target[] = [
    { offset: 0, size: 64 },
    { offset: header.phoff, size: header.phnum * header.phentsize },
  ];
  if (header.shnum > 0) targets.push({ offset: header.shoff, size: header.shnum * header.shentsize });
  for (const segment of elf.segments)
    if (segment.type === PT_DYNAMIC) targets.push({ offset: segment.offset, size: segment.filesz });
  for (const name of [".rela.dyn", ".rela", ".go.buildinfo", ".shstrtab"]) targets.push(...sectionTarget(elf, name));
  const pclntab = locatePclntab(image);
  if (pclntab === undefined) return targets;
  const start = image.toOffset(pclntab.start) ?? fileOffset(0);
  const { nfunc, functabOffset } = pclntab.header;
  targets.push(
    { offset: start, size: 72 },
    { offset: start, size: 72 },
    { offset: start + functabOffset, size: nfunc * 8 },
    { offset: start + functabOffset + nfunc * 8, size: nfunc * 40 },
    ...moduledataTarget(bytes, pclntab.start),
  );
  return targets;
}

function sectionTarget(elf: Elf, name: string): Target[] {
  const section = sectionNamed(elf, name);
  return section === undefined ? [] : [{ offset: section.offset, size: section.size }];
}

/** Wherever a pointer to the pclntab stands, moduledata may begin. */
function moduledataTarget(bytes: Uint8Array, pclntab: bigint): Target[] {
  const needle = Buffer.alloc(8);
  needle.writeBigUInt64LE(pclntab);
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(needle);
  return at < 0 ? [] : [{ offset: at, size: 24 * 8 }];
}

function madeProgram(layout: (typeof everyLayout)[number]): Uint8Array {
  const sections = [
    { name: ".gopclntab", addr: pclntabStart, size: 64 },
    { name: ".go.buildinfo", addr: 0x600000n, size: 64 },
  ];
  const functions = [goexit, ...Array.from({ length: 20 }, (_, i) => [`main.f${i}`, 16 * i] as const)];
  const format = layout === "1.2" || layout === "1.16" ? "pointers" : "inline";
  const modules = framed("path\tcommand-line-arguments\nbuild\t-compiler=gc\n");
  return makeGoProgram({ layout, functions, sections, buildInfo: { format, version: "go1.20", modules } });
}

async function goSeed(release: string, flags: readonly string[]): Promise<Uint8Array> {
  return plain(readFileSync(await tinyGoProgram({ release, flags })));
}

/** Not a Buffer: its `slice` shares memory. */
export const plain = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes);
