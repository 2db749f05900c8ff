import { expect, test } from "vitest";
import { ByteView } from "./bytes.ts";
import { ElsewhereError } from "./errors.ts";

const view = new ByteView(
  Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 0x61, 0x62, 0, 0x63),
  "the record of prog",
  "elf-malformed",
);

test("values are little-endian, signed where the name says so", () => {
  expect(view.u8(0)).toBe(1);
  expect(view.u16(0)).toBe(0x0201);
  expect(view.u32(1)).toBe(0x05040302);
  expect(view.u64(0)).toBe(0x0807060504030201n);
  const ones = new ByteView(new Uint8Array(8).fill(0xff), "ones", "elf-malformed");
  expect([ones.u32(0), ones.i32(0), ones.u64(0), ones.i64(0)]).toEqual([0xffffffff, -1, (1n << 64n) - 1n, -1n]);
});

test("the last value that fits is read, one byte further is refused", () => {
  for (const [size, read] of [
    [1, (at: number) => view.u8(at)],
    [2, (at: number) => view.u16(at)],
    [4, (at: number) => view.u32(at)],
    [4, (at: number) => view.i32(at)],
    [8, (at: number) => view.u64(at)],
    [8, (at: number) => view.i64(at)],
  ] as const) {
    expect(() => read(view.length - size)).not.toThrow();
    expect(() => read(view.length - size + 1)).toThrow(ElsewhereError);
    expect(() => read(-1)).toThrow(ElsewhereError);
    expect(() => read(Number.NaN)).toThrow(ElsewhereError);
  }
});

test("a view never sees outside of its parent, whatever its size says", () => {
  const part = view.view(8, 2, "a name");
  expect(part.length).toBe(2);
  expect(() => part.u8(2)).toThrow("malformed: a name of the record of prog");
  expect(() => view.view(8, 5, "a name")).toThrow(ElsewhereError);
  expect(() => view.view(0, -1, "a name")).toThrow(ElsewhereError);
  for (const huge of [1n << 53n, 1n << 64n, 2 ** 53, Number.POSITIVE_INFINITY]) {
    expect(() => view.view(0, huge, "a name")).toThrow(ElsewhereError);
    expect(() => view.view(huge, 0, "a name")).toThrow(ElsewhereError);
  }
});

test("a string ends with NUL, inside its limit", () => {
  expect(view.cString(8)).toBe("ab");
  expect(view.cString(10)).toBe("");
  expect(view.cString(8, 2)).toBe("ab");
  expect(() => view.cString(8, 1)).toThrow(ElsewhereError);
  expect(() => view.cString(11)).toThrow(ElsewhereError);
  expect(() => view.cString(12)).toThrow(ElsewhereError);
});

test("an error says which structure, where, what was wanted and what was there", () => {
  const { code, exitCode, message, context } = view.error(16n, "a length", "nothing");
  expect({ code, exitCode, message, context }).toEqual({
    code: "elf-malformed",
    exitCode: 126,
    message: "malformed: the record of prog",
    context: ["at offset 0x10", "wanted: a length", "found: nothing"],
  });
});
