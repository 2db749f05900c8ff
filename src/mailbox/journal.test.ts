/** Journals, with a made-up thread on the other side: it does what the stub does, as far as it gets. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { requireHostMachine } from "../machine/machines.ts";
import { callerOf, Journals, parse, type RawEntry, STRING_LIMIT } from "./journal.ts";
import {
  captured,
  entry as field,
  ENTRY_LIMIT,
  header,
  JOURNAL_SIZE,
  JOURNALS,
  slot as slotField,
  SLOT_SIZE,
  SLOTS,
  slotState,
} from "./layout.ts";
import { Mailbox } from "./mailbox.ts";

const INDEX = 3;
const slot = SLOTS + INDEX * SLOT_SIZE;
const TID = 4711;
const NUMBER = 39;
const SIZE = field.captures;

let mailbox: Mailbox;
let journals: Journals;
let found: RawEntry[];
beforeEach(() => {
  mailbox = new Mailbox({ futexCall: requireHostMachine().calls.number("futex") ?? 0 });
  journals = new Journals(mailbox);
  found = [];
});
afterEach(() => mailbox[Symbol.dispose]());

const set = (offset: number, value: number): void => void (mailbox.i32[(slot + offset) >> 2] = value);
const get = (offset: number): number => mailbox.i32[(slot + offset) >> 2] ?? 0;
const keep = (entry: RawEntry): void => void found.push(entry);

/** A thread has claimed the slot and is in its call. */
function watching(tid: number, size: number = SIZE): void {
  set(slotField.claimed, 1);
  set(slotField.tid, tid);
  const at = (JOURNALS + INDEX * JOURNAL_SIZE + (get(slotField.written) & (JOURNAL_SIZE - 1))) >> 2;
  mailbox.i32[at + (field.size >> 2)] = size;
  mailbox.i32[at + (field.tid >> 2)] = tid;
  mailbox.i32[at + (field.number >> 2)] = NUMBER;
  set(slotField.state, slotState.watching);
}

/** What it does when the call is over, write by write (stub.S, `journal` and `return`). */
const ending: readonly (() => void)[] = [
  () => set(slotField.state, slotState.free),
  () => set(slotField.written, get(slotField.written) + SIZE),
  () => Atomics.or(mailbox.i32, header.watched >> 2, 1 << INDEX),
  () => set(slotField.tid, 0),
  () => set(slotField.claimed, 0),
];

describe("a thread that dies", () => {
  test.each([
    [0, [true]],
    [1, []], // between two instructions: it has left the call and not written it down
    [2, [false]],
    [3, [false]],
    [4, []],
    [5, []],
  ])("%i writes behind its call, while it is asked about: told once at most", (writes, unfinished) => {
    watching(TID);
    const isGone = (): boolean => {
      for (const write of ending.slice(0, writes)) write();
      return true;
    };
    journals.reclaim(isGone, keep);
    expect(found.map((entry) => entry.unfinished)).toEqual(unfinished);
    for (const entry of found) {
      expect(callerOf(entry).tid).toBe(TID);
      expect(parse(entry)).toMatchObject({ number: NUMBER, captures: [] });
    }
    if (writes !== 4) expect(get(slotField.claimed)).toBe(0); // a slot without a name may be somebody's who has just claimed it
    journals.drain(keep);
    expect(found).toHaveLength(writes >= 4 ? 1 : unfinished.length);
  });

  test("after it has let go, and another has claimed its slot: that one's is left alone", () => {
    watching(TID);
    const isGone = (tid: number): boolean => {
      if (tid !== TID) return false;
      for (const write of ending) write();
      watching(TID + 1);
      return true;
    };
    journals.reclaim(isGone, keep);
    expect(found).toEqual([]);
    expect([get(slotField.claimed), get(slotField.tid), get(slotField.state)]).toEqual([
      1,
      TID + 1,
      slotState.watching,
    ]);
  });

  test("before its answer came: the question is not the journals' business", () => {
    watching(TID);
    set(slotField.state, slotState.asked);
    journals.reclaim(() => true, keep);
    expect([found.length, get(slotField.claimed)]).toEqual([0, 1]);
  });

  test("at the end of its journal: the entry ends there", () => {
    set(slotField.written, JOURNAL_SIZE - ENTRY_LIMIT);
    set(slotField.read, JOURNAL_SIZE - ENTRY_LIMIT);
    watching(TID, ENTRY_LIMIT);
    journals.reclaim(() => true, keep);
    expect(found).toMatchObject([{ unfinished: true }]);
  });

  test.each([0, SIZE - 8, SIZE + 4, ENTRY_LIMIT + 8, -8])("in an entry of %i bytes: there is no such", (size) => {
    watching(TID, size);
    journals.reclaim(() => true, keep);
    expect([found.length, get(slotField.claimed)]).toEqual([0, 0]);
  });
});

test("an entry with two strings has 2 KiB at most", () => {
  expect(field.captures + 2 * (captured.bytes + STRING_LIMIT)).toBe(2048);
});

test.each([0, 4, SIZE - 8, SIZE + 8, -8])(
  "an entry of %i bytes that a program has overwritten ends the reading",
  (size) => {
    watching(TID, size);
    for (const write of ending) write();
    journals.drain(keep);
    expect(found).toEqual([]);
    expect(get(slotField.read)).toBe(get(slotField.written));
  },
);
