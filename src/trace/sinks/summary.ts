/**
 * `--summary`: what a run's calls were and where its time in them went, one row a call,
 * written when the program has ended. Memory is bounded (one histogram per call name);
 * the quantiles are within 1 % (histogram.ts), everything else is exact.
 */
import type { CallRecord, ProcessStartRecord, TraceRecord, TraceSink } from "../record.ts";
import { formatDuration } from "./duration.ts";
import { Histogram } from "./histogram.ts";
import type { Output } from "./output.ts";

export interface SummaryRow {
  readonly call: string;
  readonly count: number;
  readonly errors: number;
  readonly totalUs: number;
  /** Of the time of all calls, from 0 to 1. */
  readonly share: number;
  /** Null where no call of that name returned. */
  readonly p50Us: number | null;
  readonly p99Us: number | null;
}

/** A program that ran without hooks, so that its calls are missing from the rows. */
export interface UnhookedProgram {
  readonly program: string;
  readonly reason: string | null;
  readonly processes: number;
}

export interface Summary {
  readonly kind: "summary";
  /** By total time, longest first. */
  readonly calls: readonly SummaryRow[];
  readonly total: Omit<SummaryRow, "call">;
  readonly unhooked: readonly UnhookedProgram[];
}

/** Different unhooked programs told apart; the others are counted together. */
const unhookedLimit = 50;

class Tally {
  count = 0;
  errors = 0;
  totalUs = 0;
  /** In nanoseconds. */
  readonly durations: Histogram = new Histogram();

  add(record: CallRecord): void {
    this.count++;
    if (record.errno !== null) this.errors++;
    if (record.durationUs === null) return;
    this.totalUs += record.durationUs;
    this.durations.add(record.durationUs * 1e3);
  }

  row(allUs: number): Omit<SummaryRow, "call"> {
    const quantile = (share: number): number | null =>
      this.durations.count === 0 ? null : this.durations.quantile(share) / 1e3;
    return {
      count: this.count,
      errors: this.errors,
      totalUs: this.totalUs,
      share: allUs === 0 ? 0 : this.totalUs / allUs,
      p50Us: quantile(0.5),
      p99Us: quantile(0.99),
    };
  }
}

export class SummarySink implements TraceSink {
  readonly #output: Output;
  readonly #json: boolean;
  readonly #calls = new Map<string, Tally>();
  readonly #all = new Tally();
  readonly #unhooked = new Map<string, { program: string; reason: string | null; processes: number }>();

  constructor(output: Output, options: { readonly json: boolean }) {
    this.#output = output;
    this.#json = options.json;
  }

  write(record: TraceRecord): void {
    if (record.kind === "process-start" && !record.hooked) this.#countUnhooked(record);
    if (record.kind !== "call") return;
    let tally = this.#calls.get(record.call);
    if (!tally) this.#calls.set(record.call, (tally = new Tally()));
    tally.add(record);
    this.#all.add(record);
  }

  close(): void {
    const summary = this.summary();
    this.#output.write(this.#json ? `${JSON.stringify(summary)}\n` : summaryTable(summary));
    this.#output.close();
  }

  /** As it stands. */
  summary(): Summary {
    const allUs = this.#all.totalUs;
    const calls = [...this.#calls].map(([call, tally]) => ({ call, ...tally.row(allUs) }));
    calls.sort((a, b) => b.totalUs - a.totalUs || b.count - a.count || (a.call < b.call ? -1 : 1));
    return { kind: "summary", calls, total: this.#all.row(allUs), unhooked: [...this.#unhooked.values()] };
  }

  #countUnhooked(record: ProcessStartRecord): void {
    const { program } = record;
    const reason = record.reason ?? null;
    let key = `${program}\0${reason}`;
    let entry = this.#unhooked.get(key);
    if (!entry && this.#unhooked.size >= unhookedLimit) {
      key = "others";
      entry = this.#unhooked.get(key);
    }
    if (entry) entry.processes++;
    else if (key === "others") this.#unhooked.set(key, { program: "other programs", reason: null, processes: 1 });
    else this.#unhooked.set(key, { program, reason, processes: 1 });
  }
}

function summaryTable(summary: Summary): string {
  const rows = [...summary.calls, { ...summary.total, call: "total" }].map((row) => [
    (row.share * 100).toFixed(1),
    formatDuration(row.totalUs),
    String(row.count),
    row.errors === 0 ? "" : String(row.errors),
    row.p50Us === null ? "" : formatDuration(row.p50Us),
    row.p99Us === null ? "" : formatDuration(row.p99Us),
    row.call,
  ]);
  const notes = summary.unhooked.map(({ program, reason, processes }) => {
    const times = processes === 1 ? "" : ` (${processes} processes)`;
    return `not hooked: ${program}${times}${reason === null ? "" : `: ${reason}`}\n`;
  });
  return alignRight([["time %", "total", "count", "errors", "p50", "p99", "call"], ...rows]) + notes.join("");
}

/** Lines of columns, each as wide as its widest cell, to the right; the last one to the left. */
function alignRight(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === row.length - 1 ? cell : cell.padStart(widths[i] ?? 0))).join("  ");
  return rows.map((row) => `${line(row)}\n`).join("");
}
