/** `elsewhere config`: what holds, and who said it. */
import pc from "picocolors";
import { keptVariables } from "../config/environment.ts";
import { filePolicy } from "../config/file-policy.ts";
import { hereFor } from "../config/here.ts";
import { type Origin, originText } from "../config/origin.ts";
import { OutgoingPolicy } from "../config/outgoing.ts";
import type { FilePolicy, FileRule } from "../config/policy.ts";
import type { Setting, Settings } from "../config/settings.ts";
import { wantsColour } from "./report.ts";
import { type TargetOptions, targetSettings } from "./target-options.ts";
import { resolve } from "node:path";

/** As program.ts declares and checks them. */
export interface ConfigCommandOptions extends TargetOptions {
  readonly json?: boolean;
}

/** @param paths where these are is asked; none: show everything */
export async function config(paths: readonly string[], options: ConfigCommandOptions): Promise<void> {
  const settings = await targetSettings(options);
  const policy = filePolicy(settings, hereFor(settings, undefined));
  if (paths.length > 0) explain(paths, policy, options.json === true);
  else if (options.json === true) console.log(JSON.stringify(asJson(settings, policy), null, 2));
  else console.log(asText(settings, policy));
}

const STDOUT = 1;

const outgoingPolicy = ({ outgoing }: Settings): OutgoingPolicy =>
  new OutgoingPolicy(outgoing.rules, outgoing.otherwise);

function explain(paths: readonly string[], policy: FilePolicy, json: boolean): void {
  const decided = paths.map((path) => ({ path: resolve(path), ...policy.decide(resolve(path)) }));
  if (json) {
    console.log(
      JSON.stringify(
        decided.map(({ path, rule }) => ({ path, ...ruleJson(rule) })),
        null,
        2,
      ),
    );
    return;
  }
  const { dim } = pc.createColors(wantsColour(process.env, STDOUT));
  const rows = decided.map(({ path, mode, rule }) => [path, mode, rule.pattern, dim(ruleText(rule))]);
  console.log(columns(rows));
}

type AnyRule = Pick<FileRule, "pattern" | "origin" | "why"> & { readonly mode: string };

const ruleJson = ({ pattern, mode, origin, why }: AnyRule): object => ({ mode, pattern, origin, ...(why && { why }) });
const ruleText = ({ origin, why }: AnyRule): string => originText(origin) + (why === undefined ? "" : `: ${why}`);

function asJson(settings: Settings, policy: FilePolicy): object {
  const { file, target, keep, env, hostname, identity, interfaces, workdir, timezone } = settings;
  const origins = (variables: ReadonlyMap<string, Setting<string>>): object =>
    Object.fromEntries([...variables].map(([name, { origin }]) => [name, { origin }]));
  return {
    file: file ?? null,
    target: { ...target, value: target.value ?? null },
    keep,
    hostname,
    interfaces,
    identity,
    workdir: { ...workdir, value: workdir.value ?? null },
    timezone,
    files: policy.rules.map(ruleJson),
    outgoing: {
      enabled: settings.outgoing.enabled,
      rules: outgoingPolicy(settings).rules.map(({ errno, ...rule }) => ({
        ...ruleJson(rule),
        ...(errno && { errno }),
      })),
    },
    env: {
      include: env.include ?? null,
      exclude: env.exclude,
      local: env.local,
      kept: env.local.value ? keptVariables.flatMap(([, names]) => names.split(" ")) : [],
      // Values of such files are secrets more often than not.
      file: origins(env.file),
      override: Object.fromEntries(env.override),
      unset: env.unset,
    },
  };
}

function asText(settings: Settings, policy: FilePolicy): string {
  const { bold, dim } = pc.createColors(wantsColour(process.env, STDOUT));
  const { target, keep, hostname, identity, interfaces, workdir, timezone } = settings;
  const by = (origin: Origin): string => dim(originText(origin));
  const ruleTable = (rules: readonly AnyRule[]): string =>
    columns(ruleRows(rules).map(([mode = "", patterns = "", who = ""]) => [mode, patterns, dim(who)]));
  const line = <T>(name: string, { value, origin }: Setting<T>, text: (value: T) => string): string[] => [
    name,
    text(value),
    by(origin),
  ];
  const yesNo = (value: boolean): string => (value ? "the target's" : "this machine's");
  const rows = [
    line("target", target, (value) => value ?? "none"),
    line("what is brought there", keep, (value) => (value ? "stays" : "is removed")),
    line("host name", hostname, yesNo),
    line("interfaces", interfaces, (value) => (value === "remote" ? "the target's" : "this machine's")),
    line("user", identity, (value) =>
      typeof value === "boolean" ? yesNo(value) : `uid ${value.uid}, gid ${value.gid}`,
    ),
    line("working directory", workdir, (value) => (value === "target" ? "the target's" : (value ?? "where you are"))),
    line("time zone", timezone, (value) =>
      value === "target" || value === "local" ? yesNo(value === "target") : value,
    ),
  ];
  return [
    `${bold("configuration")}  ${settings.file ?? dim("no file")}`,
    "",
    columns(rows),
    "",
    `${bold("files")}: the first pattern that matches decides`,
    ruleTable(policy.rules),
    "",
    `${bold("connections")}: ${settings.outgoing.enabled.value ? "the first pattern that matches decides" : "all begin here"}`,
    settings.outgoing.enabled.value
      ? ruleTable(outgoingPolicy(settings).rules)
      : columns([["  local", "*", by(settings.outgoing.enabled.origin)]]),
    "",
    bold("environment"),
    columns(environmentRows(settings, by)),
  ].join("\n");
}

/** Neighbours that say the same for the same reason stand in one row. */
function ruleRows(rules: readonly AnyRule[]): string[][] {
  const rows: string[][] = [];
  for (const rule of rules) {
    const [mode, who] = [`  ${rule.mode}`, ruleText(rule)];
    const last = rows.at(-1);
    if (rule.why !== undefined && last?.[0] === mode && last[2] === who) last[1] += ` ${rule.pattern}`;
    else rows.push([mode, rule.pattern, who]);
  }
  return rows;
}

function environmentRows({ env }: Settings, by: (origin: Origin) => string): string[][] {
  const rows = (what: string, names: readonly Setting<string>[]): string[][] =>
    names.map(({ value, origin }) => [`  ${what}`, value, by(origin)]);
  const byDefault = by({ by: "default" });
  return [
    ...(env.include === undefined ? [["  from the target", "*", byDefault]] : rows("from the target", env.include)),
    ...rows("not from the target", env.exclude),
    ...(env.local.value
      ? keptVariables.map(([why, names]) => ["  as it is here", names, `${byDefault}: ${why}`])
      : [["  as it is here", "nothing", by(env.local.origin)]]),
    // Values of such files are secrets more often than not.
    ...[...env.file].map(([name, { origin }]) => ["  from a file", name, by(origin)]),
    ...[...env.override].map(([name, { value, origin }]) => ["  set", `${name}=${value}`, by(origin)]),
    ...rows("unset", env.unset),
  ];
}

/** Each column as wide as its widest cell; the last one is as it is. */
function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [at, cell] of row.slice(0, -1).entries())
      widths[at] = Math.max(widths[at] ?? 0, Math.min(cell.length, 60));
  return rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  ")).join("\n");
}
