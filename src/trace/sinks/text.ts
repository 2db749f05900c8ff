/**
 * The trace as strace writes it, a line a record:
 *
 *     41230       openat(AT_FDCWD, "/etc/hosts", O_RDONLY|O_CLOEXEC) = 3 <12.3µs>
 *     41230/41233 connect(7, {sa_family=AF_INET, …}, 16)             = -1 ECONNREFUSED (…) <85.0µs>
 *     41230 +++ exited with 0 +++
 *
 * Of a program in a target, where the call happened and by which rule stands behind: [remote-read /etc/hosts].
 *
 * First the process, then the thread where it is not the process's first. A record is
 * one line whatever its strings hold: control characters are escaped here even where
 * a decoder forgot, so a traced program cannot send sequences to the terminal.
 */
import pc from "picocolors";

import type { CallRecord, ProcessExitRecord, ProcessStartRecord, TraceRecord, TraceSink } from "../record.ts";
import { formatDuration } from "./duration.ts";
import type { Output } from "./output.ts";
import { SharedPlace } from "./shared-place.ts";

export interface TextOptions {
  readonly colour: boolean;
  /** Put before each line: nothing, the time of day, or seconds since the first record. */
  readonly timestamps?: "none" | "clock" | "relative";
}

/** strace's column for the result. */
const resultColumn = 40;

export class TextSink implements TraceSink {
  readonly #output: Output;
  readonly #place: SharedPlace;
  readonly #colours: ReturnType<typeof pc.createColors>;
  readonly #timestamp: (timeUs: number) => string;
  /** The widest "pid/tid" so far, so that calls of one program line up. */
  #whoWidth = 0;

  constructor(output: Output, options: TextOptions) {
    this.#output = output;
    this.#place = new SharedPlace(output);
    this.#colours = pc.createColors(options.colour);
    this.#timestamp = timestamps(options.timestamps ?? "none");
  }

  write(record: TraceRecord): void {
    this.#place.see(record);
    this.#output.write(record.kind === "call" ? this.#call(record) : this.#process(record));
  }

  close(): void {
    this.#output.close();
  }

  #call(record: CallRecord): string {
    const { bold, dim, red } = this.#colours;
    let args = "";
    for (const arg of record.args) args += args === "" ? arg.text : `, ${arg.text}`;
    args = oneLine(args);
    const gap = Math.max(1, resultColumn - record.call.length - args.length - 2);
    const result = oneLine(record.resultText);
    let line = `${this.#who(record.timeUs, record.pid, record.tid)}${bold(record.call)}(${args})${" ".repeat(gap)}= `;
    line += record.errno === null ? result : red(result);
    if (record.durationUs !== null) line += ` ${dim(`<${formatDuration(record.durationUs)}>`)}`;
    if (record.where !== undefined) line += ` ${dim(oneLine(`[${record.where.mode} ${record.where.rule}]`))}`;
    return `${line}\n`;
  }

  #process(record: ProcessStartRecord | ProcessExitRecord): string {
    const { yellow, cyan } = this.#colours;
    const note = oneLine(describe(record));
    const colour = record.kind === "process-start" && !record.hooked ? yellow : cyan;
    return `${this.#who(record.timeUs, record.pid, record.pid)}${colour(`+++ ${note} +++`)}\n`;
  }

  #who(timeUs: number, pid: number, tid: number): string {
    const who = tid === pid ? `${pid}` : `${pid}/${tid}`;
    if (who.length > this.#whoWidth) this.#whoWidth = who.length;
    return this.#colours.dim(`${this.#timestamp(timeUs)}${who.padEnd(this.#whoWidth)} `);
  }
}

/** What happened to a process, in strace's words where it has some. */
export function describe(record: ProcessStartRecord | ProcessExitRecord): string {
  if (record.kind === "process-start") {
    const reason = record.reason === undefined ? "" : `: ${record.reason}`;
    return `started ${record.program}${record.hooked ? "" : `, not hooked${reason}`}`;
  }
  if (record.signal !== null) return `killed by ${record.signal}`;
  return record.exitCode === null ? "gone, exit status unknown" : `exited with ${record.exitCode}`;
}

// C0 and C1 controls (the latter begin terminal sequences as well) and DEL.
// oxlint-disable-next-line no-control-regex -- these are exactly what is looked for
const control = /[\u0000-\u001f\u007f-\u009f]/;
const controls = new RegExp(control, "g");
const named: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function oneLine(text: string): string {
  if (!control.test(text)) return text;
  return text.replace(controls, (c) => named[c] ?? `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function timestamps(form: "none" | "clock" | "relative"): (timeUs: number) => string {
  if (form === "none") return () => "";
  if (form === "relative") {
    let first: number | undefined;
    return (timeUs) => `${((timeUs - (first ??= timeUs)) / 1e6).toFixed(6).padStart(10)} `;
  }
  let second = Number.NaN;
  let clock = "";
  return (timeUs) => {
    const now = Math.floor(timeUs / 1e6);
    if (now !== second) {
      second = now;
      clock = new Date(now * 1e3).toTimeString().slice(0, 8);
    }
    return `${clock}.${String(Math.floor(timeUs - now * 1e6)).padStart(6, "0")} `;
  };
}
