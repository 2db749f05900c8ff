/**
 * The tracer: asks for the wanted calls, lets each be made by its own thread, and writes a
 * record of it. A call that does not return where it was made (a new thread or process,
 * the end of one, a signal handler's return) goes to the kernel unseen: its record has no result.
 */
import type { CallTable } from "../linux/calls.ts";
import type { Call, Done } from "../process/call.ts";
import { ExecFollower } from "../process/exec.ts";
import { Identity } from "../process/identity.ts";
import type { Machine } from "../machine/machine.ts";
import type { CopyCache } from "../patch/cache.ts";
import type { Supervisor } from "../process/supervisor.ts";
import { TickClock } from "./clock.ts";
import type { Decoder } from "./decode/decoder.ts";
import type { TraceSink } from "./record.ts";

/** Calls that return twice, elsewhere or never. */
const unseenCalls: readonly string[] = ["clone", "clone3", "fork", "vfork", "exit", "exit_group", "rt_sigreturn"];

export interface TracerOptions {
  readonly machine: Machine;
  /** Names of the calls that get a record. */
  readonly wanted: ReadonlySet<string>;
  readonly decoder: Decoder;
  readonly sink: TraceSink;
  readonly cache: CopyCache;
  /** Whether programs that the program starts are hooked too. */
  readonly follow: boolean;
}

export class Tracer {
  readonly #supervisor: Supervisor;
  readonly #calls: CallTable;
  readonly #decoder: Decoder;
  readonly #sink: TraceSink;
  readonly #clock: TickClock;
  readonly #identity: Identity;
  readonly #exec: ExecFollower;
  readonly #follow: boolean;
  readonly #wanted: boolean[] = [];
  readonly #unseen: boolean[] = [];
  readonly #execs: boolean[] = [];

  constructor(supervisor: Supervisor, options: TracerOptions) {
    const { wanted } = options;
    const { calls } = options.machine;
    const numbers = (names: Iterable<string>): number[] => [...names].flatMap((name) => calls.number(name) ?? []);
    this.#calls = calls;
    this.#decoder = options.decoder;
    this.#sink = options.sink;
    this.#follow = options.follow;
    this.#identity = new Identity(supervisor, options.machine);
    this.#exec = new ExecFollower(supervisor, options.cache, calls, (call, program, reason) =>
      this.#sink.write({
        kind: "process-start",
        pid: call.process.pid,
        timeUs: nowUs(),
        program,
        hooked: false,
        reason,
      }),
    );
    for (const number of numbers(wanted)) this.#wanted[number] = true;
    for (const number of numbers(unseenCalls)) this.#unseen[number] = true;
    for (const number of this.#exec.calls) this.#execs[number] = true;
    this.#supervisor = supervisor;
    this.#clock = new TickClock(options.machine.stub);
  }

  /** Asks for the calls from now on. */
  begin(): void {
    const supervisor = this.#supervisor;
    const wanted = [...this.#wanted.keys()].filter((number) => this.#wanted[number] === true);
    supervisor.serve([...wanted, ...this.#identity.calls, ...this.#exec.calls], this.#serve);
    supervisor.onProcess.push(({ pid, program }) =>
      this.#sink.write({ kind: "process-start", pid, timeUs: nowUs(), program, hooked: true }),
    );
    supervisor.onProcessGone.push(({ pid }) =>
      this.#sink.write({ kind: "process-exit", pid, timeUs: nowUs(), exitCode: null, signal: null }),
    );
  }

  readonly #serve = (call: Call): void => {
    const done = this.#wanted[call.number] === true ? this.#record(call) : endOf(call);
    if (this.#execs[call.number] === true && this.#follow) this.#exec.serve(call, done);
    else if (this.#identity.serve(call, done)) return;
    else if (this.#wanted[call.number] !== true || this.#unseen[call.number] === true) done(null);
    else call.run(done);
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
    call.onAbandoned((why) => write(why === "execve" && this.#execs[call.number] === true ? 0n : null, null));
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

const endOf =
  (call: Call): Done =>
  (result) => {
    if (result === null) call.continue();
    else call.return(result);
  };

const nowUs = (): number => Math.round((performance.timeOrigin + performance.now()) * 1000);
