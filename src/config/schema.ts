/**
 * The configuration, declared once: what is checked, and docs/elsewhere.schema.json (JSON Schema 2020-12), which
 * `script/generate-schema.ts` derives from here. Each value's error says what is wanted; `check.ts` adds what was found.
 */
import { z } from "zod";
import type { ElsewhereConfig, EnvironmentConfig, FilesConfig, NetworkConfig, OutgoingConfig } from "./config.ts";
import { compileDestination } from "./destination-pattern.ts";
import type { PathPattern } from "./pattern.ts";

const DESTINATION =
  'a destination such as "tcp://10.0.0.0/8:5432", "*.internal:443", "localhost:3000-3999", ":25" or "unix:/run/app.sock"';
const ERRNO = 'the name of an error such as "ECONNREFUSED"';

const strings = (wanted: string, each: z.ZodType<string>): z.ZodType<readonly string[]> =>
  z.array(each, { error: `a list of ${wanted}` });

const pathPattern = z.custom<PathPattern>(isPattern, {
  error: 'a path or glob that begins with "/", "~", "./" or "**", or a regular expression that begins with "^"',
});

const patterns = z.array(pathPattern, { error: "a list of patterns" });

const modes = ["local", "remote-read", "remote", "absent"] as const;
const defaults = ["local", "remote-read", "remote"] as const;
const sides = ["remote", "local"] as const;
const oneOf = (words: readonly string[]): string => words.map((word) => JSON.stringify(word)).join(" or ");

const boolean = (): z.ZodBoolean => z.boolean({ error: "true or false" });

const files = z
  .strictObject(
    {
      default: z
        .enum(defaults, { error: oneOf(defaults) })
        .describe('Files that nothing else names; "remote-read" unless given'),
      rules: z
        .array(
          z.strictObject(
            { path: pathPattern, mode: z.enum(modes, { error: oneOf(modes) }) },
            { error: "{ path, mode }" },
          ),
          { error: "a list of { path, mode }" },
        )
        .describe("Asked first, from the top: where the order of the lists is not what is wanted"),
      absent: patterns.describe("Not there for the program, here or there (ENOENT)"),
      local: patterns.describe("Of this machine"),
      readOnly: patterns.describe("Of the target; writing fails with EROFS"),
      readWrite: patterns.describe("Of the target"),
    },
    { error: "an object" },
  )
  .partial()
  .describe(
    "Which files are whose. The first pattern that matches decides, asked in this order: rules, absent, local, readOnly, readWrite, the defaults",
  );

const variableName = z.string({ error: "a name" }).regex(/^[^=\0]+$/u, { error: 'a name, without "="' });

const env = z
  .strictObject(
    {
      include: strings("names", variableName).describe(
        "Names of the target's variables that are taken, * is any text; all unless given",
      ),
      exclude: strings("names", variableName).describe("Names of the target's variables that are not taken"),
      local: boolean().describe("Whether your variables are there too; true unless given"),
      file: z
        .string({ error: "the path of a file" })
        .min(1, { error: "the path of a file" })
        .describe("A file with more, NAME=value lines (dotenv); relative to this file"),
      override: z
        .record(variableName, z.string({ error: "a text (in quotes)" }), { error: "an object of names and texts" })
        .describe("More variables"),
      unset: strings("names", variableName).describe("Names that the program gets in no case, * is any text"),
    },
    { error: "an object" },
  )
  .partial()
  .describe(
    "The program's variables: the target's over yours, but for those that belong to this machine (PATH, HOME, …)",
  );

const destination = z
  .string({ error: DESTINATION })
  .refine((text) => compileDestination(text, { homes: [], folder: "/" }) !== undefined, { error: DESTINATION });
const destinations = z.array(destination, { error: "a list of destinations" });
const outgoingModes = ["local", "remote", "refuse"] as const;
const outgoingMode = z.enum(outgoingModes, { error: oneOf(outgoingModes) });

const outgoing = z
  .strictObject(
    {
      enabled: boolean().describe("Whether connections begin in the target at all; true unless given"),
      default: outgoingMode.describe('Where connections begin that nothing else names; "remote" unless given'),
      rules: z
        .array(
          z
            .strictObject(
              {
                to: destination,
                mode: outgoingMode,
                errno: z
                  .string({ error: ERRNO })
                  .regex(/^E[A-Z0-9]+$/u, { error: ERRNO })
                  .describe('What connecting fails with where it is refused; "ECONNREFUSED" unless given'),
              },
              { error: "{ to, mode }" },
            )
            .partial({ errno: true }),
          { error: "a list of { to, mode }" },
        )
        .describe("Asked first, from the top: where the order of the lists is not what is wanted"),
      refuse: destinations.describe("Nowhere: connecting fails with ECONNREFUSED"),
      local: destinations.describe("From this machine"),
      remote: destinations.describe("From the target"),
    },
    { error: "an object" },
  )
  .partial()
  .describe(
    "Where what the program connects to is connected to. The first pattern that matches decides, asked in this order: rules, refuse, local, remote, the defaults",
  );

const network = z
  .strictObject(
    {
      outgoing: outgoing as z.ZodType<OutgoingConfig>,
      interfaces: z
        .enum(sides, { error: oneOf(sides) })
        .describe('Whose interfaces, addresses and routes the program finds; "remote" unless given'),
    },
    { error: "an object" },
  )
  .partial()
  .describe("The target's network");

const id = z.int().min(0).max(0xffff_fffe);
const whose = { error: "true, false or { uid, gid } (numbers)" };

/** What a configuration file may hold. */
export const configSchema: z.ZodType<ElsewhereConfig> = z
  .strictObject(
    {
      $schema: z.string({ error: "the address of a schema" }).describe("For editors"),
      target: z
        .string({ error: 'a target such as "container:api"' })
        .min(1, { error: 'a target such as "container:api"' })
        .describe('Where the program is as if: "container:api"'),
      keep: boolean().describe(
        "Whether what has to be brought to another machine (ssh:) stays there for the next time; false unless given",
      ),
      files: files as z.ZodType<FilesConfig>,
      env: env as z.ZodType<EnvironmentConfig>,
      network: network as z.ZodType<NetworkConfig>,
      hostname: boolean().describe("Whether the program sees the target's host and domain name; true unless given"),
      identity: z
        .union([z.boolean(), z.strictObject({ uid: id, gid: id })], whose)
        .describe(
          "Whose user and group ids the program sees: the target's (true), its own (false), or these; false unless given",
        ),
      workdir: z
        .string({ error: '"target" or an absolute path' })
        .regex(/^(?:target$|\/)/u, { error: '"target" or an absolute path' })
        .describe(
          'Where the program starts: "target" (where the target\'s main process is) or an absolute path; else where you are',
        ),
      timezone: z
        .string({ error: '"target", "local", or the name of a time zone' })
        .regex(/^[A-Za-z]/u, { error: '"target", "local", or the name of a time zone' })
        .describe('"target" (unless given), "local", or the name of a zone: "Europe/Berlin"'),
    },
    { error: "an object" },
  )
  .partial()
  .meta({ title: "Configuration of elsewhere" }) as z.ZodType<ElsewhereConfig>;

/** docs/elsewhere.schema.json, for editors. A RegExp is possible in TypeScript only. */
export function jsonSchema(): object {
  return z.toJSONSchema(configSchema, {
    target: "draft-2020-12",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema !== pathPattern) return;
      jsonSchema.type = "string";
      jsonSchema.pattern = PATTERN.source;
    },
  });
}

const PATTERN = /^(?:\/|~(?:\/|$)|\.(?:\/|$)|\*\*|\^)/u;

function isPattern(value: unknown): boolean {
  if (value instanceof RegExp) return true;
  if (typeof value !== "string" || !PATTERN.test(value)) return false;
  if (!value.startsWith("^")) return true;
  try {
    return new RegExp(value) instanceof RegExp;
  } catch {
    return false;
  }
}
