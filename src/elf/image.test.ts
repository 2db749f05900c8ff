import { expect, test } from "vitest";
import { address, type Address } from "../bytes.ts";
import { DT_RELA, DT_RELAENT, DT_RELASZ, ET_DYN, PF_R, PF_W, PT_DYNAMIC, PT_LOAD, R_RELATIVE } from "./constants.ts";
import { makeElf, type SegmentRecipe } from "./elf.fixture.ts";
import { readElf } from "./elf.ts";
import { Image } from "./image.ts";

const at = (value: bigint): Address => address(value);

/** 64-bit words, little-endian. */
function words(...values: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setBigUint64(i * 8, value, true);
  return bytes;
}

const imageOf = (segments: readonly SegmentRecipe[]): Image =>
  new Image(readElf(makeElf({ type: ET_DYN, segments }), "prog"));

test("addresses are found in their segment's file bytes, and .bss is zero", () => {
  const image = imageOf([
    { vaddr: 0x5000n, flags: PF_R | PF_W, bytes: words(7n, 8n), memsz: 64n },
    { vaddr: 0x1000n, bytes: words(1n, 2n) },
  ]);
  expect(image.loads.map(({ vaddr }) => vaddr)).toEqual([0x1000n, 0x5000n]);
  expect(image.u64(at(0x1008n))).toBe(2n);
  expect(image.u32(at(0x5008n))).toBe(8);
  expect(image.u64(at(0x500cn)), "half in the file, half in .bss").toBe(0n);
  expect(image.u64(at(0x5038n))).toBe(0n);
  expect(image.toOffset(at(0x5000n))).toBe(image.loads[1]?.offset);
  expect(image.toOffset(at(0x5010n)), ".bss has no file bytes").toBeUndefined();
  expect(image.segmentOf(at(0x503fn))?.vaddr).toBe(0x5000n);
  expect(image.segmentOf(at(0x5040n))).toBeUndefined();
  expect(image.segmentOf(at(0x0fffn))).toBeUndefined();
  expect(() => image.u64(at(0x5039n))).toThrow("malformed: prog");
  expect(() => image.u64(at(0x3000n))).toThrow("malformed: prog");
  expect(() => image.view(at(0x1000n), 17, "seventeen bytes")).toThrow("malformed: segment 1 of prog");
});

const relative = 8n;
const table = 0x2000n;

/** A program whose word at 0x5008 is relocated to 0x1234_0000_5678, and another by something else. */
function relocated(rela: Uint8Array, size = BigInt(rela.length)): Image {
  const dynamic = words(BigInt(DT_RELA), table, BigInt(DT_RELASZ), size, BigInt(DT_RELAENT), 24n, 0n, 0n);
  return imageOf([
    { vaddr: table, bytes: rela },
    { vaddr: 0x3000n, bytes: dynamic },
    { vaddr: 0x3000n, bytes: dynamic, type: PT_DYNAMIC },
    { vaddr: 0x5000n, flags: PF_R | PF_W, bytes: words(7n, 8n), memsz: 64n },
  ]);
}

test("relative relocations change what is loaded, never the file's bytes", () => {
  expect(R_RELATIVE.get(62)).toBe(Number(relative));
  const image = relocated(words(0x5008n, relative, 0x1234_0000_5678n, 0x5000n, 6n | (1n << 32n), 99n));
  expect(image.u64(at(0x5008n))).toBe(0x1234_0000_5678n);
  expect(image.u64(at(0x5000n)), "another type of relocation").toBe(7n);
  expect(image.view(at(0x5008n), 8, "a word").u64(0)).toBe(8n);
  expect(image.loaded(at(0x5008n), 8, "a word").u64(0)).toBe(0x1234_0000_5678n);
});

test("relocations outside of every segment, in .bss, or in a broken table do nothing", () => {
  const nowhere = [0x9000n, relative, 1n, 0x5020n, relative, 1n, 0xffff_ffff_ffff_fff8n, relative, 1n] as const;
  expect(relocated(words(...nowhere)).u64(at(0x5000n))).toBe(7n);
  expect(relocated(words(0x5008n, relative, 1n), 1n << 40n).u64(at(0x5008n))).toBe(8n);
});

test("the copies of relocated segments are never larger than the file, however often it is mapped", () => {
  const rela = words(...[0n, 1n, 2n, 3n].flatMap((i) => [0x10_0000n * (i + 1n), relative, 42n]));
  const dynamic = words(
    BigInt(DT_RELA),
    table,
    BigInt(DT_RELASZ),
    BigInt(rela.length),
    BigInt(DT_RELAENT),
    24n,
    0n,
    0n,
  );
  const big = new Uint8Array(4096);
  const file = makeElf({
    type: ET_DYN,
    segments: [
      { vaddr: table, bytes: rela },
      { vaddr: 0x3000n, bytes: dynamic },
      { vaddr: 0x3000n, bytes: dynamic, type: PT_DYNAMIC },
      ...[1n, 2n, 3n, 4n].map((i) => ({
        vaddr: 0x10_0000n * i,
        bytes: i === 1n ? big : new Uint8Array(),
        memsz: 4096n,
      })),
    ],
  });
  // Segments 4 to 6 map the same bytes as segment 3.
  const headers = new DataView(file.buffer);
  for (const i of [4, 5, 6]) {
    headers.setBigUint64(64 + i * 56 + 8, headers.getBigUint64(64 + 3 * 56 + 8, true), true);
    headers.setBigUint64(64 + i * 56 + 32, 4096n, true);
  }
  const image = new Image(readElf(file, "prog"));
  const applied = image.loads.filter(({ type, vaddr }) => type === PT_LOAD && image.u64(vaddr) === 42n);
  expect(applied).toHaveLength(1);
});
