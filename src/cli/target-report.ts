/** `elsewhere exec --dry-run` and `--report`: what would be where, and what was. */
import Table from "cli-table3";
import pc from "picocolors";
import type { Settings } from "../config/settings.ts";
import type { ReportedPath } from "../world/report.ts";
import type { InTarget } from "./in-target.ts";
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
  await target.startingDirectory(); // whether it is there
}

/** After: to standard error, behind what the program has said. */
export function tellAfter({ report }: InTarget): void {
  const colours = pc.createColors(wantsColour());
  const byRule = new Map<string, ReportedPath[]>();
  for (const each of report.paths) {
    const key = `${each.mode}\0${each.pattern}`;
    byRule.set(key, [...(byRule.get(key) ?? []), each]);
  }
  const table = new Table({
    head: ["files", "rule", "paths", "calls", "for instance"],
    style: { head: [], border: [], compact: true },
  });
  for (const [key, paths] of [...byRule].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [mode = "", pattern = ""] = key.split("\0");
    const calls = paths.reduce((sum, path) => sum + path.calls, 0);
    const examples = [...paths].sort((a, b) => b.calls - a.calls).slice(0, EXAMPLES);
    const more = paths.length > EXAMPLES ? " …" : "";
    table.push([mode, pattern, paths.length, calls, examples.map(({ path }) => path).join(" ") + more]);
  }
  console.error(`\n${colours.bold("elsewhere: where its files were")}\n${table.toString()}`);
  if (report.others > 0) console.error(`  and ${report.others} calls about other paths`);
}
