/**
 * Tracing a program with real work to do: esbuild bundles a project of a thousand files. The
 * tracer's own start is measured with a program that does nothing, and told apart.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { figure, type Section } from "./report.ts";
import { type Outcome, run } from "./run.ts";
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
  const nothing = [tools.roundtrip, "-sleep", "1ns"];
  const measure = (...command: string[]): Promise<Outcome> => run(command, { cwd: project });
  const started = (name: string): string => `${name}, start only`;
  const variants = [
    { name: native, measure: () => measure(...esbuild) },
    { name: traced, measure: () => measure(...elsewhere("trace", "-o", "/dev/null", "--"), ...esbuild) },
    { name: strace, measure: () => measure("strace", "-f", "-o", "/dev/null", ...esbuild) },
  ];
  const starts = [
    { name: started(native), measure: () => measure(...nothing) },
    { name: started(traced), measure: () => measure(...elsewhere("trace", "-o", "/dev/null", "--"), ...nothing) },
    { name: started(strace), measure: () => measure("strace", "-f", "-o", "/dev/null", ...nothing) },
  ];
  await measure(...esbuild); // the files are in the page cache from here on
  for (const program of [esbuild, nothing]) await measure(...elsewhere("trace", "-o", "/dev/null", "--"), ...program);
  const results = await interleave(rounds, [...variants, ...starts]);
  rmSync(project, { recursive: true });
  const ms = (name: string): number => medianOf(results.get(name), (result) => result.elapsedMs);
  const added = (name: string): number => ms(name) - ms(native);
  const start = (name: string): number => ms(started(name)) - ms(started(native));
  const running = (name: string): number => added(name) - start(name);
  return {
    title: `esbuild bundles ${FILES} files`,
    about: "From start to end; what is added is split into the tracer's own start and the rest.",
    columns: ["", "ms", "× native", "added ms", "by its start", "while it runs"],
    rows: variants.map(({ name }) => [
      name,
      figure(ms(name)),
      figure(ms(name) / ms(native)),
      ...(name === native ? ["", "", ""] : [added, start, running].map((part) => figure(part(name)))),
    ]),
    targets: [
      {
        what: "esbuild traced, strace's slowdown against ours",
        wanted: 20,
        least: true,
        measured: added(strace) / added(traced),
        unit: "×",
      },
      {
        what: "the same, while it runs",
        wanted: 20,
        least: true,
        measured: running(strace) / running(traced),
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
