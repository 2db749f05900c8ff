import { assert, property, uint8Array } from "fast-check";
import { expect, test } from "vitest";
import { ByteView } from "../bytes.ts";
import { elfHeader, programHeader, sectionHeader } from "./layout.ts";
import { size64, structure, u16 } from "./structure.ts";

const structures = { elfHeader, programHeader, sectionHeader };

for (const [name, layout] of Object.entries(structures)) {
  test(`${name}: what was read is written back to the same bytes`, () => {
    assert(
      property(uint8Array({ minLength: layout.size, maxLength: layout.size }), (bytes) => {
        // Sizes and offsets of a file are below 2^53.
        for (let at = 7; at < bytes.length; at += 8) bytes[at] = 0;
        for (let at = 6; at < bytes.length; at += 8) bytes[at] = (bytes[at] ?? 0) & 0x1f;
        const written = new Uint8Array(bytes);
        const value = layout.read(new ByteView(bytes, name, "elf-malformed"), 0);
        (layout as { write(bytes: Uint8Array, at: number, value: unknown): void }).write(written, 0, value);
        expect(written).toEqual(bytes);
      }),
    );
  });

  test(`${name}: every field is written where it is read, and nothing else changes`, () => {
    const zeros = new Uint8Array(layout.size);
    const value = layout.read(new ByteView(zeros, name, "elf-malformed"), 0) as object;
    for (const [field, zero] of Object.entries(value)) {
      const one = typeof zero === "bigint" ? 1n : 1;
      const bytes = new Uint8Array(layout.size);
      (layout as { write(bytes: Uint8Array, at: number, value: unknown): void }).write(bytes, 0, {
        ...value,
        [field]: one,
      });
      expect(bytes.filter((byte) => byte !== 0)).toEqual(Uint8Array.of(1));
      expect(layout.read(new ByteView(bytes, name, "elf-malformed"), 0)).toEqual({ ...value, [field]: one });
    }
  });
}

test("a hole keeps its bytes when a structure is written over it", () => {
  const layout = structure<{ a: number; b: number }>(6, { a: [0, u16], b: [4, u16] });
  const bytes = Uint8Array.of(9, 9, 9, 9, 9, 9, 9);
  layout.write(bytes, 0, { a: 1, b: 0x0302 });
  expect(bytes).toEqual(Uint8Array.of(1, 0, 9, 9, 2, 3, 9));
});

test("a size that is not exact as a number is refused", () => {
  const limit = new Uint8Array(8);
  size64.write(new DataView(limit.buffer), 0, Number.MAX_SAFE_INTEGER);
  expect(size64.read(new ByteView(limit, "a size", "elf-malformed"), 0)).toBe(Number.MAX_SAFE_INTEGER);
  const above = Uint8Array.of(0, 0, 0, 0, 0, 0, 0x20, 0);
  expect(() => size64.read(new ByteView(above, "a size", "elf-malformed"), 0)).toThrow("malformed: a size");
});
