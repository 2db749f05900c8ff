/** Options of hook sets, checked when the set is made: a rule with a mistake in it would only never match. */
import { z } from "zod";
import { ElsewhereError } from "../errors.ts";
import { errnoNumber } from "../linux/errno.ts";
import { callNames } from "./call-names.ts";
import { parseDestination } from "./destinations.ts";

/** @throws ElsewhereError `usage` that names every wrong option: "rules[0].error: there is no error ENOTHING" */
export function checkOptions(set: string, schema: z.ZodType, options: unknown): void {
  const { error } = schema.safeParse(options);
  if (error === undefined) return;
  throw new ElsewhereError({
    code: "usage",
    message: `the options of ${set}() are wrong`,
    context: error.issues.map(({ path, message }) => `${nameOf(path)}: ${message}`),
    hint: `docs/sets.md says what ${set}() takes`,
  });
}

/** ["rules", 0, "error"] → "rules[0].error" */
function nameOf(path: readonly PropertyKey[]): string {
  const name = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  return name === "" ? "options" : name.replace(/^\./, "");
}

/** One, or a list of at least one. A union would not say what is wrong with either. */
export const oneOrMore = (schema: z.ZodType): z.ZodType =>
  z.unknown().superRefine((value, context) => {
    if (Array.isArray(value) && value.length === 0) context.addIssue("must not be empty");
    for (const [at, each] of [value].flat().entries())
      for (const { path, message } of schema.safeParse(each).error?.issues ?? [])
        context.addIssue({ code: "custom", message, path: [...(Array.isArray(value) ? [at] : []), ...path] });
  });

export const callName: z.ZodType = z.string().superRefine((name, context) => {
  if (callNames(name) === undefined) context.addIssue(`there is no call or group "${name}"`);
});

export const errnoName: z.ZodType = z.string().superRefine((name, context) => {
  if (errnoNumber(name) === undefined) context.addIssue(`there is no error ${name}`);
});

export const pathPattern: z.ZodType = z
  .unknown()
  .refine(
    (pattern) => pattern instanceof RegExp || (typeof pattern === "string" && /^(?:\/|\*\*)/u.test(pattern)),
    'must be a RegExp or a pattern that begins with "/" or "**"',
  );

export const destination: z.ZodType = z.string().superRefine((text, context) => {
  try {
    parseDestination(text);
  } catch (error) {
    context.addIssue(error instanceof Error ? error.message : String(error));
  }
});

export const seed: z.ZodType = z.union([z.number(), z.string()]).optional();
export const milliseconds: z.ZodType = z
  .number()
  .nonnegative()
  .max(2 ** 31 - 1);
