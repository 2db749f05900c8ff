/**
 * The supervisor's loop: finds calls that wait, gives each to whoever is responsible, and
 * decides when to poll and when to sleep.
 *
 * While calls are frequent it polls, in bursts that do not leave this file; between them
 * the event loop turns once, so that timers and I/O go on. After a while without a call it
 * asks for the doorbell and returns to the event loop for good; a background thread
 * sleeps on the doorbell and brings it back.
 */
import { Arena } from "../mailbox/arena.ts";
import { callClass, HELLO, slot as field } from "../mailbox/layout.ts";
import { Mailbox } from "../mailbox/mailbox.ts";
import { type Abandoned, Call } from "./call.ts";
import { ProcessMemory } from "./memory.ts";
import { isAlive, type Process, Processes } from "./processes.ts";

/** Serves calls: must see to it that each is ended. */
export type CallHandler = (call: Call) => void;

export interface SupervisorOptions {
  /** The processor's number of the futex call. */
  readonly futexCall: number;
  /** Slots in use; a power of two. Tests choose few. */
  readonly slots?: number;
}

/** Polls without a call before the event loop turns once. */
const POLLS_PER_TURN = 200;
/** Rounds with calls before the event loop turns once all the same. */
const CALLS_PER_TURN = 1000;
/** How long after the last call the supervisor goes on polling, milliseconds. */
const POLL_WINDOW_MS = 0.3;
/** How often threads that died are looked for, milliseconds. */
const SWEEP_MS = 1000;

export class Supervisor implements Disposable {
  readonly mailbox: Mailbox;
  readonly processes: Processes = new Processes();
  readonly arena: Arena = new Arena();
  /** Called when a program's bootstrap is there, before the program's first instruction. */
  readonly onProcess: ((process: Process) => void)[] = [];
  /** Called when a process was found to be gone, up to a second later. */
  readonly onProcessGone: ((process: Process) => void)[] = [];
  readonly #handlers: (CallHandler | undefined)[] = [];
  /** Calls that wait, or whose thread is in the kernel to make a call it was told to. */
  readonly #calls = new Map<number, Call>();
  #lastCall = 0;
  #asleep = false;
  #stopped = false;
  readonly #sweeper: NodeJS.Timeout;

  constructor(options: SupervisorOptions) {
    this.mailbox = new Mailbox(options);
    this.#listen();
    this.#asleep = this.mailbox.beginSleep();
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  /** Calls with these numbers are asked from now on, and `handler` serves them. */
  serve(callNumbers: Iterable<number>, handler: CallHandler): void {
    for (const number of callNumbers) {
      this.#handlers[number] = handler;
      this.mailbox.setClass(number, callClass.ask);
    }
  }

  /** Serves what waits right now; for the moment when the program has ended. */
  drain(): void {
    this.mailbox.drain(this.#found);
  }

  /** Lets go of all programs: their calls go to the kernel from now on. */
  [Symbol.dispose](): void {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#sweeper);
    for (const call of this.#calls.values()) call.abandon("death");
    this.mailbox[Symbol.dispose]();
  }

  readonly #ended = (slot: number): void => void this.#calls.delete(slot);

  readonly #found = (slot: number): void => {
    const { i32, i64 } = this.mailbox;
    const known = this.#calls.get(slot);
    if (known !== undefined && i32[(slot + field.reported) >> 2] !== 0) {
      known.report(i64[(slot + field.result) >> 3] ?? 0n);
      return;
    }
    known?.abandon("death"); // its thread died in the kernel, and the slot is another's now
    const tid = i32[(slot + field.tid) >> 2] ?? 0;
    const number = i32[(slot + field.number) >> 2] ?? 0;
    if (number === HELLO) {
      this.#hello(slot, tid);
      return;
    }
    const process = this.processes.ofThread(tid, i32[(slot + field.process) >> 2] ?? 0);
    const call = new Call(this.mailbox, slot, process, tid, this.#ended);
    this.#calls.set(slot, call);
    const handler = this.#handlers[number];
    if (handler === undefined) call.continue();
    else handler(call);
  };

  #hello(slot: number, pid: number): void {
    // The threads that pid had before execve are gone, with whatever they held.
    for (const call of this.#calls.values()) if (call.process.pid === pid || call.tid === pid) this.#takeBack(call, "execve");
    const path = new ProcessMemory(pid).cString(this.mailbox.u64[(slot + field.args) >> 3] ?? 0n);
    const process = this.processes.begin(pid, path === undefined ? "?" : Buffer.from(path).toString());
    for (const listener of this.onProcess) listener(process);
    this.mailbox.return(slot, BigInt(process.image));
  }

  #takeBack(call: Call, why: Abandoned): void {
    call.abandon(why);
    this.mailbox.reclaim(call.slot);
  }

  #sweep(): void {
    for (const call of this.#calls.values()) if (!isAlive(call.tid)) this.#takeBack(call, "death");
    for (const process of this.processes.sweep()) for (const listener of this.onProcessGone) listener(process);
  }

  /** Keeps one background thread asleep on the doorbell. */
  #listen(): void {
    this.mailbox.waitForDoorbell(() => {
      if (this.#stopped) return;
      this.#listen();
      if (!this.#asleep) return;
      this.#asleep = false;
      this.#lastCall = performance.now();
      this.#poll();
    });
  }

  readonly #poll = (): void => {
    if (this.#stopped) return;
    let served = 0;
    for (let quiet = 0; quiet < POLLS_PER_TURN && served < CALLS_PER_TURN; quiet++)
      if (this.mailbox.drain(this.#found)) {
        quiet = 0;
        served++;
      }
    if (this.#stopped) return;
    const now = performance.now();
    if (served > 0) this.#lastCall = now;
    if (now - this.#lastCall > POLL_WINDOW_MS && this.mailbox.beginSleep()) this.#asleep = true;
    else setImmediate(this.#poll);
  };
}
