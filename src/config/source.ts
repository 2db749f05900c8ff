/** A configuration file as it was read: what it holds, and where in it. */
import { LineCounter, type Node, type Pair, isMap, isNode, isPair, isScalar, parseDocument } from "yaml";
import { ElsewhereError } from "../errors.ts";

/** Where in a configuration: ["files", "rules", 0, "mode"]. */
export type KeyPath = readonly PropertyKey[];

/** Both count from 1. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

export interface Source {
  /** For people: a path. */
  readonly name: string;
  readonly value: unknown;
  /** Where a value is, or its key; undefined where nobody can tell. */
  placeOf(path: KeyPath, ofKey?: boolean): TextPlace | undefined;
  /** Where the user has written a value, if not in a file: "--files-local". */
  labelOf?(path: KeyPath): string;
}

/** For errors: "elsewhere.config.yaml:3:5: files.rules[0]" */
export function whereText(source: Source, path: KeyPath, ofKey: boolean = false): string {
  if (source.labelOf !== undefined) return source.labelOf(path);
  const place = source.placeOf(path, ofKey);
  const where = place === undefined ? source.name : `${source.name}:${place.line}:${place.column}`;
  return path.length === 0 ? where : `${where}: ${keyText(path)}`;
}

/** ["files", "rules", 0] → "files.rules[0]" */
export function keyText(path: KeyPath): string {
  const text = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  return text.replace(/^\./, "");
}

/** What a program has made: a module's export, flags. */
export function plainSource(name: string, value: unknown): Source {
  return { name, value, placeOf: () => undefined };
}

/**
 * YAML 1.2, or JSON, which is YAML (RFC 8259 in YAML 1.2, 1.3).
 * @throws ElsewhereError `config-unusable` with line and column
 */
export function textSource(name: string, text: string, format: "yaml" | "json"): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    schema: format === "json" ? "json" : "core",
  });
  const place = (offset: number): TextPlace => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const [error] = document.errors;
  if (error !== undefined) throw malformed(name, format, error.message, place(error.pos[0]));
  if (format === "json") checkJson(name, text);
  return {
    name,
    value: document.toJS() ?? {},
    placeOf: (path, ofKey = false) => {
      const node = nodeAt(document.contents, path, ofKey);
      return node?.range ? place(node.range[0]) : undefined;
    },
  };
}

/** YAML takes more than JSON does: single quotes, comments that begin with #, a comma behind the last. */
function checkJson(name: string, text: string): void {
  try {
    JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const [, line, column] = /\(line (\d+) column (\d+)\)/.exec(message) ?? [];
    const place = line === undefined ? undefined : { line: Number(line), column: Number(column) };
    throw malformed(name, "json", message.replace(/(?: in JSON at position|, (?:\.\.\.)?").*/s, ""), place);
  }
}

function malformed(name: string, format: string, message: string, place: TextPlace | undefined): ElsewhereError {
  const where = place === undefined ? name : `${name}:${place.line}:${place.column}`;
  return new ElsewhereError({
    code: "config-unusable",
    message: `the configuration is no ${format.toUpperCase()}`,
    context: [`${where}: ${message}`],
  });
}

/** What is not there is where it should be: in the map or list that lacks it. */
function nodeAt(contents: unknown, path: KeyPath, ofKey: boolean): Node | undefined {
  let node: unknown = contents;
  for (const [depth, key] of path.entries()) {
    const pair: unknown = isMap(node) ? node.items.find((item) => isKey(item, key)) : undefined;
    if (isPair(pair)) node = ofKey && depth === path.length - 1 ? pair.key : (pair.value ?? pair.key);
    else node = (typeof key === "number" && hasItems(node) ? node.items[key] : undefined) ?? node;
  }
  return isNode(node) ? node : undefined;
}

const isKey = ({ key }: Pair, name: PropertyKey): boolean => (isScalar(key) ? key.value : key) === name;
const hasItems = (node: unknown): node is { readonly items: readonly unknown[] } =>
  typeof node === "object" && node !== null && "items" in node && Array.isArray(node.items);
