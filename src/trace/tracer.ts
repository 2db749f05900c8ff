/**
 * The tracer: asks for the wanted calls, lets each be made by its own thread, and writes a
 * record of it. A call that does not return where it was made (a new thread or process,
 * the end of one, a signal handler's return) goes to the kernel unseen: its record has no result.
 */
import type { CallTable } from "../linux/calls.ts";
import { AskedCalls } from "../process/asked.ts";
import type { Call, Done } from "../process/call.ts";
import type { Unhooked } from "../process/exec.ts";
import { type CallServer, endOf } from "../process/kernel.ts";
import type { Machine } from "../machine/machine.ts";
import type { Supervisor } from "../process/supervisor.ts";
import { TickClock } from "./clock.ts";
import type { Decoder } from "./decode/decoder.ts";
import type { TraceSink } from "./record.ts";

export interface TracerOptions {
  readonly machine: Machine;
  /** Names of the calls that get a record. */
  readonly wanted: ReadonlySet<string>;
  readonly decoder: Decoder;
  readonly sink: TraceSink;
  /** Makes the calls. */
  readonly behind: CallServer;
}

export class Tracer {
  readonly #supervisor: Supervisor;
  readonly #calls: CallTable;
  readonly #decoder: Decoder;
  readonly #sink: TraceSink;
  readonly #clock: TickClock;
  readonly #behind: CallServer;
  readonly #asked: AskedCalls;
  readonly #wanted: boolean[] = [];

  constructor(supervisor: Supervisor, options: TracerOptions) {
    const { wanted } = options;
    const { calls } = options.machine;
    const numbers = (names: Iterable<string>): number[] => [...names].flatMap((name) => calls.number(name) ?? []);
    this.#calls = calls;
    this.#decoder = options.decoder;
    this.#sink = options.sink;
    this.#behind = options.behind;
    for (const number of numbers(wanted)) this.#wanted[number] = true;
    this.#supervisor = supervisor;
    this.#asked = new AskedCalls(supervisor, this.#serve);
    this.#clock = new TickClock(options.machine.stub);
  }

  /** Asks for the calls from now on. */
  begin(): void {
    const supervisor = this.#supervisor;
    this.#behind.onCalls = () => this.#ask();
    this.#ask();
    supervisor.onProcess.push(({ pid, program }) =>
      this.#sink.write({ kind: "process-start", pid, timeUs: nowUs(), program, hooked: true }),
    );
    supervisor.onProcessGone.push(({ pid }) =>
      this.#sink.write({ kind: "process-exit", pid, timeUs: nowUs(), exitCode: null, signal: null }),
    );
  }

  /** Asks for what is wanted and what is behind wants. */
  #ask(): void {
    const wanted = [...this.#wanted.keys()].filter((number) => this.#wanted[number] === true);
    this.#asked.set([...wanted, ...this.#behind.calls]);
  }

  readonly #serve = (call: Call): void => {
    const wanted = this.#wanted[call.number] === true;
    this.#behind.serve(call, wanted ? this.#record(call) : endOf(call), { result: wanted });
  };

  /** Begins the record of `call`; what is returned ends it, and the call. */
  #record(call: Call): Done {
    const startedMs = performance.now();
    const timeUs = Math.round((performance.timeOrigin + startedMs) * 1000);
    const name = this.#calls.name(call.number) ?? `syscall_${call.number}`;
    const pending = this.#decoder.enter({ name, args: call.args, memory: call.memory });
    const write = (result: bigint | null, durationUs: number | null): void => {
      const decoded = this.#decoder.leave(pending, call.memory, result);
      this.#sink.write({
        kind: "call",
        pid: call.process.pid,
        tid: call.tid,
        call: name,
        ...decoded,
        timeUs,
        durationUs,
      });
    };
    call.onAbandoned((why) => write(why === "execve" && this.#behind.isExec(call.number) ? 0n : null, null));
    return (result) => {
      write(result, result === null ? null : this.#duration(call, startedMs));
      endOf(call)(result);
    };
  }

  #duration(call: Call, startedMs: number): number {
    const us =
      (call.ticks === undefined ? undefined : this.#clock.toUs(call.ticks)) ?? (performance.now() - startedMs) * 1000;
    return Math.round(us * 1000) / 1000;
  }
}

/** Writes that a program starts which cannot be hooked. */
export const unhookedTo =
  (sink: TraceSink): Unhooked =>
  (call, program, reason) =>
    sink.write({ kind: "process-start", pid: call.process.pid, timeUs: nowUs(), program, hooked: false, reason });

const nowUs = (): number => Math.round((performance.timeOrigin + performance.now()) * 1000);
