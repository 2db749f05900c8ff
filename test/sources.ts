/** The project's own TypeScript files, parsed once: what the rules of layers.test.ts look at. */
import { globSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { parseSync, Visitor } from "oxc-parser";

export const root: string = join(import.meta.dirname, "..");

export interface Source {
  /** Relative to the root of the repository, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  /** The text with every comment blanked out, line breaks kept. */
  readonly code: string;
  /** Everything it names as another module: imports, re-exports, `import()`, `import("…")` types, worker URLs. */
  readonly references: readonly string[];
  readonly hasDefaultExport: boolean;
  /** Lines on which the type `any` is written. */
  readonly anys: readonly number[];
}

export function sources(...globs: readonly string[]): readonly Source[] {
  const exclude = ["**/fixtures/**", "**/testdata/**", "**/node_modules/**"];
  const paths = globSync(globs, { cwd: root, exclude });
  return paths.toSorted().map((path) => parseSource(path, readFileSync(join(root, path), "utf8")));
}

export function parseSource(path: string, text: string): Source {
  const { module, program, comments, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path} does not parse: ${errors[0]?.message}`);

  const references = new Set<string>();
  for (const each of module.staticImports) references.add(each.moduleRequest.value);
  for (const each of module.staticExports)
    for (const entry of each.entries) if (entry.moduleRequest) references.add(entry.moduleRequest.value);
  const anys: number[] = [];
  new Visitor({
    ImportExpression({ source }) {
      if (source.type === "Literal" && typeof source.value === "string") references.add(source.value);
    },
    TSImportType({ source }) {
      references.add(source.value);
    },
    // new URL("./worker.ts", import.meta.url)
    NewExpression({ callee, arguments: [first] }) {
      if (callee.type !== "Identifier" || callee.name !== "URL" || first?.type !== "Literal") return;
      if (typeof first.value === "string" && /^\.{1,2}\//.test(first.value)) references.add(first.value);
    },
    TSAnyKeyword({ start }) {
      anys.push(text.slice(0, start).split("\n").length);
    },
  }).visit(program);

  let code = text;
  for (const { start, end } of comments)
    code = code.slice(0, start) + code.slice(start, end).replaceAll(/[^\n]/g, " ") + code.slice(end);

  return {
    path,
    text,
    lines: text.split("\n").length - 1,
    code,
    references: [...references],
    hasDefaultExport: module.staticExports.some(({ entries }) =>
      entries.some(({ exportName: { kind } }: { exportName: { kind: string } }) => kind === "Default"),
    ),
    anys,
  };
}

/** The file that a relative reference means, as a path from the root; undefined for packages and Node's own modules. */
export function resolveReference(from: Source, reference: string): string | undefined {
  return reference.startsWith(".") ? posix.join(posix.dirname(from.path), reference) : undefined;
}
