/**
 * Damaged programs are read or refused: never a crash, a hang or unbounded memory. What is
 * read holds what its readers promise. The same cases in every run; `FUZZ_SEED=N` chooses
 * others, `FUZZ_FACTOR=10` reads ten times as many.
 */
import { readFileSync } from "node:fs";
import { assert, property } from "fast-check";
import { expect, test } from "vitest";
import { address } from "../../src/bytes.ts";
import { PF_X, PT_LOAD, SHT_NOBITS, SHT_NULL } from "../../src/elf/constants.ts";
import { type Elf, readElf } from "../../src/elf/elf.ts";
import { ElsewhereError } from "../../src/errors.ts";
import { type GoProgram, readGoProgram } from "../../src/golang/program.ts";
import { damaged, mutations } from "./mutations.ts";
import { plain, type Seed, seeds, targetsOf } from "./seeds.ts";
import { tinyGoProgram } from "./tiny.ts";

const seedNumber = Number(process.env["FUZZ_SEED"] ?? 20260101);
const factor = Number(process.env["FUZZ_FACTOR"] ?? 1);
const longestMs = 1000;
/** What a case may need beside the seeds: copies of relocated segments, objects for functions. */
const mostMemoryKiB = 512 * 1024;

for (const seed of seeds) {
  test(`${seed.name}: ${seed.cases} damaged versions`, { timeout: 600_000 * factor }, async () => {
    const outcomes = await fuzz(seed);
    // Both must happen often, or the damage is too small or too great to test anything.
    expect(outcomes.read).toBeGreaterThan(seed.cases / 50);
    expect(outcomes.refused).toBeGreaterThan(seed.cases / 50);
    expect(outcomes.slowestMs).toBeLessThan(longestMs);
    expect(process.resourceUsage().maxRSS).toBeLessThan(mostMemoryKiB);
  });
}

test("damage to a program's code changes nothing of what is read", async () => {
  const bytes = plain(readFileSync(await tinyGoProgram({ release: "1.27" })));
  const { image, functions } = readGoProgram(readElf(bytes, "intact"));
  const table = (program: GoProgram): string =>
    program.functions.map(({ name, entry, end }) => `${entry} ${end} ${name}`).join();
  const intact = table(readGoProgram(readElf(bytes, "intact")));
  const code = { offset: Number(image.toOffset(functions[0]?.entry ?? address(0))), size: 0x10000 };
  const sameTable = property(mutations(bytes.length, [code], 0), (list) => {
    const harmless = list.filter(({ kind }) => kind === "flip" || kind === "write");
    damaged(bytes, harmless, (file) => {
      expect(table(readGoProgram(readElf(file, "damaged")))).toBe(intact);
    });
  });
  assert(sameTable, { seed: seedNumber, numRuns: 300 });
});

async function fuzz({ bytes: load, cases }: Seed): Promise<{ read: number; refused: number; slowestMs: number }> {
  const bytes = await load();
  const outcomes = { read: 0, refused: 0, slowestMs: 0 };
  const cut = property(mutations(bytes.length, targetsOf(bytes)), (list) =>
    damaged(bytes, list, (file) => {
      const start = performance.now();
      if (isReadOrRefused(file)) outcomes.read++;
      else outcomes.refused++;
      outcomes.slowestMs = Math.max(outcomes.slowestMs, performance.now() - start);
    }),
  );
  assert(cut, { seed: seedNumber, numRuns: cases * factor });
  return outcomes;
}

/** True when it was read and what was read is consistent; false when it was refused. */
function isReadOrRefused(file: Uint8Array): boolean {
  try {
    const elf = readElf(file, "damaged");
    requireConsistentElf(elf);
    const program = readGoProgram(elf);
    requireConsistentProgram(program);
    return true;
  } catch (error) {
    if (!(error instanceof ElsewhereError)) throw error;
    if (error.code === "not-go") return true;
    return false;
  }
}

function requireConsistentElf({ bytes, segments, sections }: Elf): void {
  for (const { type, offset, filesz, memsz } of segments)
    if (type === PT_LOAD)
      require(offset + filesz <= bytes.length && BigInt(filesz) <= memsz, "segments are inside the file");
  for (const { type, offset, size } of sections)
    if (type !== SHT_NULL && type !== SHT_NOBITS)
      require(offset + size <= bytes.length, "sections are inside the file");
}

function requireConsistentProgram({ image, functions, version }: GoProgram): void {
  const [first] = functions;
  require(first !== undefined, "there is a function");
  const code = image.segmentOf(first.entry);
  require(code !== undefined && (code.flags & PF_X) !== 0, "functions are executable");
  let { entry: end } = first;
  for (const { entry, end: next } of functions) {
    require(entry === end && next >= entry, "functions follow each other");
    end = next;
  }
  require(end <= code.vaddr + BigInt(code.filesz), "functions are inside their segment");
  require(version === undefined || /^(go|devel)/.test(version), "the version is one");
  for (const { name } of functions) require(name.length <= 0xffff, "names are bounded");
}

function require(condition: boolean, promise: string): asserts condition {
  if (!condition) throw new Error(`broken promise: ${promise}`);
}
