/**
 * The shape of the project, enforced. Layers stand in the order of the table, the ground first; a file may import
 * its own layer and those that its row names, nothing above. ARCHITECTURE.md explains the same table.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseSource, resolveReference, root, type Source, sources } from "./sources.ts";

/** All that the package consists of. */
const everyLayer: readonly string[] = [
  "errors",
  "bytes",
  "linux",
  "elf",
  "golang",
  "machine",
  "patch",
  "mailbox",
  "process",
  "model",
  "trace",
  "hooks",
  "sets",
  "wire",
  "agent",
  "session",
  "forward",
  "target",
  "config",
  "world",
  "run",
];

/** A folder of src/, or a file of src/ without its ending, and what it may import beside itself. */
const layers: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  bytes: ["errors"],
  linux: ["errors", "bytes"],
  elf: ["errors", "bytes", "linux"],
  golang: ["errors", "bytes", "elf"],
  machine: ["errors", "bytes", "linux", "elf"],
  patch: ["errors", "bytes", "elf", "golang", "machine"],
  mailbox: ["errors", "bytes", "linux", "machine"],
  process: ["errors", "bytes", "linux", "elf", "golang", "machine", "patch", "mailbox"],
  model: ["errors", "bytes", "linux", "machine", "mailbox", "process"],
  trace: ["errors", "bytes", "linux", "machine", "patch", "mailbox", "process"],
  hooks: ["errors", "bytes", "linux", "machine", "patch", "mailbox", "process", "model"],
  sets: ["errors", "bytes", "linux", "machine", "process", "model", "hooks"],
  wire: ["errors", "bytes"],
  agent: ["errors", "bytes", "linux", "machine", "wire"],
  session: ["errors", "bytes", "linux", "wire"],
  forward: ["errors", "linux", "wire", "session"],
  target: ["errors", "bytes", "linux", "wire", "session"],
  config: ["errors"],
  world: ["errors", "bytes", "linux", "machine", "patch", "process", "model", "hooks", "wire", "session", "config"],
  run: ["errors", "linux", "process", "hooks", "session", "target", "config", "world"],
  index: everyLayer,
  cli: [...everyLayer, "index"],
};

/** Packages that belong to some layers only. */
const packages: Readonly<Record<string, readonly string[]>> = {
  "iced-x86": ["machine"],
  commander: ["cli"],
};

/** Names of CPUs, as Go, Linux, Debian and ELF spell them. */
const cpuNames = /\b(?:amd64|x86_64|x64|arm64|aarch64|EM_X86_64|EM_AARCH64)\b/;
const mayNameCpus = /^src\/(?:machine\/|linux\/|elf\/constants\.ts$)/;

const longestFile = 400;

const architecture = join(root, "ARCHITECTURE.md");

const src = sources("src/**/*.ts");
const everything = [...src, ...sources("test/**/*.ts", "script/**/*.ts", "bench/**/*.ts", "*.config.ts")];
const isTest = ({ path }: Source): boolean => /\.(?:test|bench|fixture)\.ts$/.test(path);
const isGenerated = ({ path }: Source): boolean => path.includes("/generated/") || path.endsWith(".generated.ts");

/** "src/elf/header.ts" → "elf", "src/errors.ts" → "errors". */
function layerOf(path: string): string {
  const [, first = ""] = path.split("/");
  return first.replace(/(?:\.test)?\.ts$/, "");
}

/** What is wrong with the imports of one file. */
function wrongImports(source: Source): string[] {
  const layer = layerOf(source.path);
  const wrong: string[] = [];
  for (const reference of source.references) {
    const target = resolveReference(source, reference);
    if (target === undefined) {
      const owners = packages[reference];
      if (owners && !owners.includes(layer)) wrong.push(`${source.path}: ${reference} belongs to ${owners.join(", ")}`);
    } else if (!target.startsWith("src/")) {
      if (target !== "package.json") wrong.push(`${source.path}: ${reference} leaves src/`);
    } else {
      const other = layerOf(target);
      if (other !== layer && !layers[layer]?.includes(other))
        wrong.push(`${source.path}: ${layer} must not import ${other} (${reference})`);
    }
  }
  return wrong;
}

describe("layers", () => {
  test("are in order: each imports only what stands above it in the table", () => {
    const names = Object.keys(layers);
    const wrong = names.filter((name, at) => layers[name]?.some((below) => !names.slice(0, at).includes(below)));
    expect(wrong).toEqual([]);
  });

  test("hold every file of src/", () => {
    expect(src.filter(({ path }) => !Object.hasOwn(layers, layerOf(path))).map(({ path }) => path)).toEqual([]);
  });

  test("import downwards only", () => {
    // A test may use the layers above to make its material.
    expect(src.filter((source) => !isTest(source)).flatMap(wrongImports)).toEqual([]);
  });

  test.runIf(existsSync(architecture))("are those of ARCHITECTURE.md", () => {
    expect(layersTable(readFileSync(architecture, "utf8"))).toEqual(layers);
  });
});

describe("rules", () => {
  test("a CPU is a record: its name appears under src/machine and in tables of Linux and ELF", () => {
    const generic = src.filter((source) => !mayNameCpus.test(source.path) && !isTest(source));
    expect(matches(generic, cpuNames)).toEqual([]);
  });

  test("no default exports, but of configuration that tools read, and of hook files", () => {
    const isMeant = (path: string): boolean => path.endsWith(".config.ts") || path === "test/std/proceed.ts";
    const wrong = everything.filter(({ path, hasDefaultExport }) => hasDefaultExport && !isMeant(path));
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  test("no any", () => {
    expect(everything.flatMap(({ path, anys }) => anys.map((line) => `${path}:${line}`))).toEqual([]);
  });

  test(`no file over ${longestFile} lines, but generated ones`, () => {
    const wrong = everything.filter((source) => source.lines > longestFile && !isGenerated(source));
    expect(wrong.map(({ path, lines }) => `${path}: ${lines} lines`)).toEqual([]);
  });

  test("every relative import names a file that exists, with its ending", () => {
    const wrong = everything.flatMap((source) =>
      source.references
        .map((reference) => resolveReference(source, reference))
        .filter((target) => target !== undefined && !existsSync(join(root, target)))
        .map((target) => `${source.path}: ${target}`),
    );
    expect(wrong).toEqual([]);
  });
});

describe("the rules see", () => {
  const importing = (text: string): string[] => wrongImports(parseSource("src/elf/example.ts", text));

  test.each([
    ["an import", 'import { run } from "../process/run.ts";'],
    ["a type import", 'import type { Run } from "../process/run.ts";'],
    ["a side effect", 'import "../process/run.ts";'],
    ["a re-export", 'export * from "../process/run.ts";'],
    ["a dynamic import", 'await import("../process/run.ts");'],
    ["an import type", 'let run: import("../process/run.ts").Run;'],
    ["a worker", 'new Worker(new URL("../process/run.ts", import.meta.url));'],
  ])("%s", (_, text) => {
    expect(importing(text)).toEqual(["src/elf/example.ts: elf must not import process (../process/run.ts)"]);
  });

  test("a package in the wrong layer, and a way out of src/", () => {
    expect(importing('import { Decoder } from "iced-x86";')).toEqual([
      "src/elf/example.ts: iced-x86 belongs to machine",
    ]);
    expect(importing('import { root } from "../../test/sources.ts";')).toHaveLength(1);
  });

  test("any, default exports and CPU names, but not in comments and strings that only look alike", () => {
    const source = parseSource("src/elf/example.ts", '// any amd64\nexport default "any";\nlet x: any = 1; // arm64\n');
    expect(source).toMatchObject({ hasDefaultExport: true, anys: [3] });
    expect(matches([source], cpuNames)).toEqual([]);
    expect(matches([parseSource("src/elf/example.ts", 'f("amd64");\n')], cpuNames)).toEqual([
      "src/elf/example.ts:1: amd64",
    ]);
  });

  test("the table of ARCHITECTURE.md", () => {
    const text =
      "## Layers\n\n| Layer | Subject | May import |\n|---|---|---|\n| `errors.ts` | x | nothing |\n| `elf/` | y | `errors.ts`, `bytes` |\n\n## Next\n";
    expect(layersTable(text)).toEqual({ errors: [], elf: ["errors", "bytes"] });
    expect(layersTable("# No such section\n")).toBeUndefined();
  });
});

/** Where code, not comments, matches: "path:line: text". */
function matches(where: readonly Source[], pattern: RegExp): string[] {
  return where.flatMap(({ path, code }) =>
    code.split("\n").flatMap((line, at) => {
      const found = pattern.exec(line);
      return found ? [`${path}:${at + 1}: ${found[0]}`] : [];
    }),
  );
}

/** The table under "## Layers": first column the layer, last column what it may import, both in backticks. */
function layersTable(markdown: string): Record<string, string[]> | undefined {
  const section = /^## Layers$([\s\S]*?)(?=^## |(?![\s\S]))/m.exec(markdown)?.[1];
  const rows = section?.split("\n").filter((line) => /^\|\s*`/.test(line));
  if (!rows || rows.length === 0) return undefined;
  const names = (cell: string): string[] =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name.replace(/(?:\.ts|\/)$/, ""));
  return Object.fromEntries(
    rows.map((row) => {
      const cells = row.split("|").slice(1, -1);
      return [names(cells[0] ?? "")[0] ?? "", names(cells.at(-1) ?? "")];
    }),
  );
}
