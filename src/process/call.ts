/**
 * One call of a hooked program that waits for a verdict: a view of its slot.
 *
 * Whoever serves it must end it, now or later, with `return` or `continue`; before that it
 * may make the thread `run` calls and see their results. When the thread dies meanwhile the
 * call is abandoned: its slot may be another's by then, so whatever is said later is ignored.
 */
import { slot as field } from "../mailbox/layout.ts";
import type { Mailbox } from "../mailbox/mailbox.ts";
import { ProcessMemory } from "./memory.ts";
import type { Process } from "./processes.ts";

/** What becomes of the call once its thread has made the call it was told to make. */
export type Reported = (result: bigint) => void;

/** Ends a call: with its result, or with null where the kernel serves it unseen. */
export type Done = (result: bigint | null) => void;

/** How a call may end without a verdict: its process called execve with success, or the thread died. */
export type Abandoned = "execve" | "death";

/** Keeps count of calls. */
export interface CallOwner {
  /** The call is over; called once. */
  ended(call: Call): void;
  /** Its thread was sent to make a call. */
  sent(): void;
}

export class Call {
  readonly slot: number;
  readonly process: Process;
  readonly tid: number;
  readonly number: number;
  /** The thread is in the kernel, or on its way, for a call it was told to make. */
  running = false;
  /** A signal handler has run in its thread while it waited for us, before it made its own call. */
  isInterrupted = false;
  /** Called when that happens; possibly several times. */
  onInterrupted: (() => void) | undefined;
  readonly #mailbox: Mailbox;
  readonly #owner: CallOwner;
  #open = true;
  #ran = false;
  #madeOwn = false;
  #reported: Reported | undefined;
  #onAbandoned: ((why: Abandoned) => void)[] | undefined;
  #args: readonly bigint[] | undefined;
  #memory: ProcessMemory | undefined;

  constructor(mailbox: Mailbox, slot: number, process: Process, tid: number, owner: CallOwner) {
    this.slot = slot;
    this.process = process;
    this.tid = tid;
    this.number = mailbox.i32[(slot + field.number) >> 2] ?? 0;
    this.#mailbox = mailbox;
    this.#owner = owner;
  }

  /** Six registers, unsigned. Valid until the call ends. */
  get args(): readonly bigint[] {
    if (this.#args === undefined) {
      const { u64 } = this.#mailbox;
      const at = (this.slot + field.saved) >> 3; // the number comes first
      const register = (index: number): bigint => u64[at + index] ?? 0n;
      this.#args = [register(1), register(2), register(3), register(4), register(5), register(6)];
    }
    return this.#args;
  }

  get memory(): ProcessMemory {
    this.#memory ??= new ProcessMemory(this.tid);
    return this.#memory;
  }

  /** The call's outcome is `result` (a value, or −errno). */
  return(result: bigint): void {
    if (this.#end()) this.#mailbox.return(this.slot, result);
  }

  /** The kernel serves it as if nobody had asked; its result is not seen. */
  continue(): void {
    if (this.#end()) this.#mailbox.continue(this.slot);
  }

  /**
   * The thread makes this call itself, or another one in its place; `reported` gets the result.
   * @param own whether the result stands for the program's call, should the supervisor die then
   */
  run(
    reported: Reported,
    number: number = this.number,
    args: readonly bigint[] = this.args,
    own: boolean = true,
  ): void {
    if (!this.#open) return;
    const { i64, u64 } = this.#mailbox;
    i64[(this.slot + field.number) >> 3] = BigInt(number);
    const at = (this.slot + field.args) >> 3;
    for (let index = 0; index < args.length; index++) u64[at + index] = args[index] ?? 0n;
    this.#reported = reported;
    this.#ran = true;
    this.#madeOwn ||= own;
    this.running = true;
    this.#owner.sent();
    this.#mailbox.run(this.slot, own);
  }

  /** The thread has made its call: the supervisor hands over the result. */
  report(result: bigint): void {
    const reported = this.#reported;
    this.#reported = undefined;
    this.running = false;
    if (reported === undefined) this.return(result);
    else reported(result);
  }

  /** The thread's own call was made, or is being made. */
  get hasMadeOwn(): boolean {
    return this.#madeOwn;
  }

  /** A signal handler has run in the waiting thread: the supervisor tells. */
  interrupt(): void {
    if (!this.#open || this.#madeOwn) return; // what its own call gave is its result
    this.isInterrupted = true;
    this.onInterrupted?.();
  }

  /** The supervisor leaves: a call that waits gets its own outcome, one that is made ends without us. */
  leave(): void {
    const waiting = !this.running;
    this.abandon("death");
    if (waiting) this.#mailbox.release(this.slot);
  }

  /** `tidy` is called when the call ends because its thread does. */
  onAbandoned(tidy: (why: Abandoned) => void): void {
    this.#onAbandoned ??= [];
    this.#onAbandoned.push(tidy);
  }

  /** The thread is gone, or has become the first one of another program. */
  abandon(why: Abandoned): void {
    if (this.#end()) for (const tidy of this.#onAbandoned ?? []) tidy(why);
  }

  /** The processor's time stamps before and after the latest {@link run}; undefined before one. */
  get ticks(): { readonly start: number; readonly end: number } | undefined {
    if (!this.#ran) return undefined;
    const { u64 } = this.#mailbox;
    const at = (offset: number): number => Number(u64[(this.slot + offset) >> 3] ?? 0n);
    return { start: at(field.startTicks), end: at(field.endTicks) };
  }

  /** Where byte `offset` of the mailbox is for the program. */
  addressInProgram(offset: number): bigint {
    const self = this.#mailbox.u64[(this.slot + field.self) >> 3] ?? 0n;
    return self - BigInt(this.slot) + BigInt(offset);
  }

  #end(): boolean {
    if (!this.#open) return false;
    this.#open = false;
    this.#owner.ended(this);
    return true;
  }
}
