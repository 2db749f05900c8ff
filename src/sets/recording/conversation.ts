/**
 * The other side of one connection in a replay: takes what the program sends, and says what was said to that when it
 * was recorded. What the program sends is looked up first in the recorded connection that this one stands for, then in all others
 * to the same address: connections are shared and used in another order in every run.
 */
import type { Socket } from "node:net";
import { type Difference, firstDifference, shown } from "./differences.ts";
import type { Script, Turn } from "./script.ts";

/** How long something that is sent, and is not what was sent then, waits for its rest; milliseconds. */
const PATIENCE_MS = 1000;

export interface ConversationOptions {
  /** What it is called in a report: "127.0.0.1:80". */
  readonly what: string;
  /** The recorded connections to the same address; of an accepted one none. */
  readonly others: readonly Script[];
  readonly tell: (difference: Difference) => void;
  /** So many bytes have come from the program. */
  readonly onSent?: (bytes: number) => void;
  /** A turn is over. */
  readonly onTurn?: () => void;
}

export class Conversation {
  readonly #socket: Socket;
  readonly #options: ConversationOptions;
  #script: Script | undefined;
  /** Of the program's, not answered yet. */
  #pending: Buffer = Buffer.alloc(0);
  /** The same in the parts in which it came, the latest ones not in `#pending` yet. */
  #chunks: Buffer[] = [];
  /** The turn that begins like this, as far as is known. */
  #expected: Turn | undefined;
  #offset = 0;
  #isTold = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param script where it is known already which one it is */
  constructor(socket: Socket, script: Script | undefined, options: ConversationOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#script = script;
  }

  /** From now on it listens, and speaks. */
  begin(): void {
    const socket = this.#socket;
    socket.on("data", (data: Buffer) => this.#take(data));
    socket.on("error", () => {}); // the program went away
    socket.on("end", () => this.#close());
    socket.on("close", () => clearTimeout(this.#timer));
    const first = this.#next();
    if (first !== undefined && first.sent.length === 0) this.#answer(first); // the other side speaks first
  }

  /** The next turn of the connection that this one stands for. */
  #next(): Turn | undefined {
    return this.#script?.turns.find(({ used }) => !used);
  }

  #take(data: Buffer): void {
    clearTimeout(this.#timer);
    this.#options.onSent?.(data.length);
    if (!this.#goesOn(data)) {
      this.#chunks.push(data);
      this.#pending = this.#chunks.length === 1 ? data : Buffer.concat(this.#chunks);
      this.#chunks = [this.#pending];
      this.#expected = undefined;
      this.#pump();
    }
    if (this.#chunks.length > 0) this.#timer = setTimeout(() => this.#insist(), PATIENCE_MS).unref();
  }

  /** Whether it is what is expected to follow: then it need not be looked at all over again. */
  #goesOn(data: Buffer): boolean {
    const turn = this.#expected;
    const length = this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    if (turn === undefined || turn.used || length + data.length >= turn.sent.length) return false;
    if (!turn.sent.subarray(length, length + data.length).equals(data)) return false;
    this.#chunks.push(data);
    return true;
  }

  #pump(): void {
    const pending = this.#pending;
    const own = this.#next();
    if (own !== undefined && startsWith(own.sent, pending)) {
      if (own.sent.length === pending.length) this.#use(own, pending.length);
      else this.#expected = own;
      return;
    }
    const other = this.#elsewhere((turn) => turn.sent.equals(pending));
    if (other !== undefined) {
      this.#use(other, pending.length);
      return;
    }
    if (this.#elsewhere((turn) => startsWith(turn.sent, pending)) !== undefined) return;
    // Two turns at once: the program did not wait for the answer this time.
    const whole = [own, this.#elsewhere(({ sent }) => sent.length > 0 && startsWith(pending, sent))].find(
      (turn) => turn !== undefined && turn.sent.length > 0 && startsWith(pending, turn.sent),
    );
    if (whole !== undefined) {
      this.#use(whole, whole.sent.length);
      if (this.#pending.length > 0) this.#pump();
    } else if (own !== undefined && pending.length >= own.sent.length) this.#insist();
  }

  /** A turn that nobody has used, of another connection; the first of one that nobody stands for makes this one stand for it. */
  #elsewhere(fits: (turn: Turn) => boolean): Turn | undefined {
    for (const script of this.#options.others) {
      const turn = script.turns.find(({ used }) => !used);
      if (script.claimed || turn === undefined || !fits(turn)) continue;
      if (this.#script === undefined) {
        script.claimed = true;
        this.#script = script;
      }
      return turn;
    }
    for (const { turns } of this.#options.others) {
      const turn = turns.find((each) => !each.used && fits(each));
      if (turn !== undefined) return turn;
    }
    return undefined;
  }

  /** It is not what was sent then, but answered it shall be. */
  #insist(): void {
    this.#pending = Buffer.concat(this.#chunks);
    if (this.#script === undefined) {
      const free = this.#options.others.find(({ claimed }) => !claimed);
      if (free !== undefined) free.claimed = true;
      this.#script = free;
    }
    const turn = this.#next();
    const found = this.#pending;
    this.#difference(turn?.sent, found);
    if (turn === undefined) this.#socket.destroy();
    else this.#use(turn, found.length);
  }

  #use(turn: Turn, length: number): void {
    this.#offset += length;
    this.#pending = this.#pending.subarray(length);
    this.#chunks = this.#pending.length === 0 ? [] : [this.#pending];
    this.#expected = undefined;
    this.#answer(turn);
  }

  #answer(turn: Turn): void {
    turn.used = true;
    for (const { data, isEnd } of turn.arrivals)
      if (isEnd) this.#socket.end();
      else this.#socket.write(data);
    this.#options.onTurn?.();
  }

  /** The program sends nothing more. */
  #close(): void {
    this.#pending = Buffer.concat(this.#chunks);
    const next = this.#next();
    if (this.#pending.length > 0 || (next !== undefined && next.sent.length > 0 && this.#options.others.length === 0))
      this.#difference(next?.sent, this.#pending);
    this.#socket.end();
  }

  /** The first one of a connection: behind it everything would be different. */
  #difference(wanted: Buffer | undefined, found: Buffer): void {
    if (this.#isTold) return;
    this.#isTold = true;
    const { what, tell } = this.#options;
    if (wanted === undefined) tell({ kind: "sent", what, offset: this.#offset, found: shown(found, 0) });
    else tell({ kind: "sent", what, ...firstDifference(wanted, found, this.#offset) });
  }
}

const startsWith = (whole: Buffer, start: Buffer): boolean =>
  whole.length >= start.length && whole.subarray(0, start.length).equals(start);
