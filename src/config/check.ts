/** What is wrong with a configuration, each mistake in a line: where, what was wanted, what was found. */
import type { z } from "zod";
import { ElsewhereError } from "../errors.ts";
import type { ElsewhereConfig } from "./config.ts";
import { configSchema, jsonSchema } from "./schema.ts";
import { type KeyPath, type Source, whereText } from "./source.ts";
import { nearest, plain } from "./suggest.ts";

/** @throws ElsewhereError `config-unusable` that names every mistake */
export function checkConfig(source: Source): ElsewhereConfig {
  const { data, error } = configSchema.safeParse(source.value, { reportInput: true });
  if (error === undefined) return data;
  const mistakes = error.issues
    .flatMap(mistakesOf)
    .map(({ path, ofKey, text }) => `${whereText(source, path, ofKey)}: ${text}`);
  throw new ElsewhereError({
    code: "config-unusable",
    message:
      mistakes.length === 1 ? "the configuration has a mistake" : `the configuration has ${mistakes.length} mistakes`,
    context: mistakes,
    hint: "docs/configuration.md says what it may hold",
  });
}

interface Mistake {
  readonly path: KeyPath;
  /** The key is wrong, not its value. */
  readonly ofKey?: boolean;
  readonly text: string;
}

function mistakesOf(issue: z.core.$ZodIssue): Mistake[] {
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({ path: [...issue.path, key], ofKey: true, text: unknownKey(key, issue.path) }));
  if (issue.code === "invalid_key")
    return [{ path: issue.path, ofKey: true, text: `wanted ${issue.issues[0]?.message ?? issue.message}` }];
  return [{ path: issue.path, text: `wanted ${issue.message}, found ${describe(issue.input)}` }];
}

function unknownKey(key: string, path: KeyPath): string {
  const known = keysAt(path);
  const meant = nearest(key, known) ?? elsewhere(key);
  return meant === undefined
    ? `there is no such key; there are ${known.filter((each) => each !== "$schema").join(", ")}`
    : `there is no such key; did you mean "${meant}"?`;
}

/** "files.readOnly" for a "readOnly" that stands in another place. */
function elsewhere(key: string): string | undefined {
  for (const section of keysAt([]))
    for (const known of keysAt([section])) if (plain(known) === plain(key)) return `${section}.${known}`;
  return undefined;
}

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, ObjectSchema>>;
  readonly items?: ObjectSchema;
}

function keysAt(path: KeyPath): string[] {
  let schema: ObjectSchema | undefined = jsonSchema();
  for (const key of path) schema = typeof key === "number" ? schema?.items : schema?.properties?.[String(key)];
  return Object.keys(schema?.properties ?? {});
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") return `the number ${value}`;
  if (typeof value === "boolean") return String(value);
  if (value instanceof RegExp) return "a regular expression";
  return typeof value === "function" ? "a function" : "an object";
}
