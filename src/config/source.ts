/** A configuration file as it was read: what it holds, and where in it. */

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
