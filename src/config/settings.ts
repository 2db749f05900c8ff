/** What holds for a run: flags before variables before the file before the defaults, and who said it. */
import { dirname, resolve } from "node:path";
import { ElsewhereError } from "../errors.ts";
import { checkConfig } from "./check.ts";
import type { ElsewhereConfig, OutgoingRuleConfig, UserAndGroup } from "./config.ts";
import { readVariables } from "./dotenv.ts";
import type { Origin } from "./origin.ts";
import { type OutgoingMode, type OutgoingRule, outgoingRule } from "./outgoing.ts";
import { compilePattern, type PathPattern, type PatternPlaces } from "./pattern.ts";
import type { FileMode, FileRule } from "./policy.ts";
import { type KeyPath, plainSource, type Source, whereText } from "./source.ts";

/** A value, and who said it. */
export interface Setting<T> {
  readonly value: T;
  readonly origin: Origin;
}

export interface FileSettings {
  /** Flags and file, in the order in which they are asked. */
  readonly rules: readonly FileRule[];
  /** Where files are that no rule names. */
  readonly otherwise: { readonly mode: FileMode; readonly origin: Origin };
}

export interface OutgoingSettings {
  /** False: all connections begin here. */
  readonly enabled: Setting<boolean>;
  /** Flags and file, in the order in which they are asked. */
  readonly rules: readonly OutgoingRule[];
  /** Where connections begin that no rule names. */
  readonly otherwise: { readonly mode: OutgoingMode; readonly origin: Origin };
}

export interface EnvironmentSettings {
  /** Names of the target's variables that are taken, `*` is any text. Undefined: all. */
  readonly include: readonly Setting<string>[] | undefined;
  /** Names of the target's that are not. */
  readonly exclude: readonly Setting<string>[];
  /** Whether variables of here are in it. Without them it is the target's own, PATH and HOME included. */
  readonly local: Setting<boolean>;
  /** From files of variables. */
  readonly file: ReadonlyMap<string, Setting<string>>;
  readonly override: ReadonlyMap<string, Setting<string>>;
  /** Names that are in it in no case. */
  readonly unset: readonly Setting<string>[];
}

export interface Settings {
  /** The configuration file; undefined where there is none. */
  readonly file: string | undefined;
  readonly target: Setting<string | undefined>;
  /** Whether what was brought to another machine stays there. */
  readonly keep: Setting<boolean>;
  readonly files: FileSettings;
  readonly env: EnvironmentSettings;
  readonly outgoing: OutgoingSettings;
  /** Whose interfaces, addresses and routes the program finds. */
  readonly interfaces: Setting<"remote" | "local">;
  /** Whether the program sees the target's host and domain name. */
  readonly hostname: Setting<boolean>;
  /** Whose user and group ids it sees: the target's (true), its own (false), or these. */
  readonly identity: Setting<boolean | UserAndGroup>;
  /** "target", an absolute path, or undefined: where you are. */
  readonly workdir: Setting<string | undefined>;
  /** "target", "local" or a zone. */
  readonly timezone: Setting<string>;
}

/** One that says something: the file, the flags. */
export interface Speaker {
  readonly source: Source;
  /** "./" in patterns, and where a file of variables is looked for. */
  readonly folder: string;
  originOf(path: KeyPath): Origin;
}

/** A configuration file. @param path absolute */
export function fileSpeaker(path: string, source: Source): Speaker {
  return {
    source,
    folder: dirname(path),
    originOf: (at) => {
      const place = source.placeOf(at);
      return place === undefined ? { by: "file", file: path } : { by: "file", file: path, ...place };
    },
  };
}

/** What a program says that uses this as a library. @param folder what "./" begins at */
export const codeSpeaker = (config: ElsewhereConfig, folder: string): Speaker => ({
  source: plainSource("config", config),
  folder,
  originOf: () => ({ by: "code" }),
});

/**
 * @param speakers the first counts most
 * @throws ElsewhereError `config-unusable`
 */
export function settle(
  speakers: readonly Speaker[],
  { file, homes }: { readonly file: string | undefined; readonly homes: readonly string[] },
): Settings {
  const said = speakers.map((speaker) => ({ ...speaker, config: checkConfig(speaker.source) }));

  /** The first who says it. */
  const one = <T>(path: KeyPath, of: (config: ElsewhereConfig) => T | undefined, otherwise: T): Setting<T> => {
    for (const { config, originOf } of said) {
      const value = of(config);
      if (value !== undefined) return { value, origin: originOf(path) };
    }
    return { value: otherwise, origin: { by: "default" } };
  };
  /** What all say. */
  const list = (path: KeyPath, of: (config: ElsewhereConfig) => readonly string[] | undefined): Setting<string>[] =>
    said.flatMap(({ config, originOf }) =>
      (of(config) ?? []).map((value, at) => ({ value, origin: originOf([...path, at]) })),
    );

  const isOutgoing = one(["network", "outgoing", "enabled"], ({ network }) => network?.outgoing?.enabled, true);
  const include = list(["env", "include"], ({ env }) => env?.include);
  return {
    file,
    target: one<string | undefined>(["target"], ({ target }) => target, undefined),
    keep: one(["keep"], ({ keep }) => keep, false),
    files: {
      rules: said.flatMap((speaker) => fileRules(speaker, { homes, folder: speaker.folder })),
      otherwise: mode(one<FileMode>(["files", "default"], ({ files }) => files?.default, "remote-read")),
    },
    env: {
      include: said.some(({ config }) => config.env?.include !== undefined) ? include : undefined,
      exclude: list(["env", "exclude"], ({ env }) => env?.exclude),
      local: one(["env", "local"], ({ env }) => env?.local, true),
      file: variablesOfFiles(said),
      override: overrides(said),
      unset: list(["env", "unset"], ({ env }) => env?.unset),
    },
    outgoing: {
      enabled: isOutgoing,
      rules: said.flatMap((speaker) => outgoingRules(speaker, { homes, folder: speaker.folder })),
      otherwise: mode(
        one<OutgoingMode>(["network", "outgoing", "default"], ({ network }) => network?.outgoing?.default, "remote"),
      ),
    },
    interfaces: one(
      ["network", "interfaces"],
      ({ network }) => network?.interfaces,
      isOutgoing.value ? "remote" : "local",
    ),
    hostname: one(["hostname"], ({ hostname }) => hostname, true),
    identity: one<boolean | UserAndGroup>(["identity"], ({ identity }) => identity, false),
    workdir: one<string | undefined>(["workdir"], ({ workdir }) => workdir, undefined),
    timezone: one(["timezone"], ({ timezone }) => timezone, "target"),
  };
}

type Said = Speaker & { readonly config: ElsewhereConfig };

const mode = <T>({ value, origin }: Setting<T>): { mode: T; origin: Origin } => ({ mode: value, origin });

/** The lists in the order in which they are asked: who is more cautious comes first. */
const lists = [
  ["absent", "absent"],
  ["local", "local"],
  ["readOnly", "remote-read"],
  ["readWrite", "remote"],
] as const;

function fileRules({ source, config: { files }, originOf }: Said, places: PatternPlaces): FileRule[] {
  const rules: FileRule[] = [];
  const add = (pattern: PathPattern, mode: FileMode, path: KeyPath): void => {
    const rule: FileRule = {
      pattern: String(pattern),
      mode,
      origin: originOf(path),
      compiled: compilePattern(pattern, places),
    };
    checkReached(rule, rules, path, source);
    rules.push(rule);
  };
  for (const [at, { path, mode }] of (files?.rules ?? []).entries()) add(path, mode, ["files", "rules", at, "path"]);
  for (const [name, mode] of lists)
    for (const [at, pattern] of (files?.[name] ?? []).entries()) add(pattern, mode, ["files", name, at]);
  return rules;
}

function outgoingRules({ source, config: { network }, originOf }: Said, places: PatternPlaces): OutgoingRule[] {
  const rules: OutgoingRule[] = [];
  const { outgoing } = network ?? {};
  const add = ({ to, ...rest }: OutgoingRuleConfig, path: KeyPath): void => {
    const before = rules.find(({ pattern, mode }) => pattern === to && mode !== rest.mode);
    if (before !== undefined)
      throw neverDecides(`${whereText(source, path)}: ${to} is ${before.mode} already`, "network.outgoing.rules");
    rules.push(outgoingRule({ pattern: to, ...rest, origin: originOf(path) }, places));
  };
  for (const [at, rule] of (outgoing?.rules ?? []).entries()) add(rule, ["network", "outgoing", "rules", at, "to"]);
  for (const mode of ["refuse", "local", "remote"] as const)
    for (const [at, to] of (outgoing?.[mode] ?? []).entries()) add({ to, mode }, ["network", "outgoing", mode, at]);
  return rules;
}

/** A rule that never decides is a mistake about the order. */
function checkReached(rule: FileRule, before: readonly FileRule[], path: KeyPath, source: Source): void {
  const { literal } = rule.compiled;
  if (literal === undefined) return;
  const covering = before.find(
    ({ mode, compiled }) => mode !== rule.mode && compiled.literal !== undefined && compiled.matches(literal),
  );
  if (covering === undefined) return;
  throw neverDecides(
    `${whereText(source, path)}: ${rule.pattern} is ${covering.mode} already, by ${covering.pattern}`,
    "files.rules",
  );
}

const neverDecides = (text: string, key: string): ElsewhereError =>
  new ElsewhereError({
    code: "config-unusable",
    message: "a rule never decides",
    context: [text],
    hint: `${key} are asked in the order in which you write them, before the lists`,
  });

function overrides(said: readonly Said[]): Map<string, Setting<string>> {
  const settings = new Map<string, Setting<string>>();
  for (const { config, originOf } of said.toReversed())
    for (const [name, value] of Object.entries(config.env?.override ?? {}))
      settings.set(name, { value, origin: originOf(["env", "override", name]) });
  return settings;
}

function variablesOfFiles(said: readonly Said[]): Map<string, Setting<string>> {
  const settings = new Map<string, Setting<string>>();
  for (const { source, config, folder } of said.toReversed()) {
    if (config.env?.file === undefined) continue;
    const file = resolve(folder, config.env.file);
    const said = whereText(source, ["env", "file"]);
    for (const [name, value] of readVariables(file, said)) settings.set(name, { value, origin: { by: "file", file } });
  }
  return settings;
}
