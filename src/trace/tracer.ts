/**
 * The tracer: watches the wanted calls where that is possible and asks about the others, lets each
 * be made by its own thread, and writes a record of it. A call that does not return where it was made (a new thread or process,
 * the end of one, a signal handler's return) goes to the kernel unseen: its record has no result.
 */
import { abis } from "../linux/abi.ts";
import type { CallTable } from "../linux/calls.ts";
import { endTicksOf, fits, parse, type RawEntry, startTicksOf } from "../mailbox/journal.ts";
import type { Call, Done } from "../process/call.ts";
import { ExecFollower } from "../process/exec.ts";
import { Identity } from "../process/identity.ts";
import type { Machine } from "../machine/machine.ts";
import type { CopyCache } from "../patch/cache.ts";
import type { Process } from "../process/processes.ts";
import type { Supervisor } from "../process/supervisor.ts";
import { Chronicle } from "./chronicle.ts";
import { TickClock } from "./clock.ts";
import type { Decoder } from "./decode/decoder.ts";
import type { TraceRecord, TraceSink } from "./record.ts";
import { CapturedMemory, watchedCalls } from "./watched.ts";

/** Calls that return twice, elsewhere or never. */
const unseenCalls: readonly string[] = ["clone", "clone3", "fork", "vfork", "exit", "exit_group", "rt_sigreturn"];

export interface TracerOptions {
  readonly machine: Machine;
  /** Names of the calls that get a record. */
  readonly wanted: ReadonlySet<string>;
  readonly decoder: Decoder;
  /** Bytes of a buffer that the decoder shows. */
  readonly stringLimit: number;
  readonly sink: TraceSink;
  readonly cache: CopyCache;
  /** Whether programs that the program starts are hooked too. */
  readonly follow: boolean;
  /**
   * Whether records may come later than what they tell: then calls can be watched. A trace that shares a
   * terminal with the program must come before the program's next line.
   */
  readonly late: boolean;
}

export class Tracer implements Disposable {
  readonly #supervisor: Supervisor;
  readonly #calls: CallTable;
  readonly #options: TracerOptions;
  readonly #decoder: Decoder;
  readonly #clock: TickClock;
  readonly #chronicle: Chronicle | undefined;
  readonly #identity: Identity;
  readonly #exec: ExecFollower;
  readonly #wanted: boolean[] = [];
  readonly #unseen: boolean[] = [];
  readonly #execs: boolean[] = [];

  constructor(supervisor: Supervisor, options: TracerOptions) {
    const { calls } = options.machine;
    const numbers = (names: Iterable<string>): number[] => [...names].flatMap((name) => calls.number(name) ?? []);
    this.#supervisor = supervisor;
    this.#calls = calls;
    this.#options = options;
    this.#decoder = options.decoder;
    this.#clock = new TickClock(options.machine.stub);
    if (options.late && this.#clock.works) this.#chronicle = new Chronicle(supervisor, this.#clock, this.#tell);
    this.#identity = new Identity(supervisor, options.machine);
    this.#exec = new ExecFollower(supervisor, options.cache, calls, (call, program, reason) =>
      this.#write({ kind: "process-start", pid: call.process.pid, timeUs: nowUs(), program, hooked: false, reason }),
    );
    for (const number of numbers(options.wanted)) this.#wanted[number] = true;
    for (const number of numbers(unseenCalls)) this.#unseen[number] = true;
    for (const number of this.#exec.calls) this.#execs[number] = true;
  }

  /** Asks for the calls, or watches them, from now on. */
  begin(): void {
    const supervisor = this.#supervisor;
    const wanted = [...this.#wanted.keys()].filter((number) => this.#wanted[number] === true);
    supervisor.serve([...wanted, ...this.#identity.calls, ...this.#exec.calls], this.#serve);
    if (this.#chronicle !== undefined) this.#watch([...wanted, ...this.#identity.calls]);
    supervisor.onProcess.push(({ pid, program }) =>
      this.#write({ kind: "process-start", pid, timeUs: nowUs(), program, hooked: true }),
    );
    supervisor.onProcessGone.push(({ pid }) =>
      this.#write({ kind: "process-exit", pid, timeUs: nowUs(), exitCode: null, signal: null }),
    );
  }

  /** Writes what has not been written yet. To be called before the supervisor leaves, however it comes to that. */
  [Symbol.dispose](): void {
    this.#supervisor.settle();
    this.#chronicle?.finish();
  }

  #watch(numbers: readonly number[]): void {
    const { machine, stringLimit } = this.#options;
    const { layouts } = abis[machine.name];
    const watched = watchedCalls(stringLimit, { stat: layouts.stat.size, epollEvent: layouts.epoll_event.size });
    for (const number of numbers) {
      const captures = watched.get(this.#calls.name(number) ?? "");
      if (captures === undefined || !fits(captures)) continue;
      if (this.#wanted[number] === true) this.#supervisor.watch(number, true, captures);
      else
        this.#supervisor.watch(
          number,
          false,
          captures.filter(({ kind }) => kind === "path"),
        );
    }
  }

  /** What happened now. */
  #write(record: TraceRecord): void {
    if (this.#chronicle === undefined) this.#options.sink.write(record);
    else this.#chronicle.add(this.#clock.now(), () => this.#options.sink.write(record));
  }

  readonly #serve = (call: Call): void => {
    const done = this.#wanted[call.number] === true ? this.#record(call) : endOf(call);
    if (this.#execs[call.number] === true && this.#options.follow) this.#exec.serve(call, done);
    else if (this.#identity.serve(call, done)) return;
    else if (this.#wanted[call.number] !== true || this.#unseen[call.number] === true) done(null);
    else call.run(done);
  };

  /** Begins the record of `call`; what is returned ends it, and the call. */
  #record(call: Call): Done {
    const startedMs = performance.now();
    const startedTicks = this.#chronicle === undefined ? 0 : this.#clock.now();
    const timeUs = Math.round((performance.timeOrigin + startedMs) * 1000);
    const name = this.#nameOf(call.number);
    const pending = this.#decoder.enter({ name, args: call.args, memory: call.memory });
    const { pid } = call.process;
    const write = (result: bigint | null, durationUs: number | null): void => {
      const decoded = this.#decoder.leave(pending, call.memory, result);
      const record = { kind: "call", pid, tid: call.tid, call: name, ...decoded, timeUs, durationUs } as const;
      if (this.#chronicle === undefined) this.#options.sink.write(record);
      else this.#chronicle.add(call.ticks?.end ?? startedTicks, () => this.#options.sink.write(record));
    };
    call.onAbandoned((why) => write(why === "execve" && this.#execs[call.number] === true ? 0n : null, null));
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

/** To a thousandth. */
const rounded = (us: number): number => Math.round(us * 1000) / 1000;

const endOf =
  (call: Call): Done =>
  (result) => {
    if (result === null) call.continue();
    else call.return(result);
  };

const nowUs = (): number => Math.round((performance.timeOrigin + performance.now()) * 1000);
