/**
 * The supervisor's loop: finds calls that wait, gives each to whoever is responsible, and
 * decides when to poll and when to sleep.
 *
 * Three gears, by how long ago the last call was:
 *
 *   polling    in bursts that do not leave this file; between them the event loop turns
 *              once, so that timers and I/O go on
 *   napping    blocked on the doorbell itself, so that a call is one wake-up away; not while
 *              somebody works on a call asynchronously, or moves the program's data. Naps are short, and between two the
 *              supervisor rehearses: it asks itself a question, for an engine whose code and
 *              data have left the caches answers in three times the time.
 *              On a crowded machine it naps as soon as nothing waits, and threads of the
 *              program sleep at once, for who sleeps is scheduled before who polls
 *   asleep     in the event loop for good; a background thread sleeps on the doorbell and
 *              brings it back, which is one wake-up more
 */
import { Arena } from "../mailbox/arena.ts";
import { currentProcessor, leaveProcessor, yieldProcessor } from "../linux/native.ts";
import { type Capture, Journals, type RawEntry } from "../mailbox/journal.ts";
import {
  callClass,
  header,
  HELLO,
  processorOf,
  REHEARSAL,
  slot as field,
  SLOT_COUNT,
  slotIndex,
} from "../mailbox/layout.ts";
import { Mailbox } from "../mailbox/mailbox.ts";
import { Busyness } from "./busyness.ts";
import { type Abandoned, Call, type CallOwner } from "./call.ts";
import { ProcessMemory } from "./memory.ts";
import { isAlive, type Process, Processes } from "./processes.ts";

/** Serves calls: must see to it that each is ended. */
export type CallHandler = (call: Call) => void;

export interface JournalReader {
  /** A journal may hold something: the doorbell was rung for it. */
  written(): void;
  /** A watched call was asked all the same, most likely because its journal has no room. */
  full(): void;
  /** The thread died in this call, up to a second ago. */
  unfinished(entry: RawEntry): void;
}

export interface SupervisorOptions {
  /** The processor's number of the futex call. */
  readonly futexCall: number;
  /** Slots in use; a power of two. Tests choose few. */
  readonly slots?: number;
  /** Whether programs end when this process is killed, at their first call that it should have answered. @default false */
  readonly isDeadly?: boolean;
}

/** Polls without a call before the event loop turns once. */
const POLLS_PER_TURN = 200;
/** Polls without a call before a program's thread may have this processor: the two may share it. */
const POLLS_PER_YIELD = 32;
/** Polls before it naps when others want the processors: then waiting costs less than polling. */
const POLLS_WHEN_CROWDED = 10;
/** Rounds with calls before the event loop turns once all the same. */
const CALLS_PER_TURN = 1000;
/** How long after the last call the supervisor goes on polling, where that came as soon after the one before it, milliseconds. */
const POLL_WINDOW_MS = 0.3;
/** How long after the last call it goes on napping, and how long one nap is at most, milliseconds. */
const NAP_WINDOW_MS = 100;
const NAP_MS = 0.25;
/** Naps before the event loop turns once. */
const NAPS_PER_TURN = 20;
/** After so many calls in a row that came only once the processor was yielded, whoever asks may have the same one. */
const CALLS_AFTER_YIELD = 16;
/** How often threads that died are looked for, milliseconds. */
const SWEEP_MS = 1000;

export class Supervisor implements Disposable {
  readonly mailbox: Mailbox;
  readonly journals: Journals;
  readonly processes: Processes = new Processes();
  readonly arena: Arena = new Arena();
  /** Called when a program's bootstrap is there, before the program's first instruction. */
  readonly onProcess: ((process: Process) => void)[] = [];
  /** Called when a process was found to be gone, up to a second later. */
  readonly onProcessGone: ((process: Process) => void)[] = [];
  /** Has a new program make a call before its first instruction; `done` lets it begin. */
  prepare: ((call: Call, done: () => void) => void) | undefined;
  /** Who reads the journals. */
  reader: JournalReader | undefined;
  /** Whether the event loop has something to do for the program beside its calls: then it is not kept from it. */
  hasOtherWork: () => boolean = () => false;
  readonly #handlers: (CallHandler | undefined)[] = [];
  /** Calls that wait, or whose thread is in the kernel to make a call it was told to. */
  readonly #calls: (Call | undefined)[] = Array.from({ length: SLOT_COUNT });
  /** How many of them wait for somebody who works on them asynchronously. */
  #held = 0;
  /** One was left to somebody like that just now: what goes on in a microtask must not wait for the burst's end. */
  #mayTurn = false;
  #lastCall = Number.NEGATIVE_INFINITY;
  #callsAfterYield = 0;
  /** Whether calls come so often that polling for the next one is worth it. */
  #isBusy = false;
  #latest: Call | undefined;
  readonly #busyness = new Busyness();
  #stopped = false;
  readonly #sweeper: NodeJS.Timeout;

  constructor(options: SupervisorOptions) {
    this.mailbox = new Mailbox(options);
    this.journals = new Journals(this.mailbox);
    this.#handlers[REHEARSAL] = (call) => call.return(0n);
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS).unref();
    this.#rest(performance.now());
  }

  /** Calls with these numbers are asked from now on, and `handler` serves them. */
  serve(callNumbers: Iterable<number>, handler: CallHandler): void {
    this.#ask(callNumbers, handler, callClass.ask);
  }

  /** Calls with these numbers are asked from now on where their first argument is a marked descriptor. */
  serveMarked(callNumbers: Iterable<number>, handler: CallHandler): void {
    this.#ask(callNumbers, handler, callClass.askIfMarked);
  }

  #ask(callNumbers: Iterable<number>, handler: CallHandler, ofClass: number): void {
    if (this.#stopped) return;
    for (const number of callNumbers) {
      this.#handlers[number] = handler;
      this.mailbox.setClass(number, ofClass);
    }
  }

  /** Calls with these numbers go to the kernel unasked from now on. */
  release(callNumbers: Iterable<number>): void {
    if (this.#stopped) return;
    for (const number of callNumbers) {
      this.#handlers[number] = undefined; // one that asked before it saw the class goes to the kernel, too
      this.mailbox.setClass(number, callClass.pass);
    }
  }

  /**
   * Calls with this number are watched from now on: their threads make them at once. Where that cannot
   * be (a full journal, a path under /proc) they are asked, and served by their handler.
   * @param record whether they are written to a journal, or only those that cannot be watched matter
   */
  watch(callNumber: number, record: boolean, captures: readonly Capture[]): void {
    if (this.#stopped) return;
    this.journals.plan(callNumber, record, captures);
    this.mailbox.setClass(callNumber, callClass.watch);
  }

  /** Serves what waits right now, and looks for threads that are gone; for the moment when the program has ended. */
  settle(): void {
    if (this.#stopped) return;
    this.#takeBackGone();
    this.drain();
  }

  /** Serves what waits right now. */
  drain(): void {
    if (!this.#stopped) this.mailbox.drain(this.#found);
  }

  /** Lets go of all programs: their calls go to the kernel from now on. */
  [Symbol.dispose](): void {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#sweeper);
    this.#sweepGone();
    for (const call of this.#calls) call?.leave();
    this.mailbox[Symbol.dispose]();
  }

  readonly #owner: CallOwner = {
    ended: ({ slot, running }) => {
      this.#calls[slotIndex(slot)] = undefined;
      if (!running) this.#held--;
    },
    sent: () => void this.#held--,
  };

  readonly #found = (slot: number): void => {
    const { i32, i64 } = this.mailbox;
    const known = this.#calls[slotIndex(slot)];
    const tid = i32[(slot + field.tid) >> 2] ?? 0;
    const interrupted = this.mailbox.takeInterruption(slot);
    if (known?.running === true && i32[(slot + field.reported) >> 2] !== 0) {
      this.#held++;
      known.report(i64[(slot + field.result) >> 3] ?? 0n);
      this.#mayTurn ||= this.#calls[slotIndex(slot)] === known && !known.running;
      return;
    }
    if (known?.running === false && known.tid === tid) {
      if (interrupted) known.interrupt();
      return; // its question was taken already, by a bit that an earlier holder of the slot had left
    }
    known?.abandon("death"); // its thread died in the kernel, and the slot is another's now
    const number = i32[(slot + field.number) >> 2] ?? 0;
    if (number === HELLO) {
      this.#hello(slot, tid);
      return;
    }
    const image = i32[(slot + field.process) >> 2] ?? 0;
    if (number === REHEARSAL && !this.processes.knows(tid, image)) {
      this.mailbox.return(slot, 0n); // a hello in the same round: the caller whose name it bears is another program now
      return;
    }
    const process = this.processes.ofThread(tid, image);
    const call = new Call(this.mailbox, slot, process, tid, this.#owner);
    this.#calls[slotIndex(slot)] = call;
    this.#held++;
    this.#latest = call;
    if (interrupted) call.interrupt();
    if (this.mailbox.u8[header.classes + number] === callClass.watch) this.reader?.full();
    const handler = this.#handlers[number];
    if (handler === undefined) call.continue();
    else handler(call);
    this.#mayTurn ||= this.#calls[slotIndex(slot)] === call && !call.running;
  };

  #hello(slot: number, pid: number): void {
    // The threads that pid had before execve are gone, with whatever they held.
    for (const call of this.#calls)
      if (call !== undefined && (call.process.pid === pid || call.tid === pid)) this.#takeBack(call, "execve");
    this.#reclaimWatched();
    const path = new ProcessMemory(pid).cString(this.mailbox.u64[(slot + field.args) >> 3] ?? 0n);
    const marks = this.mailbox.u64[((slot + field.args) >> 3) + 2] ?? 0n;
    const process = this.processes.begin(pid, path === undefined ? "?" : Buffer.from(path).toString(), marks);
    for (const listener of this.onProcess) listener(process);
    if (this.prepare === undefined) {
      this.mailbox.return(slot, BigInt(process.image));
      return;
    }
    const call = new Call(this.mailbox, slot, process, pid, this.#owner);
    this.#calls[slotIndex(slot)] = call;
    this.#held++;
    this.#latest = call;
    this.prepare(call, () => call.return(BigInt(process.image)));
  }

  #takeBack(call: Call, why: Abandoned): void {
    call.abandon(why);
    this.mailbox.reclaim(call.slot);
  }

  /**
   * Takes back what threads that are gone had. Asked whether it is gone first, and then what it left: a call that
   * it was told to make and had reported by then was made.
   */
  #takeBackGone(): void {
    const gone = this.#calls.filter((call) => call !== undefined && !isAlive(call.tid));
    if (gone.length > 0) this.drain();
    for (const call of gone)
      if (call !== undefined && this.#calls[slotIndex(call.slot)] === call) this.#takeBack(call, "death");
    this.#reclaimWatched();
  }

  /** Only slots without a call: the others are freed when their call is, or they would be freed twice, the second time under somebody else. */
  #reclaimWatched(): void {
    this.journals.reclaim(
      (tid, slot) => this.#calls[slotIndex(slot)] === undefined && !isAlive(tid),
      (entry) => this.reader?.unfinished(entry),
    );
  }

  #sweep(): void {
    this.#takeBackGone();
    this.reader?.written();
    this.#sweepGone();
  }

  #sweepGone(): void {
    for (const process of this.processes.sweep()) for (const listener of this.onProcessGone) listener(process);
  }

  readonly #poll = (): void => {
    if (this.#stopped) return;
    if (this.journals.isRung) this.reader?.written();
    const polls = this.#busyness.isCrowded ? POLLS_WHEN_CROWDED : POLLS_PER_TURN;
    let served = 0;
    let yielded = false;
    this.#mayTurn = false;
    for (let quiet = 1; quiet <= polls && served < CALLS_PER_TURN && !this.#mayTurn; quiet++) {
      if (this.mailbox.drain(this.#found)) {
        this.#callsAfterYield = yielded ? this.#callsAfterYield + 1 : 0;
        if (this.#callsAfterYield === CALLS_AFTER_YIELD) this.#standApart();
        yielded = false;
        quiet = 0;
        served++;
      } else if (quiet % POLLS_PER_YIELD === 0) {
        yieldProcessor();
        yielded = true;
      }
    }
    if (this.#stopped) return;
    const now = performance.now();
    if (served > 0) this.#called(now);
    if (this.#busyness.measure(now)) this.mailbox.setSpin(this.#busyness.isCrowded ? 0 : undefined);
    const window = this.#busyness.isCrowded || !this.#isBusy ? 0 : POLL_WINDOW_MS;
    if (now - this.#lastCall > window) this.#rest(now);
    else setImmediate(this.#poll);
  };

  /** Two that answer each other on one processor take turns instead of working side by side. */
  #standApart(): void {
    this.#callsAfterYield = 0;
    if (this.#latest !== undefined && processorOf(this.#latest.slot) === currentProcessor()) leaveProcessor();
  }

  #called(now: number): void {
    this.#isBusy = now - this.#lastCall < POLL_WINDOW_MS;
    this.#lastCall = now;
  }

  #rest(now: number): void {
    this.#busyness.pause();
    const { rings } = this.mailbox;
    if (!this.mailbox.beginSleep()) setImmediate(this.#poll);
    else if (this.#held === 0 && !this.hasOtherWork() && now - this.#lastCall < NAP_WINDOW_MS) {
      this.#nap(rings);
      if (this.#stopped) return;
      this.mailbox.endSleep();
      setImmediate(this.#poll);
    } else
      this.mailbox.onDoorbell(rings, () => {
        if (this.#stopped) return;
        this.mailbox.endSleep();
        this.#poll();
      });
  }

  /**
   * Naps until the event loop has something to do, or calls come so fast that polling for the next one is worth it.
   * Who asked may wait for this very processor and gets it as soon as this thread blocks, which sched_yield(2) does not
   * promise: so after a single call it blocks again.
   */
  #nap(rings: number): void {
    this.#mayTurn = false;
    for (let nap = 0; ; nap++) {
      this.mailbox.waitForDoorbell(rings, NAP_MS);
      if (nap === NAPS_PER_TURN) return; // whoever rang is found by polling
      const heard = this.mailbox.rings; // before looking: what rings later is not missed
      if (this.mailbox.drain(this.#found)) {
        if (this.#stopped) return;
        this.#called(performance.now());
        if (this.#isBusy || this.#isWanted) break;
        rings = heard;
      } else if (heard !== rings) return; // rung for a journal
      else this.#rehearse();
    }
    yieldProcessor();
  }

  /** Whether somebody works on a call, or its thread will report at once. */
  get #isWanted(): boolean {
    return this.#mayTurn || this.#held > 0 || this.#latest?.running === true || this.hasOtherWork();
  }

  /** Serves a question in the latest caller's name that nobody has asked. */
  #rehearse(): void {
    const { tid, process } = this.#latest ?? {};
    if (tid === undefined || process === undefined || this.processes.get(process.pid) !== process) return;
    this.mailbox.rehearse(tid, process.image);
    this.mailbox.drain(this.#found);
  }
}
