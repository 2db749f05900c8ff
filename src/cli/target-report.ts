/** `elsewhere exec --dry-run`, `--report` and `--report-to`: what would be where, and what was. */
import { writeFileSync } from "node:fs";
import Table from "cli-table3";
import pc from "picocolors";
import type { Settings } from "../config/settings.ts";
import { ElsewhereError } from "../errors.ts";
import type { InTarget } from "../run/in-target.ts";
import { wantsColour } from "./report.ts";

/** Paths of a rule that are named. */
const EXAMPLES = 3;

/** Before: to standard output, for nothing else is there. */
export async function tellBefore(target: InTarget, settings: Settings): Promise<void> {
  const { bold } = pc.createColors(wantsColour(process.env, 1));
  const { identity, agent } = target.session.target;
  const from = (origin: string): string =>
    target.variables
      .filter((variable) => variable.from === origin)
      .map(({ name }) => name)
      .join(" ");
  const lines = [
    [bold("target"), `${settings.target.value ?? ""} (${agent})`],
    [bold("host name"), settings.hostname.value ? (identity?.nodename ?? "") : "this machine's"],
    [bold("starts in"), target.workingDirectory ?? process.cwd()],
    [bold("variables of the target"), from("target")],
    [bold("variables set"), [from("file"), from("override")].filter(Boolean).join(" ") || "none"],
  ];
  for (const [name, value] of lines) console.log(`${name}: ${value}`);
  console.log(`${bold("files")}: the first pattern that matches decides`);
  for (const { mode, pattern, why } of target.policy.rules)
    console.log(`  ${mode.padEnd(12)} ${pattern}  ${why ?? ""}`);
  const isEnabled = settings.outgoing.enabled.value;
  console.log(
    `${bold("connections")}: ${isEnabled ? "the first pattern that matches decides" : "all begin on this machine"}`,
  );
  for (const { mode, pattern, why } of isEnabled ? target.outgoing.rules : [])
    console.log(`  ${mode.padEnd(12)} ${pattern}  ${why ?? ""}`);
  await target.startingDirectory(); // whether it is there
}

/** After: to standard error, behind what the program has said. */
export function tellAfter({ report }: InTarget): void {
  const { bold } = pc.createColors(wantsColour());
  const files = report.files.map(({ mode, pattern, path, calls }) => ({ mode, pattern, what: path, count: calls }));
  const connections = report.connections.map(({ mode, pattern, protocol, to, names, calls }) => ({
    mode,
    pattern,
    what: `${protocol}://${to}${names[0] === undefined ? "" : ` (${names[0]})`}`,
    count: calls,
  }));
  const names = report.names.map(({ mode, pattern, name, questions }) => ({
    mode,
    pattern,
    what: name,
    count: questions,
  }));
  console.error(`\n${bold("elsewhere: where its files were")}`);
  console.error(tableOf(["files", "rule", "paths", "calls", "for instance"], files));
  if (connections.length > 0) {
    console.error(`\n${bold("elsewhere: where its connections began")}`);
    console.error(tableOf(["from", "rule", "destinations", "calls", "for instance"], connections));
  }
  if (names.length > 0) {
    console.error(`\n${bold("elsewhere: whom it asked for names")}`);
    console.error(tableOf(["asked", "rule", "names", "questions", "for instance"], names));
  }
  const others = report.others.files + report.others.connections;
  if (others > 0) console.error(`  and ${others} calls about other files and destinations`);
}

/** For machines: every path, destination and name. @throws ElsewhereError `output-unusable` */
export function writeReport({ report }: InTarget, file: string): void {
  try {
    writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  } catch (error) {
    throw new ElsewhereError({
      code: "output-unusable",
      message: `the report cannot be written to ${file}`,
      context: [error instanceof Error ? error.message : String(error)],
      cause: error,
    });
  }
}

interface Reported {
  readonly mode: string;
  readonly pattern: string;
  readonly what: string;
  readonly count: number;
}

/** A row for each rule. */
function tableOf(head: string[], reported: readonly Reported[]): string {
  const byRule = Map.groupBy(reported, ({ mode, pattern }) => `${mode}\0${pattern}`);
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  for (const [key, all] of [...byRule].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [mode = "", pattern = ""] = key.split("\0");
    const count = all.reduce((sum, each) => sum + each.count, 0);
    const examples = all.toSorted((a, b) => b.count - a.count).slice(0, EXAMPLES);
    const more = all.length > EXAMPLES ? " …" : "";
    table.push([mode, pattern, all.length, count, examples.map(({ what }) => what).join(" ") + more]);
  }
  return table.toString();
}
