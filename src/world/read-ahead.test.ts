import * as fc from "fast-check";
import { expect, test } from "vitest";
import { RemoteFile } from "../session/remote-file.ts";
import { ReadAhead } from "./read-ahead.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

/** A file in memory, and what is asked of it. */
class OneFile {
  readonly asked: { readonly offset: number; readonly length: number }[] = [];
  content: Buffer;
  /** Of the next question, −errno. */
  failure = 0;
  #stamp = 0;

  constructor(length: number) {
    this.content = numbered(length, 0);
  }

  change(length: number): void {
    this.content = numbered(length, ++this.#stamp);
  }

  stamp(): number {
    return this.#stamp;
  }

  async read(_file: RemoteFile, offset: bigint, length: number): Promise<Uint8Array | number> {
    this.asked.push({ offset: Number(offset), length });
    const { failure } = this;
    this.failure = 0;
    const found = this.content.subarray(Number(offset), Number(offset) + length);
    await Promise.resolve();
    return failure === 0 ? found : failure;
  }
}

/** No two words of it are alike. */
function numbered(length: number, seed: number): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4)).map((_, at) => at * 2_654_435_761 + seed);
  return Buffer.from(words.buffer, 0, length);
}

const reading = (file: OneFile): ReadAhead =>
  new ReadAhead(file, new RemoteFile({ flags: 0, resolve: 0n, path: undefined }, new Uint8Array(256), 1n, 0));

const sizes = fc.oneof(fc.integer({ min: 1, max: 9 * MiB }), fc.constantFrom(256 * KiB, MiB, 4 * MiB, 8 * MiB));
const lengths = fc.oneof(fc.integer({ min: 1, max: 2 * MiB }), fc.constantFrom(4 * KiB, 64 * KiB, 256 * KiB, MiB));
const seldom = (wanted: fc.Arbitrary<number>): fc.Arbitrary<number | null> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: wanted });

test("any reads and changes: what is read is what stands there, and only the end is short", async () => {
  const step = fc.record({
    newSize: seldom(sizes),
    seek: seldom(fc.integer({ min: 0, max: 9 * MiB })),
    times: fc.integer({ min: 1, max: 12 }),
    length: lengths,
  });
  await fc.assert(
    fc.asyncProperty(sizes, fc.array(step, { maxLength: 12 }), async (size, steps) => {
      const file = new OneFile(size);
      const ahead = reading(file);
      let offset = 0;
      for (const { newSize, seek, times, length } of steps) {
        if (newSize !== null) file.change(newSize);
        offset = seek ?? offset;
        for (let left = times; left > 0; left--) {
          const found = await ahead.read(offset, length);
          if (typeof found === "number") throw new Error(`read failed with ${found}`);
          const expected = file.content.subarray(offset, offset + Math.min(length, MiB));
          expect(expected.compare(found)).toBe(0);
          offset += found.length;
        }
      }
    }),
    { numRuns: 100 },
  );
});

test("who reads on gets ever more at once, 8 MiB ahead at most", async () => {
  const file = new OneFile(64 * MiB);
  const ahead = reading(file);
  for (let offset = 0; offset < 48 * MiB; offset += 64 * KiB) {
    await ahead.read(offset, 64 * KiB);
    const last = file.asked.at(-1);
    expect((last?.offset ?? 0) + (last?.length ?? 0)).toBeLessThanOrEqual(offset + 9 * MiB);
  }
  expect(file.asked[0]).toEqual({ offset: 0, length: 256 * KiB });
  expect(file.asked.at(-1)?.length).toBe(MiB);
  expect(file.asked.length).toBeLessThan(80);
});

test("who reads here and there gets what they ask for, once", async () => {
  const file = new OneFile(8 * MiB);
  const ahead = reading(file);
  for (const offset of [5 * MiB, MiB, 3 * MiB]) await ahead.read(offset, 512);
  expect(file.asked).toEqual([5 * MiB, MiB, 3 * MiB].map((offset) => ({ offset, length: 512 })));
});

test("an error is told where nothing was read before it, and asked again", async () => {
  const file = new OneFile(MiB);
  const ahead = reading(file);
  file.failure = -5;
  expect(await ahead.read(0, 100)).toBe(-5);
  expect(await ahead.read(0, 100)).toEqual(file.content.subarray(0, 100));
});
