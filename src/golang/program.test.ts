import { expect, test } from "vitest";
import { makeElf } from "../elf/elf.fixture.ts";
import { readElf } from "../elf/elf.ts";
import { ElsewhereError } from "../errors.ts";
import {
  everyLayout,
  framed,
  goexit,
  type GoRecipe,
  makeGoProgram,
  makePclntab,
  pclntabStart,
  textStart,
} from "./golang.fixture.ts";
import { type GoProgram, readGoProgram } from "./program.ts";

const functions = [goexit, ["main.main", 64], ["main.größe[...]", 32], ["main.empty", 0], ["main.last", 5]] as const;
const read = (bytes: Uint8Array): GoProgram => readGoProgram(readElf(bytes, "prog"));
const table = ({ functions: found }: GoProgram): unknown[] => found.map(({ name, entry, end }) => [name, entry, end]);

/** The functions of `functions`, as they must be found. */
const expected = [
  ["runtime.goexit", 0x401000n, 0x401010n],
  ["main.main", 0x401010n, 0x401050n],
  ["main.größe[...]", 0x401050n, 0x401070n],
  ["main.empty", 0x401070n, 0x401070n],
  ["main.last", 0x401070n, 0x401075n],
];

/** The error that reading ends with: its code and everything it says. */
function refusalOf(bytes: Uint8Array): string {
  try {
    read(bytes);
  } catch (error) {
    if (error instanceof ElsewhereError) return [error.code, error.message, ...error.context].join("; ");
    throw error;
  }
  return "read";
}

for (const layout of everyLayout) {
  test(`layout ${layout}: functions, with and without a section that names the table`, () => {
    const section = { name: ".gopclntab", addr: pclntabStart, size: 64 };
    for (const sections of [[section], []]) {
      const program = read(makeGoProgram({ layout, functions, sections }));
      expect(program.pclntabLayout).toBe(layout);
      expect(program.textStart).toBe(textStart);
      expect(program.namesAre).toBe("plain");
      expect(table(program)).toEqual(expected);
    }
  });

  test(`layout ${layout}: any broken entry refuses the table`, () => {
    const whole = makeGoProgram({ layout, functions });
    const made = Buffer.from(makePclntab({ layout, functions }).bytes);
    const start = Buffer.from(whole).indexOf(made);
    const functab = layout === "1.2" ? 16 : Buffer.from(made).readUInt32LE(layout === "1.16" ? 56 : 64);
    const field = layout === "1.2" || layout === "1.16" ? 8 : 4;
    const broken = (at: number, value: number): string => {
      const copy = Buffer.from(whole);
      copy.writeUInt32LE(value, start + at);
      return refusalOf(copy);
    };
    expect(broken(8, 0), "no functions").toMatch(/go-malformed.*at least one function/);
    expect(broken(8, 0x0fff_ffff), "more than the file holds").toMatch(/go-malformed.*the function table/);
    expect(broken(functab, 0x00ff_ffff), "not sorted").toMatch(/go-malformed.*wanted: an entry/);
    expect(broken(functab + field, 0x0fff_ffff), "a record outside").toMatch(/go-malformed.*bytes for a value/);
    expect(broken(functab + 10 * field, 0x00ff_ffff), "outside of the text").toMatch(
      /go-malformed.*inside one executable/,
    );
    const record = made.readUInt32LE(functab + field) + (layout === "1.2" ? 0 : functab);
    expect(broken(record + field, 0x0fff_ffff), "a name outside").toMatch(/go-malformed.*offset of a name/);
  });
}

test("Go 1.26: runtime.text comes from moduledata, and nowhere else", () => {
  const recipe: GoRecipe = { layout: "1.20", functions, textOnlyInModuledata: true };
  expect(table(read(makeGoProgram(recipe)))).toEqual(expected);
  const copy = Buffer.from(makeGoProgram(recipe));
  const moduledata = copy.lastIndexOf(Buffer.from([0x40, 0x00, 0x50, 0, 0, 0, 0, 0]));
  copy.writeUInt32LE(7, moduledata + 17 * 8);
  expect(refusalOf(copy)).toMatch(/go-malformed.*moduledata that belongs to this table/);
});

test("garble: a random magic, hashed or missing names", () => {
  const hashed = read(makeGoProgram({ layout: "1.20", magic: 0x1234abcd, functions: [["aBc1.Xyz", 16]] }));
  expect(hashed.namesAre).toBe("hashed");
  expect(hashed.functions[0]?.name).toBe("aBc1.Xyz");
  const missing = read(makeGoProgram({ layout: "1.20", magic: 7, textOnlyInModuledata: true, functions: [["", 16]] }));
  expect(missing.namesAre).toBe("missing");
});

test("a name that no Go program has is refused when it is asked for", () => {
  const fits = read(makeGoProgram({ layout: "1.20", functions: [goexit, ["a".repeat(0xffff), 16]] }));
  expect(fits.functions[1]?.name).toHaveLength(0xffff);
  const long = read(makeGoProgram({ layout: "1.20", functions: [goexit, ["a".repeat(0x10000), 16]] }));
  expect(() => long.functions[1]?.name).toThrow(ElsewhereError);
});

test("what is no Go program is told from a broken one", () => {
  expect(
    refusalOf(makeElf({ segments: [{ vaddr: 0x1000n, bytes: Buffer.alloc(4096, "\0\0\x01\x08") }] })),
  ).toMatchInlineSnapshot(`"not-go; prog is not a Go program; it has no function table (pclntab)"`);
  const buildInfo = { format: "inline", version: "go1.26.4", modules: "" } as const;
  const copy = Buffer.from(makeGoProgram({ layout: "1.20", functions, buildInfo }));
  copy[copy.indexOf(Buffer.from("f1ffffff00000108", "hex")) + 4] = 1;
  expect(refusalOf(copy)).toMatchInlineSnapshot(
    `"go-malformed; prog has Go build information but no function table (pclntab); programs of gccgo and TinyGo have none"`,
  );
});

const modules = framed(
  [
    "path\texample.com/cmd/server",
    "mod\texample.com\tv1.2.3\th1:abc=",
    "dep\tgolang.org/x/sys\tv0.1.0\th1:def=",
    "build\t-compiler=gc",
    'build\t-ldflags="-s -w \\x41\\u00e9\\n\\t\\101"',
    'build\t"a key"=`raw "value"`',
    "build\tCGO_ENABLED=1",
    "build\t-race=true",
    "",
  ].join("\n"),
);

for (const format of ["inline", "pointers"] as const) {
  test(`build information, ${format}: version, modules, settings as Go quotes them`, () => {
    const program = read(
      makeGoProgram({ layout: "1.18", functions, buildInfo: { format, version: "go1.18.10", modules } }),
    );
    expect(program.version).toBe("go1.18.10");
    expect(program.module).toBe("example.com");
    expect(program.moduleVersion).toBe("v1.2.3");
    expect(program.mainPackage).toBe("example.com/cmd/server");
    expect(Object.fromEntries(program.settings)).toEqual({
      "-compiler": "gc",
      "-ldflags": "-s -w Aé\n\tA",
      "a key": 'raw "value"',
      CGO_ENABLED: "1",
      "-race": "true",
    });
    expect(program.linkMode).toEqual({
      static: true,
      pie: false,
      external: false,
      cgo: false,
      stripped: true,
      race: true,
    });
  });
}

test("a version that somebody hid is undefined, and the program a Go program all the same", () => {
  const version = (shown: string): string | undefined =>
    read(makeGoProgram({ layout: "1.20", functions, buildInfo: { format: "inline", version: shown, modules: "" } }))
      .version;
  expect(version("go1.27.3")).toBe("go1.27.3");
  expect(version("devel go1.28-0123abc")).toBe("devel go1.28-0123abc");
  expect(version("unknown")).toBeUndefined();
  expect(version("")).toBeUndefined();
});

test("without build information, runtime.buildVersion tells the version", () => {
  const program = makeGoProgram({ layout: "1.20", functions, buildVersion: "go1.26.5" });
  expect(read(program).version).toBe("go1.26.5");
  const pointsElsewhere = Buffer.from(program);
  const header = pointsElsewhere.indexOf("go1.26.5") - 16;
  pointsElsewhere[header] = 0;
  expect(read(pointsElsewhere).version).toBeUndefined();
});
