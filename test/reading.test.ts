/**
 * The readers against real programs: what they say of a program's functions is what its
 * symbol table says to nm, for each pclntab layout and link mode; and they say the same when the
 * symbol table, or the section table, is gone.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readElf } from "../src/elf/elf.ts";
import { elfHeader } from "../src/elf/layout.ts";
import { writeElfHeader } from "../src/elf/write.ts";
import { type Address, address, fileOffset } from "../src/bytes.ts";
import { type GoProgram, type LinkMode, readGoProgram } from "../src/golang/program.ts";
import { tinyGoProgram, type TinyRecipe } from "./fuzz/tiny.ts";
import { tscProgram } from "./programs/tsc.ts";

const plain: LinkMode = { static: true, pie: false, external: false, cgo: false, stripped: false, race: false };
const external = { ...plain, external: true, cgo: true };
const pieFlag = "-buildmode=pie";

const programs: readonly (readonly [recipe: TinyRecipe, layout: string, linkMode: LinkMode])[] = [
  [{ release: "1.13" }, "1.2", plain],
  [{ release: "1.13", flags: [pieFlag] }, "1.2", { ...plain, static: false, pie: true, external: true }],
  [{ release: "1.17", cgo: true }, "1.16", { ...external, static: false }],
  [{ release: "1.17", cgo: true, flags: [pieFlag] }, "1.16", { ...external, static: false, pie: true }],
  [{ release: "1.18", flags: [pieFlag] }, "1.18", { ...plain, static: false, pie: true }],
  [{ release: "1.18", cgo: true, flags: [pieFlag] }, "1.18", { ...external, static: false, pie: true }],
  [{ release: "1.27" }, "1.20", plain],
  [{ release: "1.27", flags: [pieFlag] }, "1.20", { ...plain, static: false, pie: true }],
  [{ release: "1.27", flags: ["-race"] }, "1.20", { ...plain, static: false, cgo: true, race: true }],
  [{ release: "1.27", cgo: true, flags: ["-ldflags=-linkmode external -extldflags -static"] }, "1.20", { ...external }],
  [
    { release: "1.27", cgo: true, flags: [pieFlag, "-ldflags=-linkmode external -extldflags -static-pie"] },
    "1.20",
    { ...external, pie: true },
  ],
];

const read = (path: string, bytes: Uint8Array = readFileSync(path)): GoProgram => readGoProgram(readElf(bytes, path));
const table = ({ functions }: GoProgram): string[] =>
  functions.map(({ entry, end, name }) => `${entry} ${end} ${name}`);

/** Go's linker writes "·" of a name as "." into the symbol table, and marks assembly functions. */
const asInSymbolTable = (name: string): string => name.replaceAll("·", ".");
const withoutMark = (symbol: string): string => symbol.replace(/\.abi(?:0|internal)$/, "");

/** Names by address of all functions that nm knows. */
function symbolsOf(path: string): Map<Address, Set<string>> {
  const symbols = new Map<Address, Set<string>>();
  const lines = execFileSync("nm", [path], { encoding: "utf8", maxBuffer: 1 << 28 }).matchAll(
    /^([0-9a-f]+) [Tt] (.*)$/gm,
  );
  for (const [, at = "", name = ""] of lines) {
    const start = address(BigInt(`0x${at}`));
    const names = symbols.get(start) ?? new Set();
    symbols.set(start, names.add(withoutMark(name)));
  }
  return symbols;
}

/** A copy without a section table. */
function withoutSections(bytes: Uint8Array, path: string): Uint8Array {
  const copy = new Uint8Array(bytes);
  writeElfHeader(copy, { ...readElf(bytes, path).header, shoff: fileOffset(0), shnum: 0, shstrndx: 0 });
  expect(copy.subarray(0, elfHeader.size)).not.toEqual(bytes.subarray(0, elfHeader.size));
  return copy;
}

describe.each(programs)("%j", (recipe, layout, linkMode) => {
  test("functions, layout and link mode are what was built", { timeout: 300_000 }, async () => {
    const path = await tinyGoProgram(recipe);
    const program = read(path);
    expect(program.pclntabLayout).toBe(layout);
    expect(program.linkMode).toEqual(linkMode);
    expect(program.version).toMatch(new RegExp(`^go${recipe.release}\\b`));

    const symbols = symbolsOf(path);
    const wrong = program.functions.filter(
      ({ name, entry }) => !/\[\.\.\.\]/.test(name) && !symbols.get(entry)?.has(asInSymbolTable(name)),
    );
    expect(wrong.map(({ name }) => name)).toEqual([]);
    const known = new Set(program.functions.map(({ entry }) => entry));
    const inGo = (at: Address): boolean => at >= program.textStart && at < (program.functions.at(-1)?.end ?? 0n);
    const missed = [...symbols].filter(([at, names]) => inGo(at) && !known.has(at) && !names.has("runtime.text"));
    expect(missed).toEqual([]);

    const bare = read(path, withoutSections(readFileSync(path), path));
    expect(table(bare)).toEqual(table(program));
    expect(bare.linkMode).toEqual({ ...linkMode, stripped: true });
    expect(bare.version).toBe(program.version);
  });
});

test("a stripped program has the functions that it had before", { timeout: 300_000 }, async () => {
  for (const release of ["1.13", "1.17", "1.18", "1.27"]) {
    const whole = read(await tinyGoProgram({ release }));
    const stripped = read(await tinyGoProgram({ release, flags: ["-ldflags=-s -w"] }));
    expect(stripped.linkMode.stripped).toBe(true);
    expect(table(stripped)).toEqual(table(whole));
  }
});

test("TypeScript's tsc: 23,249 functions or more in well under 100 ms", () => {
  const path = tscProgram();
  const bytes = readFileSync(path);
  const times = Array.from({ length: 5 }, () => {
    const start = performance.now();
    read(path, bytes);
    return performance.now() - start;
  });
  expect(Math.min(...times)).toBeLessThan(100);
  const program = read(path, bytes);
  expect(program).toMatchObject({
    module: "github.com/microsoft/typescript-go",
    linkMode: { ...plain, stripped: true },
    namesAre: "plain",
  });
  expect(program.functions.length).toBeGreaterThan(20_000);
  expect(program.functions.some(({ name }) => name === "main.main")).toBe(true);
  expect(program.functions.some(({ name }) => /syscall.*\.Syscall6$/.test(name))).toBe(true);
});
