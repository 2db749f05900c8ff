import { expect, test } from "vitest";
import { readExactly, readString, type Memory } from "./memory.ts";

/** Readable from `start` on, for as long as there are bytes; counts reads. */
function region(start: number, bytes: Uint8Array): Memory & { reads: number } {
  return {
    reads: 0,
    read(address, length) {
      this.reads++;
      const offset = Number(address) - start;
      return offset < 0 || offset >= bytes.length ? undefined : bytes.subarray(offset, offset + length);
    },
  };
}

const text = (length: number, ended: boolean): Uint8Array => {
  const bytes = new Uint8Array(length + (ended ? 1 : 0)).fill(0x61);
  if (ended) bytes[length] = 0;
  return bytes;
};

test.each([
  // length, limit, reads
  [0, 4095, 1],
  [255, 4095, 1],
  [256, 4095, 2],
  [4095, 4095, 2],
  [32, 32, 1],
])("a string of %i bytes under a limit of %i takes %i reads", (length, limit, reads) => {
  const memory = region(0x1000, text(length, true));
  const found = readString(memory, 0x1000n, limit);
  expect(found).toEqual({ bytes: text(length, false), complete: true });
  expect(memory.reads).toBe(reads);
});

test("a string longer than the limit is cut", () => {
  expect(readString(region(0, text(33, true)), 0n, 32)).toEqual({ bytes: text(32, false), complete: false });
  expect(readString(region(0, text(5000, false)), 0n, 4095)?.complete).toBe(false);
});

test("memory that ends before the string does is no string", () => {
  expect(readString(region(0, text(20, false)), 0n, 4095)).toBeUndefined();
  expect(readString(region(0, text(256, false)), 0n, 4095)).toBeUndefined();
  expect(readString(region(0, text(300, false)), 0n, 4095)).toBeUndefined();
  expect(readString(region(0, text(0, true)), 0x5000n, 4095)).toBeUndefined();
});

test("exactly means exactly, and a length that is garbage is not even tried", () => {
  const memory = region(0, text(8, false));
  expect(readExactly(memory, 0n, 8)?.length).toBe(8);
  expect(readExactly(memory, 0n, 9)).toBeUndefined();
  expect(readExactly(memory, 0n, 0)?.length).toBe(0);
  memory.reads = 0;
  expect(readExactly(memory, 0n, -1)).toBeUndefined();
  expect(readExactly(memory, 0n, 2 ** 40)).toBeUndefined();
  expect(memory.reads).toBe(0);
});
