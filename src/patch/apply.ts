/**
 * A plan carried out: what to write to a copy, and whether a copy, read back from disk, is
 * what the plan says to the last byte. Works in pieces, for programs are large.
 */
import { ElsewhereError } from "../errors.ts";
import type { PatchPlan } from "./plan.ts";

/** Bytes that stand at an offset of the copy. */
export interface Piece {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

const CHUNK = 1 << 20;

/** What to write, in this order: the original, then what changes and what is added. */
export function piecesOf(plan: PatchPlan): readonly Piece[] {
  return [{ offset: 0, bytes: plan.program.elf.bytes }, ...changesOf(plan)];
}

function changesOf({ edits, additions }: PatchPlan): readonly Piece[] {
  return [...edits.map(({ offset, after }) => ({ offset, bytes: after })), ...additions];
}

/** The copy's length in bytes. */
function lengthOf(plan: PatchPlan): number {
  return piecesOf(plan).reduce((most, { offset, bytes }) => Math.max(most, offset + bytes.length), 0);
}

/** Writes to `expected` what the copy must hold from `start` on. */
function expectBytes(plan: PatchPlan, start: number, expected: Uint8Array): void {
  const end = start + expected.length;
  expected.fill(0);
  for (const { offset, bytes } of piecesOf(plan)) {
    const from = Math.max(start, offset);
    const to = Math.min(end, offset + bytes.length);
    if (from < to) expected.set(bytes.subarray(from - offset, to - offset), from - start);
  }
}

/**
 * @param read fills a buffer with the copy's bytes at `offset`; returns how many there are
 * @throws ElsewhereError `patch-verification`
 */
export function verifyCopy(plan: PatchPlan, read: (offset: number, into: Uint8Array) => number): void {
  const length = lengthOf(plan);
  const expected = Buffer.alloc(CHUNK);
  const found = Buffer.alloc(CHUNK);
  for (let start = 0; start <= length; start += CHUNK) {
    const size = Math.min(CHUNK, length - start);
    expectBytes(plan, start, expected.subarray(0, size));
    const there = read(start, found);
    if (!expected.subarray(0, size).equals(found.subarray(0, there))) throw unlike(plan, start, start + size);
  }
}

function unlike(plan: PatchPlan, start: number, end: number): ElsewhereError {
  return new ElsewhereError({
    code: "patch-verification",
    message: `the patched copy of ${plan.program.elf.path} is not what was planned`,
    context: [`it differs between offset 0x${start.toString(16)} and 0x${end.toString(16)}`],
    hint: "the disk may be failing, or this is a bug of elsewhere; nothing was started",
  });
}
