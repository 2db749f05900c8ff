/**
 * Puts what happened in order. Threads write the calls that are only watched into journals, each into its slot's;
 * calls that are asked come by themselves; the chronicle gathers both and hands them on by the time of their end.
 *
 * In order means: what a thread did, and what it could know of, comes before what it did next. A pass reads the clock
 * first and then the journals, and hands on only what was over by that clock: whatever is still missing from the
 * journals then ended later, for a thread writes a call down before it makes another.
 *
 * The program needs the processors more than its trace does: reading waits until nothing new comes, or the
 * eldest has waited long enough, and then goes on in small pieces between which calls that ask are served.
 */
import { callerOf, endTicksOf, type RawEntry } from "../mailbox/journal.ts";
import type { Process } from "../process/processes.ts";
import type { JournalReader, Supervisor } from "../process/supervisor.ts";
import type { TickClock } from "./clock.ts";

/** How long the doorbell is left alone, once rung, before the journals are read, milliseconds. */
const PASS_MS = 25;
/** How long anything waits while there is always something new, milliseconds. */
const PATIENCE_MS = 200;
/** With so much in hand the journals are left to fill up, and the program's threads wait. */
const MOST_EVENTS = 200_000;
/** Events that are told before calls are served again, and how long before the event loop turns, milliseconds. */
const EVENTS_PER_PIECE = 16;
const TURN_MS = 5;

interface Event {
  /** When it was over. */
  readonly ticks: number;
  tell(): void;
}

/** Tells of a call that was watched. */
export type Tell = (entry: RawEntry, process: Process, tid: number) => void;

export class Chronicle implements JournalReader {
  readonly #supervisor: Supervisor;
  readonly #clock: TickClock;
  readonly #tell: Tell;
  /** Not in order yet. */
  #gathered: Event[] = [];
  #gatheredSinceMs: number | undefined;
  /** In order, to be told from `#told` on. */
  #ordered: Event[] = [];
  #told = 0;
  #telling = false;
  #pass: NodeJS.Timeout | undefined;
  #finished = false;

  constructor(supervisor: Supervisor, clock: TickClock, tell: Tell) {
    this.#supervisor = supervisor;
    this.#clock = clock;
    this.#tell = tell;
    supervisor.reader = this;
    this.written();
  }

  /** @param ticks when it was over */
  add(ticks: number, tell: () => void): void {
    this.#gathered.push({ ticks, tell });
    this.written();
  }

  /** Tells all there is; nothing happens any more. */
  finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    clearTimeout(this.#pass);
    this.#supervisor.reader = undefined;
    this.#drain();
    this.#order(Number.POSITIVE_INFINITY);
    while (this.#told < this.#ordered.length) this.#tellNext();
  }

  written(): void {
    if (!this.#finished) this.#pass ??= setTimeout(this.#onPass, PASS_MS);
  }

  full(): void {
    if (!this.#isFull) this.#drain();
    this.written();
  }

  unfinished(entry: RawEntry): void {
    this.#gather(entry);
    this.written();
  }

  get #isFull(): boolean {
    return this.#ordered.length - this.#told > MOST_EVENTS;
  }

  readonly #onPass = (): void => {
    this.#pass = undefined;
    const now = this.#clock.now();
    const isFull = this.#isFull;
    const before = this.#gathered.length;
    if (!isFull) this.#drain();
    const isQuiet = this.#gathered.length === before;
    this.#gatheredSinceMs ??= performance.now();
    if (!isFull && (isQuiet || performance.now() - this.#gatheredSinceMs > PATIENCE_MS)) {
      this.#order(now);
      this.#tellSome();
    }
    if (!isQuiet || this.#gathered.length > 0 || !this.#supervisor.journals.listen()) this.written();
  };

  #drain(): void {
    this.#supervisor.journals.drain((entry) => this.#gather(entry));
  }

  #gather(entry: RawEntry): void {
    const { tid, image } = callerOf(entry);
    const process = this.#supervisor.processes.ofThread(tid, image);
    this.#gathered.push({ ticks: endTicksOf(entry), tell: () => this.#tell(entry, process, tid) });
  }

  /** What was over at `ticks` is complete. */
  #order(ticks: number): void {
    const complete = this.#gathered.filter((event) => event.ticks <= ticks).sort((a, b) => a.ticks - b.ticks);
    this.#gathered = this.#gathered.filter((event) => event.ticks > ticks);
    this.#gatheredSinceMs = undefined;
    this.#ordered = [...this.#ordered.slice(this.#told), ...complete];
    this.#told = 0;
  }

  #tellSome(): void {
    if (this.#telling || this.#finished) return;
    const untilMs = performance.now() + TURN_MS;
    while (this.#told < this.#ordered.length && performance.now() < untilMs) {
      for (let left = EVENTS_PER_PIECE; left > 0 && this.#told < this.#ordered.length; left--) this.#tellNext();
      this.#supervisor.drain();
    }
    if (this.#told === this.#ordered.length) return;
    this.#telling = true;
    setImmediate(() => {
      this.#telling = false;
      this.#tellSome();
    });
  }

  #tellNext(): void {
    const event = this.#ordered[this.#told++];
    event?.tell();
  }
}
