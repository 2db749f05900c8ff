import { expect, test } from "vitest";
import { jsonBuffer, jsonName, quoted, quotedHex } from "./text.ts";

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "latin1"));

test.each([
  ["", '""'],
  ["plain text", '"plain text"'],
  ['a"b\\c', String.raw`"a\"b\\c"`],
  ["\t\n\v\f\r", String.raw`"\t\n\v\f\r"`],
  ["\0", String.raw`"\0"`],
  // Three digits only where a digit follows: \01 would be one character.
  ["\x001", String.raw`"\0001"`],
  ["\x00a", String.raw`"\0a"`],
  ["\x1b[0m", String.raw`"\33[0m"`],
  ["\x7f\xff", String.raw`"\177\377"`],
])("quoting %j", (text, wanted) => {
  expect(quoted(bytes(text))).toBe(wanted);
});

test("dots stand behind what is cut", () => {
  expect(quoted(bytes("abc"), true)).toBe('"abc"...');
  expect(quotedHex(bytes("\x00\xfe"), true)).toBe(String.raw`"\x00\xfe"...`);
});

test.each([
  ["text", { text: "text", length: 4 }],
  ["line\n\ttab", { text: "line\n\ttab", length: 9 }],
  // UTF-8 is text, control characters and other bytes are not.
  ["caf\xc3\xa9", { text: "café", length: 5 }],
  ["\x00", { base64: "AA==", length: 1 }],
  ["\xff\xfe", { base64: "//4=", length: 2 }],
  ["\x1b[0m", { base64: "G1swbQ==", length: 4 }],
])("a whole buffer %j as JSON", (text, wanted) => {
  expect(jsonBuffer(bytes(text), text.length)).toEqual(wanted);
});

test("a character that the cut runs through is left out", () => {
  const text = bytes("ab\xe2\x82\xac");
  expect(jsonBuffer(text, 100)).toEqual({ text: "ab€", length: 100 });
  expect(jsonBuffer(text.subarray(0, 4), 100)).toEqual({ text: "ab", length: 100 });
  // But not from a buffer that ends there: that is what it holds.
  expect(jsonBuffer(text.subarray(0, 4), 4)).toEqual({ base64: "YWLigg==", length: 4 });
});

test("a name that is not UTF-8 keeps its bytes", () => {
  expect(jsonName(bytes("r\xe9sum\xe9"))).toEqual({ base64: "culzdW3p" });
  expect(jsonName(bytes("a\nb"))).toBe("a\nb");
});
