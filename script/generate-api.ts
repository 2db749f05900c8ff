/**
 * Writes docs/api.md: what `import … from "elsewhere"` gives, from the declarations and their docstrings.
 * With --check it writes nothing and fails when the file is stale. An export without a docstring is an error.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, posix } from "node:path";
import { type Comment, type Directive, parseSync, type Statement } from "oxc-parser";

const root = join(import.meta.dirname, "..");
const page = join(root, "docs/api.md");

interface Entry {
  readonly name: string;
  /** Function, class and value stand before types. */
  readonly isType: boolean;
  readonly docs: string;
  readonly code: string;
}

type Declared = Extract<Statement, { type: "ExportNamedDeclaration" }>["declaration"];

/** Too long to be read: the editor completes them. */
const long: Readonly<Record<string, string>> = {
  CallTypes: "export interface CallTypes { readonly openat: …; … } // a member for every call",
  ErrnoName: 'export type ErrnoName = "EPERM" | "ENOENT" | …',
};

const entries = readExports("src/index.ts").toSorted((a, b) => (a.name < b.name ? -1 : 1));
const undocumented = entries.filter(({ docs }) => docs === "").map(({ name }) => name);
if (undocumented.length > 0) {
  console.error(`exported from src/index.ts without a docstring: ${undocumented.join(", ")}`);
  process.exitCode = 1;
}

const section = ({ name, docs, code }: Entry): string =>
  `### ${name}\n\n${docs}\n\n\`\`\`typescript\n${code}\n\`\`\`\n`;
const part = (isType: boolean): string =>
  entries
    .filter((entry) => entry.isType === isType)
    .map(section)
    .join("\n");
const text = `<!-- Written by script/generate-api.ts from the sources; do not edit. -->

# Reference of the library

What \`import … from "elsewhere"\` gives, by name, as the sources declare it. The guides are [docs/hooks.md](hooks.md), [docs/library.md](library.md),
[docs/sets.md](sets.md), [docs/virtual-files.md](virtual-files.md) and [docs/record-replay.md](record-replay.md).

## Functions and values

${part(false)}
## Types

${part(true)}`;

if (!process.argv.includes("--check")) writeFileSync(page, text);
else if (!existsSync(page) || readFileSync(page, "utf8") !== text) {
  console.error("docs/api.md is stale: run node script/generate-api.ts");
  process.exitCode = 1;
}

/** What a module of re-exports gives. */
function readExports(path: string): Entry[] {
  const { module } = parse(path);
  return module.staticExports.flatMap(({ entries: exported }) =>
    exported.flatMap(({ importName, exportName, moduleRequest }) => {
      if (moduleRequest === null) return [];
      const from = posix.join(posix.dirname(path), moduleRequest.value);
      const declared = declarationsOf(from);
      if (importName.name === null) return [...declared.values()];
      const found = declared.get(importName.name ?? "");
      if (found === undefined) throw new Error(`${from} does not declare ${importName.name ?? exportName.name}`);
      return [found];
    }),
  );
}

function parse(path: string): ReturnType<typeof parseSync> & { readonly text: string } {
  const text = readFileSync(join(root, path), "utf8");
  return Object.assign(parseSync(path, text), { text });
}

function declarationsOf(path: string): Map<string, Entry> {
  const { program, comments, text } = parse(path);
  const found = new Map<string, Entry>();
  for (const statement of program.body) {
    if (statement.type !== "ExportNamedDeclaration" || statement.declaration === null) continue;
    const name = nameOf(statement.declaration);
    if (name === undefined || found.has(name)) continue;
    const isType = /^TS(?:Interface|TypeAlias)Declaration$/.test(statement.declaration.type);
    const code = long[name] ?? signature(statement.declaration, text);
    found.set(name, { name, isType, docs: docsOf(statement, comments, text), code });
  }
  return found;
}

function nameOf(declared: NonNullable<Declared>): string | undefined {
  if (declared.type === "VariableDeclaration") {
    const [first] = declared.declarations;
    return first?.id.type === "Identifier" ? first.id.name : undefined;
  }
  return "id" in declared && declared.id?.type === "Identifier" ? declared.id.name : undefined;
}

/** Without what it does: a function's body, a value, what is private of a class. */
function signature(declared: NonNullable<Declared>, text: string): string {
  const of = (start: number, end: number): string => text.slice(start, end).trimEnd();
  if (declared.type === "FunctionDeclaration" || declared.type === "TSDeclareFunction")
    return `${of(declared.start, declared.body?.start ?? declared.end).replace(/^async /, "")};`.replace(/;;$/, ";");
  if (declared.type === "VariableDeclaration") {
    const [first] = declared.declarations;
    return first === undefined ? "" : `const ${of(first.start, first.end)};`;
  }
  if (declared.type !== "ClassDeclaration") return of(declared.start, declared.end);
  const members = declared.body.body.flatMap((member) => {
    if (!("key" in member) || member.key.type === "PrivateIdentifier") return [];
    const end = member.type === "MethodDefinition" ? (member.value.body?.start ?? member.end) : member.end;
    return [`  ${of(member.start, end).replace(/;$/, "")};`];
  });
  return [`${of(declared.start, declared.body.start)} {`, ...members, "}"].join("\n");
}

/** The docstring right above, as Markdown. */
function docsOf(statement: Statement | Directive, comments: readonly Comment[], text: string): string {
  const above = comments.findLast(
    ({ type, value, end }) =>
      type === "Block" &&
      value.startsWith("*") &&
      end <= statement.start &&
      text.slice(end, statement.start).trim() === "",
  );
  if (above === undefined) return "";
  return above.value
    .slice(1)
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, ""))
    .join("\n")
    .trim()
    .replaceAll(/\{@link ([^}]+)\}/g, "`$1`")
    .replaceAll(/(?<=^|\n|\s)@(param|returns|throws|default)\b/g, "\n- *$1*")
    .replaceAll(/\n{2,}(?=- \*)/g, "\n")
    .replace(/(?<!\n)\n(?=- \*)/, "\n\n");
}
