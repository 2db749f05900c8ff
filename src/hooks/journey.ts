/**
 * One call on its way through the hooks that name it, outermost first, and behind them the
 * kernel.
 *
 * What must hold:
 *
 *  - the thread is at one place: in the kernel on behalf of one step, or waiting. Steps that want it
 *    there queue up ({@link Journey.inThread});
 *  - the call ends exactly once, and not while its thread is in the kernel for it. After that
 *    nothing of it is touched any more: its slot may be another's;
 *  - a step whose answer nobody waits for any longer may still come to its end; what it says is dropped.
 *
 * A synchronous hook that says something, or nothing, costs no promise and no microtask.
 */
import { INTERRUPTED } from "../linux/interruption.ts";
import type { Call, Done } from "../process/call.ts";
import type { ListeningKernel } from "../model/listening.ts";
import { asInt } from "../process/paths.ts";
import type { Supervisor } from "../process/supervisor.ts";
import type { Loan } from "../mailbox/arena.ts";
import type { CallInfo, CallInfos } from "./call-info.ts";
import type { BoundHook } from "./define.ts";
import type { Failures } from "./failure.ts";
import { HookedCall } from "./hooked-call.ts";
import { endsInterrupted } from "./interruption.ts";
import { CallMemory } from "./memory.ts";
import { MemoryPointer, type Pointer } from "./pointer.ts";
import { JourneyProcess } from "./calling-process.ts";
import type { AnyCall, Outcome } from "./types.ts";

/** What all journeys have in common. */
export interface Surroundings {
  readonly supervisor: Supervisor;
  readonly infos: CallInfos;
  readonly behind: ListeningKernel;
  readonly failures: Failures;
  /** A hook opens a file of its own: links in /proc must tell its path from now on, and handlers be asked. */
  readonly onOpenWith: (isServed: boolean) => void;
}

export class Journey {
  readonly call: Call;
  readonly info: CallInfo;
  readonly surroundings: Surroundings;
  readonly startedMs: number = performance.now();
  readonly memory: CallMemory = new CallMemory(() => (this.isOver ? undefined : this.call.memory));
  isOver = false;
  /** What a program that the call starts is to see as its own path; undefined: the one that is started. */
  program: string | undefined;
  readonly #chain: readonly BoundHook[];
  readonly #done: Done;
  /** Somebody outside the chain wants the result. */
  readonly #watched: boolean;
  #busy = false;
  #waiting: (() => void)[] | undefined;
  #whenOver: (() => void)[] | undefined;
  #loans: Loan[] | undefined;
  #process: JourneyProcess | undefined;
  #abort: AbortController | undefined;

  constructor(
    surroundings: Surroundings,
    call: Call,
    info: CallInfo,
    chain: readonly BoundHook[],
    done: Done,
    watched: boolean,
  ) {
    this.surroundings = surroundings;
    this.call = call;
    this.info = info;
    this.#chain = chain;
    this.#done = done;
    this.#watched = watched;
  }

  /** The process whose thread calls. */
  get process(): JourneyProcess {
    return (this.#process ??= new JourneyProcess(this));
  }

  /** Aborted when the call is over. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const abort = new AbortController();
      this.#abort = abort;
      if (this.isOver) abort.abort();
      else this.whenOver(() => abort.abort());
    }
    return this.#abort.signal;
  }

  begin(): void {
    this.enter(0, undefined, this.#watched, this.#end);
  }

  /**
   * Asks hook `at` and those behind it.
   * @param args   registers other than the program's own
   * @param wanted whether anybody waits for the result
   * @param then   gets it
   */
  enter(at: number, args: readonly bigint[] | undefined, wanted: boolean, then: Done): void {
    const hook = this.#chain[at];
    if (hook === undefined) {
      this.#kernel(args, wanted, then);
      return;
    }
    if (hook.markedOnly && !this.#isMarked(args)) {
      this.enter(at + 1, args, wanted, then);
      return;
    }
    const view = new HookedCall(this, at, args);
    let outcome: ReturnType<BoundHook["run"]>;
    try {
      outcome = hook.run(view as unknown as AnyCall);
    } catch (error) {
      this.#fail(hook, error);
    }
    if (!isPromise(outcome)) {
      this.#settle(hook, view, outcome, wanted, then);
      return;
    }
    this.whenOver(); // its thread may die meanwhile
    this.#heedSignals();
    if (view.isProceeding(outcome)) view.whenProceeded(then);
    else
      outcome.then(
        (value) => this.#settle(hook, view, value, wanted, then),
        (error: unknown) => {
          this.#fail(hook, error);
          this.#settle(hook, view, undefined, wanted, then);
        },
      );
  }

  /** A hook works asynchronously: a signal handler that runs meanwhile may end the call. */
  #heedSignals(): void {
    if (this.call.onInterrupted !== undefined) return;
    this.call.onInterrupted = () => void this.#interrupted();
    if (this.call.isInterrupted) void this.#interrupted();
  }

  async #interrupted(): Promise<void> {
    const view = new HookedCall(this, this.#chain.length, undefined);
    try {
      if ((await endsInterrupted(view)) && !this.call.hasMadeOwn) this.#end(INTERRUPTED);
    } catch (error) {
      if (!this.isOver) throw error; // what it lent is another's by then
    }
  }

  /** Whether the call is about a descriptor that a hook has marked. */
  #isMarked(args: readonly bigint[] = this.call.args): boolean {
    const { descriptor } = this.info.features;
    if (descriptor === undefined || !this.surroundings.behind.isListening) return false;
    const fd = asInt(args[descriptor] ?? 0n);
    const { descriptors } = this.process;
    if (descriptors.isMarked(fd)) return true;
    descriptors.clearByte(fd);
    return false;
  }

  /** Something that hook `position` has left behind failed. */
  failed(position: number, error: unknown): void {
    const hook = this.#chain[position];
    if (hook !== undefined) this.#fail(hook, error);
  }

  /** The hook has spoken. */
  #settle(hook: BoundHook, view: HookedCall, outcome: Outcome, wanted: boolean, then: Done): void {
    if (this.isOver) return;
    const result = outcome === undefined || outcome === null ? undefined : this.#resultOf(hook, view, outcome);
    if (result !== undefined) then(result);
    else if (view.hasProceeded) view.whenProceeded(then);
    else this.enter(view.position + 1, view.changed, wanted, then);
  }

  /** What a hook returned as a register; undefined, and reported, where it is no result. */
  #resultOf(hook: BoundHook, view: HookedCall, outcome: number | bigint): bigint | undefined {
    if (typeof outcome === "bigint" && BigInt.asIntN(64, outcome) === outcome) return outcome;
    if (typeof outcome === "number" && Number.isInteger(outcome) && Math.abs(outcome) < 2 ** 63)
      return view.exactly(outcome);
    this.#fail(hook, new TypeError(`a hook returned ${describe(outcome)}, which is no result`), false);
    return undefined;
  }

  #fail(hook: BoundHook, error: unknown, thrown: boolean = true): void {
    this.surroundings.failures.report(hook, this.info.name, error, thrown);
  }

  /** The end of the chain. */
  #kernel(args: readonly bigint[] | undefined, wanted: boolean, then: Done): void {
    const { behind } = this.surroundings;
    // What was lent may be what a pointer in the program's memory leads to now: not before the result.
    const result = wanted || this.#loans !== undefined;
    if (!result && args === undefined && !this.#busy) {
      this.#over(); // all hooks have spoken, and nobody waits
      behind.serve(this.call, this.#done, { result: false });
      return;
    }
    this.whenOver(); // its thread may die meanwhile
    this.inThread((leave) => {
      behind.serve(
        this.call,
        (outcome) => {
          if (outcome === null) this.#goOn();
          then(outcome); // before others have the thread, or the call ends
          leave();
        },
        { result, args, program: this.program },
      );
    });
  }

  /** The thread goes on by itself, whoever waits. */
  #goOn(): void {
    this.#busy = false;
    this.#end(null);
  }

  /** Calls `work` when the thread is not in the kernel for another step; `leave` says that it is back. */
  inThread(work: (leave: () => void) => void): void {
    if (this.isOver) return;
    if (this.#busy) {
      (this.#waiting ??= []).push(() => this.inThread(work));
      return;
    }
    this.#busy = true;
    work(() => {
      this.#busy = false;
      this.#waiting?.shift()?.();
    });
  }

  /** `tidy` is called when the call is over, however it ends. */
  whenOver(tidy?: () => void): void {
    if (this.#whenOver === undefined) {
      this.#whenOver = [];
      this.call.onAbandoned(() => this.#over());
    }
    if (tidy !== undefined) this.#whenOver.push(tidy);
  }

  /** @throws RangeError when the arena is used up */
  lend(content: Uint8Array): Pointer {
    const { arena, mailbox } = this.surroundings.supervisor;
    const loan = this.isOver ? undefined : arena.borrow(content.length);
    if (loan === undefined)
      throw new RangeError(
        this.isOver ? "the call is over" : `there is no room to lend the program ${content.length} bytes`,
      );
    if (this.#loans === undefined) {
      this.#loans = [];
      this.whenOver();
    }
    this.#loans.push(loan);
    mailbox.u8.set(content, loan.offset);
    return new MemoryPointer(this.memory, this.call.addressInProgram(loan.offset));
  }

  readonly #end: Done = (result) => {
    if (this.isOver) return;
    if (this.#busy) {
      this.#waiting = [() => this.#end(result)]; // nobody needs the others any more
      return;
    }
    this.#over();
    this.#done(result);
  };

  #over(): void {
    if (this.isOver) return;
    this.isOver = true;
    for (const loan of this.#loans ?? []) this.surroundings.supervisor.arena.giveBack(loan);
    for (const tidy of this.#whenOver ?? []) tidy();
  }
}

const isPromise = (outcome: ReturnType<BoundHook["run"]>): outcome is Promise<Outcome> =>
  typeof outcome === "object" && outcome !== null && typeof outcome.then === "function";

const describe = (value: unknown): string =>
  typeof value === "string" ? JSON.stringify(value.slice(0, 40)) : `${String(value)} (${typeof value})`;
