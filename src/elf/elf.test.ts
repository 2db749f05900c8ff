import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ElsewhereError } from "../errors.ts";
import { ET_CORE, ET_DYN, ET_REL, PF_R, PF_W, PF_X, PT_INTERP, PT_LOAD, PT_NULL } from "./constants.ts";
import { makeElf } from "./elf.fixture.ts";
import { type Elf, readElf, sectionNamed } from "./elf.ts";

const text = { flags: PF_R | PF_X, vaddr: 0x401000n, bytes: Buffer.from("the code") };
const data = { flags: PF_R | PF_W, vaddr: 0x402000n, bytes: Buffer.from("the data"), memsz: 0x1000n };
const interpreter = { type: PT_INTERP, vaddr: 0x400000n, bytes: Buffer.from("/lib64/ld-linux-x86-64.so.2\0") };
const sections = [{ name: ".text", addr: 0x401004n, size: 4 }];

/** The error that reading `bytes` ends with: its code and its message. */
function refusalOf(bytes: Uint8Array): string {
  try {
    readElf(bytes, "prog");
  } catch (error) {
    if (error instanceof ElsewhereError) return [error.code, error.message, ...error.context].join("; ");
    throw error;
  }
  return "read";
}

/** A copy of `bytes` with a little-endian field changed. */
function changed(bytes: Uint8Array, offset: number, size: 1 | 2 | 4 | 8, value: bigint): Uint8Array {
  const copy = new Uint8Array(bytes);
  for (let i = 0; i < size; i++) copy[offset + i] = Number((value >> BigInt(8 * i)) & 0xffn);
  return copy;
}

test("header, segments and sections are read under the specification's names", () => {
  const elf = readElf(makeElf({ entry: 0x401000n, segments: [interpreter, text, data], sections }), "prog");
  expect(elf.header).toMatchObject({
    type: 2,
    machine: 62,
    entry: 0x401000n,
    phoff: 64,
    phnum: 3,
    shnum: 3,
    shstrndx: 2,
  });
  expect(elf.segments).toMatchObject([
    { index: 0, type: PT_INTERP },
    { index: 1, type: PT_LOAD, flags: 5, vaddr: 0x401000n, filesz: 8, memsz: 8n },
    { index: 2, type: PT_LOAD, flags: 6, vaddr: 0x402000n, filesz: 8, memsz: 0x1000n },
  ]);
  expect(elf.interpreter).toBe("/lib64/ld-linux-x86-64.so.2");
  expect(sectionNamed(elf, ".text")).toMatchObject({ index: 1, addr: 0x401004n, size: 4 });
  expect(elf.sections.map(({ name }) => name)).toEqual(["", ".text", ".shstrtab"]);
});

test("a program of the system reads as readelf reads it", () => {
  const elf = readElf(readFileSync(process.execPath), process.execPath);
  expect(elf.interpreter).toMatch(/ld-/);
  expect(sectionNamed(elf, ".dynstr")?.type).toBe(3);
});

test("no section table, or a broken one, is no sections; the program loads all the same", () => {
  const whole = makeElf({ segments: [text], sections });
  const { header } = readElf(whole, "prog");
  const read = (bytes: Uint8Array): Elf => readElf(bytes, "prog");
  expect(read(makeElf({ segments: [text] })).sections).toEqual([]);
  expect(read(changed(whole, 40, 8, BigInt(whole.length))).sections).toEqual([]);
  expect(read(changed(whole, 58, 2, 40n)).sections).toEqual([]);
  expect(read(changed(whole, 60, 2, 0xfeffn)).sections).toEqual([]);
  expect(read(changed(whole, 62, 2, 77n)).sections).toEqual([]);
  expect(read(changed(whole, header.shoff + 64, 4, 0xffff_fffen)).sections).toEqual([]);
  expect(read(changed(whole, header.shoff + 64 + 32, 8, 1n << 60n)).sections).toEqual([]);
});

test("counts that do not fit their fields are taken from section 0", () => {
  const whole = makeElf({ type: ET_DYN, segments: [text], sections });
  const { shoff } = readElf(whole, "prog").header;
  let bytes = changed(whole, 60, 2, 0n);
  bytes = changed(bytes, shoff + 32, 8, 3n);
  bytes = changed(bytes, 62, 2, 0xffffn);
  bytes = changed(bytes, shoff + 40, 4, 2n);
  bytes = changed(bytes, 56, 2, 0xffffn);
  bytes = changed(bytes, shoff + 44, 4, 1n);
  const elf = readElf(bytes, "prog");
  expect(elf.header).toMatchObject({ phnum: 1, shnum: 3, shstrndx: 2 });
  expect(sectionNamed(elf, ".text")).toBeDefined();
});

test("what is no ELF64 little-endian program gets a message of its own", () => {
  const elf = makeElf({ segments: [text] });
  const messages = {
    empty: refusalOf(new Uint8Array()),
    script: refusalOf(Buffer.from("#!/usr/bin/env node\nrest")),
    text: refusalOf(Buffer.from("hello")),
    macho: refusalOf(Buffer.from("cffaedfe07000001", "hex")),
    pe: refusalOf(Buffer.from("MZ\x90\0")),
    gzip: refusalOf(Buffer.from("1f8b0800", "hex")),
    ar: refusalOf(Buffer.from("!<arch>\n")),
    start: refusalOf(elf.subarray(0, 5)),
    elf32: refusalOf(changed(elf, 4, 1, 1n)),
    bigEndian: refusalOf(changed(elf, 5, 1, 2n)),
    object: refusalOf(changed(elf, 16, 2, BigInt(ET_REL))),
    core: refusalOf(changed(elf, 16, 2, BigInt(ET_CORE))),
    other: refusalOf(changed(elf, 16, 2, 0xfe00n)),
  };
  expect(messages).toMatchInlineSnapshot(`
    {
      "ar": "not-elf; prog is an ar archive (a static library or a .deb package); begins with: 21 3c 61 72 63 68 3e 0a",
      "bigEndian": "elf-unsupported; prog is a big-endian program",
      "core": "elf-unsupported; prog is a core dump, not a program",
      "elf32": "elf-unsupported; prog is a 32-bit program",
      "empty": "not-elf; prog is empty",
      "gzip": "not-elf; prog is compressed with gzip; begins with: 1f 8b 08 00",
      "macho": "not-elf; prog is a Mach-O file (a macOS program); begins with: cf fa ed fe 07 00 00 01",
      "object": "elf-unsupported; prog is an object file, not a linked program",
      "other": "elf-unsupported; prog is neither a program nor a shared object; e_type is 65024",
      "pe": "not-elf; prog is a PE file (a Windows program); begins with: 4d 5a c2 90 00",
      "script": "script; prog is a script; its interpreter: /usr/bin/env node",
      "start": "elf-malformed; prog ends inside its ELF header; 5 bytes in all",
      "text": "not-elf; prog is not an ELF file; begins with: 68 65 6c 6c 6f",
    }
  `);
});

test("what the kernel could not load is refused, with structure, wanted and found", () => {
  const elf = makeElf({ segments: [text, data] });
  const [first, second] = [64, 64 + 56] as const;
  const messages = {
    "ends in the header": refusalOf(elf.subarray(0, 63)),
    "ends in the program headers": refusalOf(elf.subarray(0, second)),
    "ends in a segment": refusalOf(elf.subarray(0, 257)),
    "no program headers": refusalOf(changed(elf, 56, 2, 0n)),
    "entry size": refusalOf(changed(elf, 54, 2, 32n)),
    "nothing to load": refusalOf(changed(changed(elf, first, 4, BigInt(PT_NULL)), second, 4, BigInt(PT_NULL))),
    "more in the file than in memory": refusalOf(changed(elf, first + 40, 8, 7n)),
    "above the address space": refusalOf(changed(elf, second + 40, 8, 0xffff_ffff_ffff_ffffn)),
    overlap: refusalOf(changed(elf, second + 16, 8, 0x401004n)),
    "an offset no file has": refusalOf(changed(elf, first + 8, 8, 1n << 63n)),
  };
  expect(messages).toMatchInlineSnapshot(`
    {
      "above the address space": "elf-malformed; malformed: prog; at offset 0x100; wanted: segment 1 inside the address space; found: it ends at 0x10000000000401fff",
      "an offset no file has": "elf-malformed; malformed: the program headers of prog; at offset 0x8; wanted: a size below 2^53; found: 0x8000000000000000",
      "ends in a segment": "elf-malformed; malformed: prog; at offset 0x100; wanted: 8 bytes for segment 1; found: 257 bytes in all",
      "ends in the header": "elf-malformed; malformed: prog; at offset 0x0; wanted: 64 bytes for the ELF header; found: 63 bytes in all",
      "ends in the program headers": "elf-malformed; malformed: prog; at offset 0x40; wanted: 112 bytes for the program headers; found: 120 bytes in all",
      "entry size": "elf-malformed; malformed: prog; at offset 0x36; wanted: e_phentsize 56; found: 32",
      "more in the file than in memory": "elf-malformed; malformed: prog; at offset 0xc0; wanted: segment 0 with p_filesz <= p_memsz; found: 8 > 7",
      "no program headers": "elf-malformed; prog has no program headers",
      "nothing to load": "elf-malformed; prog has no PT_LOAD segment",
      "overlap": "elf-malformed; malformed: prog; at offset 0x100; wanted: segments 0 and 1 apart in memory; found: they overlap",
    }
  `);
});

test("a program packed with UPX is recognised by l_info and by the PackHeader", () => {
  const packed = makeElf({ segments: [{ ...text, bytes: Buffer.from("\0\0\0\0UPX!\x0c\x07\x0e\x1e", "latin1") }] });
  expect(refusalOf(packed)).toMatchInlineSnapshot(`"packed; prog is packed with UPX"`);
  const tail = Buffer.concat([
    makeElf({ segments: [{ ...text, bytes: Buffer.alloc(4096) }] }),
    Buffer.from("UPX!".padEnd(36, "\0")),
  ]);
  expect(refusalOf(tail)).toMatch(/^packed;/);
  const mentions = makeElf({
    segments: [{ ...text, bytes: Buffer.alloc(4096, "UPX!", "latin1").fill(0, 0, 512) }],
    sections,
  });
  expect(refusalOf(mentions)).toBe("read");
});
