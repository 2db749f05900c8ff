/**
 * The tracer: watches the wanted calls where that is possible and asks about the others, lets each
 * be made by its own thread, and writes a record of it. A call that does not return where it was made (a new thread or process,
 * the end of one, a signal handler's return) goes to the kernel unseen: its record has no result.
 */
import { abis } from "../linux/abi.ts";
import type { CallTable } from "../linux/calls.ts";
import { endTicksOf, fits, parse, type RawEntry, startTicksOf } from "../mailbox/journal.ts";
import { AskedCalls, lookAt, type Watch } from "../process/asked.ts";
import type { Call, Done } from "../process/call.ts";
import type { Unhooked } from "../process/exec.ts";
import { type CallServer, endOf } from "../process/kernel.ts";
import type { Machine } from "../machine/machine.ts";
import type { Process } from "../process/processes.ts";
import type { Supervisor } from "../process/supervisor.ts";
import { Chronicle } from "./chronicle.ts";
import { TickClock } from "./clock.ts";
import type { Decoder } from "./decode/decoder.ts";
import type { TraceRecord, TraceSink, Where } from "./record.ts";
import { CapturedMemory, watchedCalls } from "./watched.ts";

export interface TracerOptions {
  readonly machine: Machine;
  /** Names of the calls that get a record. */
  readonly wanted: ReadonlySet<string>;
  readonly decoder: Decoder;
  /** Bytes of a buffer that the decoder shows. */
  readonly stringLimit: number;
  readonly sink: TraceSink;
  /** Makes the calls. */
  readonly behind: CallServer;
  /**
   * Whether records may come later than what they tell: then calls can be watched. A trace that shares a
   * terminal with the program must come before the program's next line.
   */
  readonly late: boolean;
  /** Tells where the call happened that a thread has made since this was asked last. */
  readonly where?: ((tid: number) => Where | undefined) | undefined;
}

export class Tracer implements Disposable {
  readonly #supervisor: Supervisor;
  readonly #calls: CallTable;
  readonly #options: TracerOptions;
  readonly #decoder: Decoder;
  readonly #clock: TickClock;
  readonly #chronicle: Chronicle | undefined;
  readonly #behind: CallServer;
  readonly #asked: AskedCalls;
  readonly #wanted: ReadonlySet<number>;
  /** What the threads copy of calls that can be watched, by number. */
  readonly #watched: ReadonlyMap<number, Watch>;

  constructor(supervisor: Supervisor, options: TracerOptions) {
    const { calls } = options.machine;
    this.#supervisor = supervisor;
    this.#calls = calls;
    this.#options = options;
    this.#decoder = options.decoder;
    this.#clock = new TickClock(options.machine.stub);
    if (options.late && this.#clock.works) this.#chronicle = new Chronicle(supervisor, this.#clock, this.#tell);
    this.#behind = options.behind;
    this.#asked = new AskedCalls(supervisor, this.#serve);
    this.#wanted = new Set([...options.wanted].flatMap((name) => calls.number(name) ?? []));
    this.#watched = watches(options);
  }

  /** Asks for the calls, or watches them, from now on. */
  begin(): void {
    const supervisor = this.#supervisor;
    this.#behind.onCalls = () => this.#ask();
    this.#ask();
    supervisor.onProcess.push(({ pid, program }) =>
      this.write({ kind: "process-start", pid, timeUs: nowUs(), program, hooked: true }),
    );
    supervisor.onProcessGone.push(({ pid }) =>
      this.write({ kind: "process-exit", pid, timeUs: nowUs(), exitCode: null, signal: null }),
    );
  }

  /** Asks for what is behind wants and for what cannot be watched. */
  #ask(): void {
    const watched = lookAt(this.#behind.paths);
    const always = new Set(this.#behind.calls);
    const marked = new Set(this.#behind.markedCalls);
    for (const number of this.#wanted) {
      const watch = this.#chronicle === undefined || marked.has(number) ? undefined : this.#watched.get(number);
      if (watch === undefined) always.add(number);
      else watched.set(number, watch);
    }
    this.#asked.set({ always, watched, marked });
  }

  /** Writes what has not been written yet. To be called before the supervisor leaves, however it comes to that. */
  [Symbol.dispose](): void {
    this.#supervisor.settle();
    this.#chronicle?.finish();
  }

  /** What happened now. */
  write(record: TraceRecord): void {
    if (this.#chronicle === undefined) this.#options.sink.write(record);
    else this.#chronicle.add(this.#clock.now(), () => this.#options.sink.write(record));
  }

  readonly #serve = (call: Call): void => {
    const wanted = this.#wanted.has(call.number);
    this.#behind.serve(call, wanted ? this.#record(call) : endOf(call), { result: wanted });
  };

  /** Begins the record of `call`; what is returned ends it, and the call. */
  #record(call: Call): Done {
    const startedMs = performance.now();
    const startedTicks = this.#chronicle === undefined ? 0 : this.#clock.now();
    const timeUs = Math.round((performance.timeOrigin + startedMs) * 1000);
    const name = this.#nameOf(call.number);
    const pending = this.#decoder.enter({ name, args: call.args, memory: call.memory });
    const { pid } = call.process;
    this.#options.where?.(call.tid);
    const write = (result: bigint | null, durationUs: number | null): void => {
      const decoded = this.#decoder.leave(pending, call.memory, result);
      const where = this.#options.where?.(call.tid);
      const place = where === undefined ? undefined : { where };
      const record = {
        kind: "call",
        pid,
        tid: call.tid,
        call: name,
        ...decoded,
        timeUs,
        durationUs,
        ...place,
      } as const;
      if (this.#chronicle === undefined) this.#options.sink.write(record);
      else this.#chronicle.add(call.ticks?.end ?? startedTicks, () => this.#options.sink.write(record));
    };
    call.onAbandoned((why) => write(why === "execve" && this.#behind.isExec(call.number) ? 0n : null, null));
    return (result) => {
      write(result, result === null ? null : this.#duration(call, startedMs));
      endOf(call)(result);
    };
  }

  #duration({ ticks }: Call, startedMs: number): number {
    const us = ticks === undefined ? undefined : this.#clock.toUs(ticks.end - ticks.start);
    return rounded(us ?? (performance.now() - startedMs) * 1000);
  }

  /** Records a call that was watched. */
  readonly #tell = (raw: RawEntry, { pid }: Process, tid: number): void => {
    const { number, args, result, captures } = parse(raw);
    const name = this.#nameOf(number);
    const before = captures.filter(({ after }) => !after);
    const after = captures.filter((each) => each.after);
    const pending = this.#decoder.enter({ name, args, memory: new CapturedMemory(before) });
    const decoded = this.#decoder.leave(pending, new CapturedMemory([...after, ...before]), result);
    const startTicks = startTicksOf(raw);
    this.#options.sink.write({
      kind: "call",
      pid,
      tid,
      call: name,
      ...decoded,
      timeUs: Math.round(this.#clock.toEpochUs(startTicks)),
      durationUs: result === null ? null : rounded(this.#clock.toUs(endTicksOf(raw) - startTicks) ?? 0),
    });
  };

  #nameOf(number: number): string {
    return this.#calls.name(number) ?? `syscall_${number}`;
  }
}

function watches({ machine, stringLimit }: TracerOptions): ReadonlyMap<number, Watch> {
  const { layouts } = abis[machine.name];
  const sizes = { stat: layouts.stat.size, epollEvent: layouts.epoll_event.size };
  const found = new Map<number, Watch>();
  for (const [name, captures] of watchedCalls(stringLimit, sizes)) {
    const number = machine.calls.number(name);
    if (number !== undefined && fits(captures)) found.set(number, { record: true, captures });
  }
  return found;
}

/** Writes that a program starts which cannot be hooked. */
export const unhookedTo =
  (write: (record: TraceRecord) => void): Unhooked =>
  (call, program, reason) =>
    write({ kind: "process-start", pid: call.process.pid, timeUs: nowUs(), program, hooked: false, reason });

/** To a thousandth. */
const rounded = (us: number): number => Math.round(us * 1000) / 1000;

const nowUs = (): number => Math.round((performance.timeOrigin + performance.now()) * 1000);
