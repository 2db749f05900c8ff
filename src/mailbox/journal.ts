/**
 * The supervisor's side of the journals: says what a watched call's thread copies, and reads what
 * threads have written. An entry is the thread's alone until `written` has moved behind it,
 * ours from then on until `read` has.
 */
import {
  CAPTURE_SIZE,
  CAPTURES_PER_PLAN,
  capture as captureField,
  captured,
  captureKind,
  captureWhen,
  CLASS_COUNT,
  ENTRY_LIMIT,
  entry as field,
  header,
  JOURNAL_COUNT,
  JOURNAL_SIZE,
  JOURNALS,
  plan as planField,
  PLAN_SIZE,
  PLANS,
  slot as slotField,
  SLOT_SIZE,
  SLOTS,
  slotState,
} from "./layout.ts";
import type { Mailbox } from "./mailbox.ts";

/**
 * Bytes that a thread copies of a string, its NUL among them; calls with longer ones are asked. The calls that take two (rename,
 * link) then write entries of at most 2 KiB, so that a journal has room for a hundred, and paths are hardly ever longer.
 */
export const STRING_LIMIT = 960;

/** Memory that the thread copies; lengths in bytes. */
export interface Capture {
  readonly kind: Exclude<keyof typeof captureKind, "end">;
  readonly when: keyof typeof captureWhen;
  /** Which argument points to it. */
  readonly pointer: number;
  /** Which argument counts it; for `counted`. */
  readonly length?: number;
  /** Bytes per unit of the count, or all of them. */
  readonly unit?: number;
  readonly limit: number;
}

/** A watched call as its thread wrote it. */
export interface Entry {
  readonly number: number;
  readonly args: readonly bigint[];
  /** Signed; null for a call that never came back. */
  readonly result: bigint | null;
  readonly captures: readonly Captured[];
}

/** Memory of the program at a moment of the call. */
export interface Captured {
  readonly address: bigint;
  readonly bytes: Uint8Array;
  /** Copied when the call was over. */
  readonly after: boolean;
}

/** An entry that has been taken out of its journal and not been parsed yet. */
export interface RawEntry {
  /** A copy of a piece of the journal. */
  readonly bytes: DataView;
  readonly offset: number;
  /** The thread never came back from the call. */
  readonly unfinished: boolean;
}

export class Journals {
  readonly #mailbox: Mailbox;

  constructor(mailbox: Mailbox) {
    this.#mailbox = mailbox;
  }

  /**
   * What the thread does with a call of this number when its class is `watch`.
   * @param record   whether it is written to the journal; otherwise the captures only decide whether it is asked
   * @param captures for which {@link fits} says that there is room
   */
  plan(callNumber: number, record: boolean, captures: readonly Capture[]): void {
    if (callNumber >= CLASS_COUNT || !fits(captures)) throw new RangeError(`no plan for call ${callNumber}`);
    const { u8 } = this.#mailbox;
    const at = PLANS + callNumber * PLAN_SIZE;
    u8.fill(0, at, at + PLAN_SIZE);
    const view = new DataView(u8.buffer, u8.byteOffset + at, PLAN_SIZE);
    view.setUint8(planField.record, Number(record));
    for (const [index, capture] of captures.entries()) {
      const start = planField.captures + index * CAPTURE_SIZE;
      view.setUint8(start + captureField.kind, captureKind[capture.kind]);
      view.setUint8(start + captureField.when, captureWhen[capture.when]);
      view.setUint8(start + captureField.pointer, capture.pointer);
      view.setUint8(start + captureField.length, capture.length ?? 0);
      view.setUint16(start + captureField.unit, capture.unit ?? 1, true);
      view.setUint16(start + captureField.limit, capture.limit, true);
    }
  }

  /** Asks to be rung for from now on. @returns false when something has been written already */
  listen(): boolean {
    const { i32 } = this.#mailbox;
    Atomics.store(i32, header.listening >> 2, 1);
    for (let word = 0; word < JOURNAL_COUNT / 32; word++)
      if (Atomics.load(i32, (header.watched >> 2) + word) !== 0) {
        Atomics.store(i32, header.listening >> 2, 0);
        return false;
      }
    return true;
  }

  /** Whether the doorbell was rung for a journal, and nobody listens since. */
  get isRung(): boolean {
    return Atomics.load(this.#mailbox.i32, header.listening >> 2) === 0;
  }

  /** Takes everything out that is whole. @returns whether there was anything */
  drain(found: (entry: RawEntry) => void): boolean {
    const { i32 } = this.#mailbox;
    let any = false;
    for (let word = 0; word < JOURNAL_COUNT / 32; word++) {
      let bits = Atomics.exchange(i32, (header.watched >> 2) + word, 0);
      for (; bits !== 0; bits &= bits - 1) {
        any = true;
        this.#drainOne(word * 32 + 31 - Math.clz32(bits & -bits), found);
      }
    }
    return any;
  }

  /** Copies what stands between `read` and `written`, in two pieces where it goes over the end. */
  #drainOne(index: number, found: (entry: RawEntry) => void): void {
    const { i32, u8 } = this.#mailbox;
    const slot = SLOTS + index * SLOT_SIZE;
    const written = Atomics.load(i32, (slot + slotField.written) >> 2) >>> 0;
    for (let read = (i32[(slot + slotField.read) >> 2] ?? 0) >>> 0; read !== written;) {
      const start = read & (JOURNAL_SIZE - 1);
      const length = Math.min((written - read) >>> 0, JOURNAL_SIZE - start);
      const at = JOURNALS + index * JOURNAL_SIZE + start;
      const piece = u8.slice(at, at + length);
      read = (read + length) >>> 0;
      Atomics.store(i32, (slot + slotField.read) >> 2, read | 0);
      const bytes = new DataView(piece.buffer);
      for (let offset = 0; hasEntry(bytes, offset); offset += bytes.getUint32(offset + field.size, true))
        if (bytes.getUint32(offset + field.tid, true) !== 0) found({ bytes, offset, unfinished: false });
    }
  }

  /**
   * Takes back the slots of threads that died on their way through a watched call; the calls
   * from which they never came back are entries too.
   *
   * A thread may end its call and let go of the slot while it is asked about, so what its slot and its
   * journal say counts only once it is known to be gone: then nobody writes them any more.
   * @param isGone whether thread `tid` is, and `slot` is nobody else's business
   */
  reclaim(isGone: (tid: number, slot: number) => boolean, found: (entry: RawEntry) => void): void {
    const { i32 } = this.#mailbox;
    for (let index = 0; index < JOURNAL_COUNT; index++) {
      const slot = SLOTS + index * SLOT_SIZE;
      const tid = Atomics.load(i32, (slot + slotField.tid) >> 2);
      if (tid === 0 || !this.#isHeldBy(slot, tid) || !isGone(tid, slot)) continue;
      if (!this.#isHeldBy(slot, tid)) continue; // it let go before it died: the slot is free, or another's
      const state = Atomics.load(i32, (slot + slotField.state) >> 2);
      if (state === slotState.asked || state === slotState.askedAsleep) continue;
      this.#drainOne(index, found);
      const entry = state === slotState.watching ? this.#unfinished(index, tid) : undefined;
      if (entry !== undefined) found(entry);
      this.#mailbox.reclaim(slot);
    }
  }

  #isHeldBy(slot: number, tid: number): boolean {
    const { i32 } = this.#mailbox;
    return (
      Atomics.load(i32, (slot + slotField.claimed) >> 2) !== 0 && Atomics.load(i32, (slot + slotField.tid) >> 2) === tid
    );
  }

  /** What stands behind `written`, if that is an entry of this thread. */
  #unfinished(index: number, tid: number): RawEntry | undefined {
    const { i32, u8 } = this.#mailbox;
    const written = Atomics.load(i32, (SLOTS + index * SLOT_SIZE + slotField.written) >> 2) >>> 0;
    const start = written & (JOURNAL_SIZE - 1);
    const at = JOURNALS + index * JOURNAL_SIZE + start;
    const bytes = new DataView(u8.slice(at, at + Math.min(ENTRY_LIMIT, JOURNAL_SIZE - start)).buffer);
    if (!hasEntry(bytes, 0) || bytes.getUint32(field.tid, true) !== tid) return undefined;
    return { bytes, offset: 0, unfinished: true };
  }
}

/**
 * Whether an entry, or the rest of a journal, stands whole at `offset`. It does unless the program has
 * written into memory that is not its own; and that must not lead the supervisor beyond the end, or in circles.
 */
function hasEntry(bytes: DataView, offset: number): boolean {
  if (offset + field.tid + 4 > bytes.byteLength) return false;
  const size = bytes.getUint32(offset + field.size, true);
  const isRest = bytes.getUint32(offset + field.tid, true) === 0;
  return size >= (isRest ? UNIT : field.captures) && size % UNIT === 0 && offset + size <= bytes.byteLength;
}

/** Whether a plan and an entry have room for these. */
export function fits(captures: readonly Capture[]): boolean {
  let size: number = field.captures;
  for (const { limit } of captures) size += captured.bytes + padded(limit);
  return captures.length <= CAPTURES_PER_PLAN && size <= ENTRY_LIMIT;
}

/** Entries are whole multiples of it. */
const UNIT = 8;
const padded = (length: number): number => Math.ceil(length / UNIT) * UNIT;
const HIGH_WORD = 2 ** 32;

/** Who made the call. */
export const callerOf = ({ bytes, offset }: RawEntry): { tid: number; image: number } => ({
  tid: bytes.getUint32(offset + field.tid, true),
  image: bytes.getUint32(offset + field.process, true),
});

/** The processor's time stamp when the call began. */
export const startTicksOf = (entry: RawEntry): number => ticksAt(entry, field.startTicks);

/** The processor's time stamp when it was over, or when it began where that never was. */
export const endTicksOf = (entry: RawEntry): number =>
  ticksAt(entry, entry.unfinished ? field.startTicks : field.endTicks);

const ticksAt = ({ bytes, offset }: RawEntry, at: number): number =>
  bytes.getUint32(offset + at, true) + bytes.getUint32(offset + at + 4, true) * HIGH_WORD;

/** The whole entry. */
export function parse({ bytes, offset, unfinished }: RawEntry): Entry {
  const register = (index: number): bigint => bytes.getBigUint64(offset + field.args + index * 8, true);
  const captures: Captured[] = [];
  const end = offset + bytes.getUint32(offset + field.size, true);
  for (let at = offset + field.captures; at + captured.bytes <= end;) {
    const length = Math.min(bytes.getUint32(at + captured.length, true), end - at - captured.bytes);
    captures.push({
      address: bytes.getBigUint64(at + captured.address, true),
      bytes: new Uint8Array(bytes.buffer, at + captured.bytes, length),
      after: bytes.getUint32(at + captured.when, true) !== 0,
    });
    at += captured.bytes + padded(length);
  }
  return {
    number: bytes.getUint32(offset + field.number, true),
    args: [register(0), register(1), register(2), register(3), register(4), register(5)],
    result: unfinished ? null : bytes.getBigInt64(offset + field.result, true),
    captures,
  };
}
