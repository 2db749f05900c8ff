/** What a benchmark says, and how it is printed. */

/** A promise and what was measured. */
export interface Target {
  readonly what: string;
  /** The measured value must not be above this, or, where `least` is set, not below. */
  readonly wanted: number;
  readonly least?: boolean;
  readonly measured: number;
  readonly unit: string;
}

export interface Section {
  readonly title: string;
  /** What is compared, in a sentence or two. */
  readonly about: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly targets: readonly Target[];
}

export const isMet = ({ wanted, measured, least }: Target): boolean =>
  least === true ? measured >= wanted : measured <= wanted;

/** Three significant digits, thousands apart. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const digits = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return Number(value.toPrecision(3)).toLocaleString("en-US", {
    minimumFractionDigits: Math.min(digits, 3),
    maximumFractionDigits: Math.min(digits, 3),
  });
}

export function markdown(heading: string, sections: readonly Section[]): string {
  const targets = sections.flatMap((section) => section.targets);
  return [
    heading,
    table(
      ["Promise", "wanted", "measured", ""],
      targets.map((target) => [
        target.what,
        `${target.least === true ? "≥" : "≤"} ${figure(target.wanted)} ${target.unit}`,
        `${figure(target.measured)} ${target.unit}`,
        isMet(target) ? "met" : "**missed**",
      ]),
    ),
    ...sections.map(({ title, about, columns, rows }) => `### ${title}\n\n${about}\n\n${table(columns, rows)}`),
  ].join("\n\n");
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(columns), line(columns.map((_, index) => (index === 0 ? "---" : "--:"))), ...rows.map(line)].join("\n");
}
