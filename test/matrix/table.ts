/** The matrix as people read it. */
import type { CellResult } from "./cell.ts";
import type { LinkMode } from "./modes.ts";
import type { Release } from "./releases.ts";

export interface JudgedCell {
  readonly release: Release;
  readonly mode: LinkMode;
  readonly result: CellResult;
}

const signs = { same: "same", differs: "**differs**", impossible: "–" } as const;

/** Rows are releases, columns link modes; reasons stand below. */
export function markdownTable(cells: readonly JudgedCell[], date: Date): string {
  const rows = [...new Set(cells.map((cell) => cell.release))];
  const columns = [...new Set(cells.map((cell) => cell.mode))];
  const notes: string[] = [];
  const lines = [
    "# Test matrix",
    "",
    "<!-- Written by `node test/matrix/main.ts --markdown docs/test-matrix.md`. -->",
    "",
    `State of ${date.toISOString().slice(0, 10)}: ${summary(cells)}.`,
    "",
    "Every fixture (test/fixtures: files, TCP, UDP and Unix sockets, child processes, signals, timers, 1,000",
    "goroutines, big stacks, names, identity, exit codes, death by signal) ran as it is and under",
    "`elsewhere trace -e all`. *same*: equal standard output, standard error and ending, and the trace holds the",
    "calls that the fixture is known to make. –: there is no such program, note below.",
    "",
    `| Go | ${columns.map((mode) => mode.name).join(" | ")} |`,
    `|---|${columns.map(() => "---").join("|")}|`,
  ];
  for (const release of rows) {
    const entries = columns.map((mode) => {
      const cell = cells.find((candidate) => candidate.release === release && candidate.mode === mode);
      if (!cell) return "";
      const sign = signs[cell.result.verdict];
      return cell.result.verdict === "same" ? sign : `${sign} [${note(notes, cell.result)}]`;
    });
    lines.push(`| ${release.version} | ${entries.join(" | ")} |`);
  }
  lines.push("", ...columns.map((mode) => `- **${mode.name}**: ${mode.title}`));
  if (notes.length > 0) lines.push("", "Notes:", "", ...notes.map((text, index) => `${index + 1}. ${text}`));
  return `${lines.join("\n")}\n`;
}

/** The note's number; equal notes share one. */
function note(notes: string[], result: CellResult): number {
  const text =
    result.verdict === "impossible"
      ? result.reason
      : result.verdict === "differs"
        ? result.problems.slice(0, 5).join("; ")
        : "";
  const plain = text.replace(/\s+/g, " ").replaceAll("|", "\\|");
  const known = notes.indexOf(plain);
  if (known >= 0) return known + 1;
  return notes.push(plain);
}

/** "120 cells: 110 same, 0 differ, 10 cannot be built" */
export function summary(cells: readonly JudgedCell[]): string {
  const count = (verdict: CellResult["verdict"]): number =>
    cells.filter((cell) => cell.result.verdict === verdict).length;
  return `${cells.length} cells: ${count("same")} same, ${count("differs")} differ, ${count("impossible")} cannot be built`;
}
