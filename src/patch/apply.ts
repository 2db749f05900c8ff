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

/** What the copy must hold from `start` to `end`. */
function expectedBytes(plan: PatchPlan, start: number, end: number): Uint8Array {
  const expected = new Uint8Array(end - start);
  for (const { offset, bytes } of piecesOf(plan)) {
    const from = Math.max(start, offset);
    const to = Math.min(end, offset + bytes.length);
    if (from < to) expected.set(bytes.subarray(from - offset, to - offset), from - start);
  }
  return expected;
}

/**
 * @param read gives `length` bytes of the copy at `offset`, or fewer where it ends
 * @throws ElsewhereError `patch-verification`
 */
export function verifyCopy(plan: PatchPlan, read: (offset: number, length: number) => Uint8Array): void {
  const length = lengthOf(plan);
  for (let start = 0; start < length + 1; start += CHUNK) {
    const end = Math.min(start + CHUNK, length);
    const found = read(start, CHUNK);
    if (!Buffer.from(expectedBytes(plan, start, end)).equals(found)) throw unlike(plan, start, end);
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
