/** The results of Go's own tests as people read them. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { isGood, type PackageResult } from "./judge.ts";

/** One section per Go release and way: a summary, the packages, the differences with their reasons. */
export function markdownSection(title: string, results: readonly PackageResult[], date: Date): string {
  const run = results.filter((result) => result.skipped === undefined);
  const sum = (value: (result: PackageResult) => number): number =>
    run.reduce((total, result) => total + value(result), 0);
  const lines = [
    `## ${title}`,
    "",
    `State of ${date.toISOString().slice(0, 10)}: ${run.length} packages, ` +
      `${sum((result) => result.nativePasses)} passes natively, ${sum((result) => result.hookedPasses)} hooked, ` +
      `${sum((result) => result.differences.length)} differences, ` +
      `${run.filter((result) => !isGood(result)).length} packages with one that nobody explains.`,
    "",
    "| package | passes, native | passes, hooked | ending | seconds, native | seconds, hooked |",
    "|---|---|---|---|---|---|",
    ...run.map(
      (result) =>
        `| ${result.name} | ${result.nativePasses} | ${result.hookedPasses} | ${endings(result)} | ` +
        `${result.seconds.native.toFixed(1)} | ${result.seconds.hooked.toFixed(1)} |`,
    ),
  ];
  const differing = run.filter((result) => result.differences.length > 0 || result.endingExplanation !== undefined);
  if (differing.length > 0) lines.push("", "Differences:", "");
  for (const result of differing) {
    if (result.endingExplanation !== undefined)
      lines.push(`- ${result.name}: ${result.endings.hooked}; ${result.endingExplanation}`);
    for (const difference of result.differences)
      lines.push(
        `- ${result.name} ${difference.test}: ${difference.native} natively, ${difference.hooked} hooked; ` +
          (difference.explanation ?? "**not explained**"),
      );
  }
  const skipped = results.filter((result) => result.skipped !== undefined);
  if (skipped.length > 0) lines.push("", `Not built: ${skipped.map((result) => result.name).join(", ")}.`);
  return `${lines.join("\n")}\n`;
}

function endings(result: PackageResult): string {
  const { native, hooked } = result.endings;
  return native === hooked ? native : `${native} / **${hooked}**`;
}

export interface Replacement {
  /** What the file begins with where there is none yet. */
  readonly head: string;
  /** Of the section; it begins with "Go". */
  readonly title: string;
  readonly section: string;
}

/** Puts a section into a file in the place of the one with its title; the newest release first. */
export function replaceSection(file: string, { head, title, section }: Replacement): void {
  const before = existsSync(file) ? readFileSync(file, "utf8") : head;
  const sections = before.split(/^(?=## Go )/m).filter((part) => !part.startsWith(`## ${title}\n`));
  const [beginning = head, ...others] = sections;
  const newestFirst = [...others.map((part) => part.trimEnd()), section.trimEnd()].sort((a, b) =>
    b.localeCompare(a, "en", { numeric: true }),
  );
  writeFileSync(file, `${[beginning.trimEnd(), ...newestFirst].join("\n\n")}\n`);
}
