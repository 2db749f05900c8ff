/** Tracing a program with real work to do: esbuild bundles a project of a thousand files. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { figure, type Section } from "./report.ts";
import { run } from "./run.ts";
import { interleave, medianOf } from "./statistics.ts";
import { elsewhere, folder, type Tools } from "./tools.ts";

const FILES = 1000;
const native = "native";
const traced = "`elsewhere trace -o /dev/null`";
const strace = "`strace -f -o /dev/null`";

export async function benchBundle(tools: Tools, rounds: number): Promise<Section> {
  const project = mkdtempSync(join(folder, "project-"));
  writeProject(project);
  const esbuild = [tools.esbuild, "file0.ts", "--bundle", "--outfile=out.js", "--log-level=error"];
  const measure = (...command: string[]) => run(command, { cwd: project });
  const variants = [
    { name: native, measure: () => measure(...esbuild) },
    { name: traced, measure: () => measure(...elsewhere("trace", "-o", "/dev/null", "--"), ...esbuild) },
    { name: strace, measure: () => measure("strace", "-f", "-o", "/dev/null", ...esbuild) },
  ];
  await measure(...esbuild); // the files are in the page cache from here on
  await measure(...elsewhere("trace", "-o", "/dev/null", "--"), ...esbuild);
  const results = await interleave(rounds, variants);
  rmSync(project, { recursive: true });
  const ms = (name: string): number => medianOf(results.get(name), (result) => result.elapsedMs);
  const added = (name: string): number => ms(name) - ms(native);
  return {
    title: `esbuild bundles ${FILES} files`,
    about: "From start to end, the tracer's own start included.",
    columns: ["", "ms", "added ms", "× native"],
    rows: variants.map(({ name }) => [
      name,
      figure(ms(name)),
      name === native ? "" : figure(added(name)),
      figure(ms(name) / ms(native)),
    ]),
    targets: [
      {
        what: "esbuild traced: strace's slowdown against ours",
        wanted: 20,
        least: true,
        measured: added(strace) / added(traced),
        unit: "×",
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
