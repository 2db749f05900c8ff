import { array, assert, integer, nat, property, tuple, uint8Array } from "fast-check";
import { expect, test } from "vitest";
import type { ProcessMemory } from "../process/memory.ts";
import { bufferOf, onePart, PartsBuffer } from "./buffer.ts";
import { CallMemory } from "./memory.ts";

/** A program whose memory begins at 0 and ends with these bytes. */
function memoryOf(bytes: Uint8Array): CallMemory {
  const memory = {
    read: (address: bigint, length: number) => {
      const at = Number(address);
      return at >= bytes.length ? undefined : bytes.slice(at, at + length);
    },
    write: (address: bigint, data: Uint8Array) => {
      const at = Number(address);
      if (at + data.length > bytes.length) return -14;
      bytes.set(data, at);
      return data.length;
    },
  };
  return new CallMemory(() => memory as ProcessMemory);
}

const size = 256;
/** Parts that lie somewhere in memory, each apart from the others. */
const layout = array(tuple(nat(8), nat(16)), { maxLength: 8 }).map((gaps) => {
  let at = 0;
  return gaps.map(([gap, length]) => {
    const part = { address: BigInt(at + gap), length };
    at += gap + length;
    return part;
  });
});

test("reading any piece of any parts is reading them joined", () => {
  const bytes = Uint8Array.from({ length: size }, (_, index) => index);
  const property1 = property(layout, nat(64), integer({ min: 0, max: 200 }), (parts, offset, length) => {
    const buffer = new PartsBuffer(memoryOf(bytes), parts);
    const joined = parts.flatMap(({ address, length: part }) => [
      ...bytes.subarray(Number(address), Number(address) + part),
    ]);
    expect(buffer.length).toBe(joined.length);
    expect([...buffer.read(length, offset)]).toEqual(joined.slice(offset, offset + length));
    expect([...buffer.read()]).toEqual(joined);
  });
  assert(property1);
});

test("what was written is read again, and nothing beside it has changed", () => {
  const property1 = property(layout, uint8Array({ maxLength: 80 }), nat(64), (parts, data, offset) => {
    const bytes = new Uint8Array(size).fill(0xee);
    const buffer = new PartsBuffer(memoryOf(bytes), parts);
    const room = Math.max(0, buffer.length - offset);
    const fits = data.subarray(0, room);
    expect(buffer.write(data, offset)).toBe(fits.length);
    expect([...buffer.read(fits.length, offset)]).toEqual([...fits]);
    const inside = new Set(
      parts.flatMap(({ address, length }) => Array.from({ length }, (_, i) => Number(address) + i)),
    );
    expect([...bytes.keys()].filter((at) => !inside.has(at) && bytes[at] !== 0xee)).toEqual([]);
  });
  assert(property1);
});

test("parts that cannot be written fail as the kernel would: EFAULT, or as far as it went", () => {
  const memory = memoryOf(new Uint8Array(16));
  const beyond = { address: 1000n, length: 4 };
  expect(new PartsBuffer(memory, [beyond]).write("abcd")).toBe(-14);
  expect(new PartsBuffer(memory, [{ address: 0n, length: 4 }, beyond]).write("abcdefgh")).toBe(4);
  expect(new PartsBuffer(memory, [beyond]).read()).toHaveLength(0);
});

test("an iovec is found in memory", () => {
  const bytes = new Uint8Array(64);
  bytes.set(onePart(32n, 3), 0);
  bytes.set(onePart(40n, 2), 16);
  bytes.set(Buffer.from("abc"), 32);
  bytes.set(Buffer.from("de"), 40);
  const buffer = bufferOf(memoryOf(bytes), { kind: "vector", pointer: 1, length: 2 }, [3n, 0n, 2n]);
  expect(Buffer.from(buffer.read()).toString()).toBe("abcde");
});
