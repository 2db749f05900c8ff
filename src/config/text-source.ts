/** Configurations in YAML and JSON. */
import { isMap, isNode, isPair, isScalar, LineCounter, type Node, type Pair, parseDocument } from "yaml";
import { ElsewhereError } from "../errors.ts";
import type { KeyPath, Source, TextPlace } from "./source.ts";

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
