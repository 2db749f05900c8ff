/**
 * `--timeline`: the Trace Event Format's JSON array
 * (https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU),
 * which ui.perfetto.dev and chrome://tracing open. One slice a call, on the track of
 * its thread; a mark where a call did not return (execve, exit); the life of a process
 * that ran unhooked as one slice, so that its silence is not taken for idleness.
 *
 * The file is written as records arrive, an event a line with its separator in front:
 * the format lets the closing bracket be missing, so what is there when the tool
 * is killed can be opened.
 */
import { basename } from "node:path";

import { callGroup } from "../../linux/groups.ts";
import type { CallRecord, ProcessExitRecord, ProcessStartRecord, TraceRecord, TraceSink } from "../record.ts";
import { argsJson, resultJson } from "./json.ts";
import type { Output } from "./output.ts";
import { describe } from "./text.ts";

/** The groups that calls are shown as, the first that has a call wins (most are in several). */
const categories = ["network", "process", "signal", "memory", "file", "desc", "ipc", "creds", "clock"] as const;

/** chrome://tracing's reserved colour names; Perfetto chooses colours by slice name itself. */
const colours: Readonly<Record<string, string>> = {
  network: "rail_response",
  file: "rail_load",
  desc: "rail_animation",
  process: "rail_idle",
  memory: "thread_state_uninterruptible",
  signal: "yellow",
};
const failed = "terrible";

interface Process {
  readonly start: ProcessStartRecord;
  /** Each thread that was named, with the end of its last slice. */
  readonly threads: Map<number, number>;
}

export class TimelineSink implements TraceSink {
  readonly #output: Output;
  /** Of each call seen so far. */
  readonly #categories = new Map<string, string>();
  readonly #processes = new Map<number, Process>();
  #events = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  write(record: TraceRecord): void {
    if (record.kind === "call") this.#call(record);
    else if (record.kind === "process-start") this.#start(record);
    else this.#exit(record);
  }

  close(): void {
    this.#output.write(this.#events === 0 ? "[]\n" : "\n]\n");
    this.#output.close();
  }

  #event(json: string): void {
    this.#output.write(`${this.#events++ === 0 ? "[" : ","}\n${json}`);
  }

  #call(record: CallRecord): void {
    const { pid, tid, call, durationUs, errno } = record;
    this.#nameThread(pid, tid);
    const timeUs = this.#afterPrevious(record);
    const category = this.#category(call);
    const args = argsJson(record.args);
    const outcome = `"result":${resultJson(record.result)},"errno":${errno === null ? "null" : `"${errno}"`}}`;
    const colour = errno === null ? colours[category] : failed;
    this.#event(
      `{"name":"${call}","cat":"${category}","pid":${pid},"tid":${tid},"ts":${timeUs},` +
        (durationUs === null ? `"ph":"i","s":"t",` : `"ph":"X","dur":${durationUs},`) +
        (colour === undefined ? "" : `"cname":"${colour}",`) +
        `"args":${args === "{}" ? "{" : `${args.slice(0, -1)},`}${outcome}}`,
    );
  }

  #category(call: string): string {
    let category = this.#categories.get(call);
    if (category === undefined) {
      category = categories.find((group) => callGroup(group)?.has(call)) ?? "other";
      this.#categories.set(call, category);
    }
    return category;
  }

  #start(record: ProcessStartRecord): void {
    const { pid, program, hooked, reason } = record;
    const name = basename(program) + (hooked ? "" : ` (not hooked${reason === undefined ? "" : `: ${reason}`})`);
    this.#metadata("process_name", pid, pid, { name });
    this.#metadata("process_sort_index", pid, pid, { sort_index: this.#processes.size });
    // The same process again is an execve: its threads keep their names.
    const threads = this.#processes.get(pid)?.threads ?? new Map<number, number>();
    this.#processes.set(pid, { start: record, threads });
    this.#mark(record, describe(record));
  }

  #exit(record: ProcessExitRecord): void {
    const { pid, timeUs } = record;
    const start = this.#processes.get(pid)?.start;
    if (start && !start.hooked) {
      this.#nameThread(pid, pid);
      const life = { name: basename(start.program), cat: "unhooked", pid, tid: pid, ph: "X" };
      const args = { program: start.program, reason: start.reason ?? null };
      this.#event(JSON.stringify({ ...life, ts: start.timeUs, dur: timeUs - start.timeUs, cname: "grey", args }));
    }
    this.#mark(record, describe(record));
    this.#processes.delete(pid);
  }

  #mark({ pid, timeUs }: ProcessStartRecord | ProcessExitRecord, name: string): void {
    this.#event(JSON.stringify({ name, cat: "process", pid, tid: pid, ts: timeUs, ph: "i", s: "p" }));
  }

  /**
   * Viewers drop a slice that reaches into its predecessor, and a double of microseconds
   * since 1970 is only a quarter of one exact: begin where that one ended. (More than
   * that is a call from a signal handler, inside another.)
   */
  #afterPrevious({ pid, tid, timeUs, durationUs }: CallRecord): number {
    const threads = this.#processes.get(pid)?.threads;
    const previous = threads?.get(tid) ?? 0;
    const start = previous > timeUs && previous - timeUs < 1 ? previous : timeUs;
    threads?.set(tid, start + (durationUs ?? 0));
    return start;
  }

  #nameThread(pid: number, tid: number): void {
    const threads = this.#processes.get(pid)?.threads;
    if (!threads || threads.has(tid)) return;
    threads.set(tid, 0);
    this.#metadata("thread_name", pid, tid, { name: tid === pid ? "main thread" : "thread" });
  }

  #metadata(name: string, pid: number, tid: number, args: Readonly<Record<string, string | number>>): void {
    this.#event(JSON.stringify({ name, ph: "M", pid, tid, args }));
  }
}
