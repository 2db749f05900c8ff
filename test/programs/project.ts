/** A small TypeScript project to bundle and to check: generated, so that its size is a parameter. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes a project of `modules` modules that import each other, with two type errors, to `folder`. */
export function writeProject(folder: string, modules: number): void {
  const sources = join(folder, "source");
  mkdirSync(sources, { recursive: true });
  for (let index = 0; index < modules; index++)
    writeFileSync(join(sources, `module${index}.ts`), moduleText(index, modules));
  writeFileSync(join(sources, "data.json"), JSON.stringify({ name: "project", numbers: [1, 2, 3] }));
  writeFileSync(join(sources, "view.tsx"), viewText);
  writeFileSync(
    join(sources, "main.ts"),
    `import { value0 } from "./module0";\nimport { view } from "./view";\nimport data from "./data.json";\n` +
      `console.log(value0(2), view(data.name), data.numbers.length);\n`,
  );
  writeFileSync(join(sources, "wrong.ts"), 'export const count: number = "three";\nexport const missing = absent;\n');
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        strict: true,
        noEmit: true,
        target: "es2022",
        module: "esnext",
        moduleResolution: "bundler",
        resolveJsonModule: true,
        jsx: "react",
        types: [],
      },
      include: ["source"],
    }),
  );
}

const viewText = `declare const React: { createElement(tag: string, attributes: object | null, ...children: unknown[]): unknown };
declare namespace JSX { interface IntrinsicElements { [name: string]: object } }
export const view = (name: string): unknown => <main id="top"><h1>{name}</h1></main>;
`;

function moduleText(index: number, modules: number): string {
  const next = index + 1 < modules ? `import { value${index + 1} } from "./module${index + 1}";\n` : "";
  const rest = index + 1 < modules ? `value${index + 1}(input + 1)` : "input";
  return (
    `${next}interface Shape${index} { readonly side: number; readonly label?: string }\n` +
    `export function value${index}(input: number): number {\n` +
    `  const shape: Shape${index} = { side: input * ${index}, label: \`module \${input}\` };\n` +
    `  return (shape.label?.length ?? 0) + ${rest};\n}\n`
  );
}
