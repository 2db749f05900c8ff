/**
 * Tracing a program with real work to do: esbuild bundles a project of a thousand files. What the program feels is
 * the time that it says itself; what the user waits for is the whole, with the tracer's start and end.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { figure, type Section } from "./report.ts";
import { run } from "./run.ts";
import { interleave, medianOf } from "./statistics.ts";
import { elsewhere, folder, type Tools } from "./tools.ts";

const FILES = 1000;
const native = "native";
const traced = "`elsewhere trace -o FILE`";
const inStep = "`elsewhere trace --in-step -o FILE`";
const strace = "`strace -f -o FILE`";

interface Bundled {
  /** What esbuild says that it took. */
  readonly ownMs: number;
  readonly elapsedMs: number;
  /** Files of the project that the trace says were opened. */
  readonly opened: number;
}

export async function benchBundle(tools: Tools, rounds: number): Promise<Section> {
  const project = mkdtempSync(join(folder, "project-"));
  writeProject(project);
  const file = join(folder, "bundle-trace");
  const esbuild = [tools.esbuild, "file0.ts", "--bundle", "--outfile=out.js"];
  const measure = async (...command: string[]): Promise<Bundled> => {
    writeFileSync(file, "");
    const { stderr, elapsedMs } = await run(command, { cwd: project });
    const ownMs = Number(/Done in (\d+)ms/.exec(stderr)?.[1]);
    const names = readFileSync(file, "utf8").matchAll(/openat\(AT_FDCWD, "([^"]*file\d+\.ts)"/g);
    return { ownMs, elapsedMs, opened: new Set([...names].map(([, name]) => name)).size };
  };
  const tracing = (...options: string[]): string[] => elsewhere("trace", ...options, "-o", file, "-s", "200", "--");
  const variants = [
    { name: native, measure: () => measure(...esbuild) },
    { name: traced, measure: () => measure(...tracing(), ...esbuild) },
    { name: inStep, measure: () => measure(...tracing("--in-step"), ...esbuild) },
    { name: strace, measure: () => measure("strace", "-f", "-s", "200", "-o", file, ...esbuild) },
  ];
  await measure(...tracing(), ...esbuild); // the files are in the page cache from here on, and the copy in ours
  const results = await interleave(rounds, variants);
  rmSync(project, { recursive: true });
  rmSync(file);
  const median = (name: string, part: keyof Bundled): number => medianOf(results.get(name), (result) => result[part]);
  const added = (name: string, part: keyof Bundled): number => median(name, part) - median(native, part);
  return {
    title: `esbuild bundles ${FILES} files`,
    about:
      "What esbuild says that it took, then from start to end: the tracer's own start, and decoding what it " +
      "put off while the program ran.",
    columns: ["", "esbuild's own ms", "added", "× native", "whole ms", "added", "project files in the trace"],
    rows: variants.map(({ name }) => [
      name,
      figure(median(name, "ownMs")),
      name === native ? "" : figure(added(name, "ownMs")),
      figure(median(name, "ownMs") / median(native, "ownMs")),
      figure(median(name, "elapsedMs")),
      name === native ? "" : figure(added(name, "elapsedMs")),
      name === native ? "" : figure(median(name, "opened")),
    ]),
    targets: [
      {
        what: "esbuild traced, what strace adds against what we add",
        wanted: 20,
        least: true,
        measured: added(strace, "ownMs") / added(traced, "ownMs"),
        unit: "×",
      },
      {
        what: "project files missing from the trace",
        wanted: 0,
        measured: FILES - median(traced, "opened"),
        unit: "",
      },
    ],
  };
}

/** Each file imports up to three others, in folders of fifty. */
function writeProject(project: string): void {
  const path = (index: number): string => (index === 0 ? "file0.ts" : `part${Math.floor(index / 50)}/file${index}.ts`);
  for (let index = 0; index < FILES; index++) {
    const others = [1, 2, 3].map((next) => index * 3 + next).filter((other) => other < FILES);
    const up = index === 0 ? "./" : "../";
    mkdirSync(dirname(join(project, path(index))), { recursive: true });
    writeFileSync(
      join(project, path(index)),
      [
        ...others.map((other) => `import { value${other} } from "${up}${path(other).replace(/\.ts$/, "")}";`),
        `interface Shape${index} { readonly side: number; readonly label?: string }`,
        `export function value${index}(input: number): number {`,
        `  const shape: Shape${index} = { side: input * ${index}, label: \`file \${input}\` };`,
        `  return (shape.label?.length ?? 0) + [${others.map((other) => `value${other}(input)`).join(", ")}].length;`,
        "}\n",
      ].join("\n"),
    );
  }
}
