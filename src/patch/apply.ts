/**
 * Applies a plan to the bytes of a copy, and reads a copy back to see that it is what
 * the plan says and nothing else.
 */
import { readElf } from "../elf/elf.ts";
import { ElsewhereError } from "../errors.ts";
import type { PatchPlan } from "./plan.ts";

/** The patched copy's bytes. */
export function applyPlan(plan: PatchPlan): Uint8Array {
  const original = plan.program.elf.bytes;
  const length = plan.additions.reduce(
    (most, { offset, bytes }) => Math.max(most, offset + bytes.length),
    original.length,
  );
  const copy = new Uint8Array(length);
  copy.set(original);
  for (const { offset, after } of plan.edits) copy.set(after, offset);
  for (const { offset, bytes } of plan.additions) copy.set(bytes, offset);
  return copy;
}

/**
 * Holds a copy, as read back from disk, against the plan: every edit and addition is
 * there, every other byte is the original's, and it still reads as the same kind of ELF file.
 * @throws ElsewhereError `patch-verification`
 */
export function verifyCopy(plan: PatchPlan, copy: Uint8Array): void {
  const { elf } = plan.program;
  const wrong = (what: string): ElsewhereError =>
    new ElsewhereError({
      code: "patch-verification",
      message: `the patched copy of ${elf.path} is not what was planned`,
      context: [what],
      hint: "the disk may be failing, or this is a bug of elsewhere; nothing was started",
    });
  const view = Buffer.from(copy.buffer, copy.byteOffset, copy.byteLength);
  for (const { offset, before, after, reason } of plan.edits) {
    if (!view.subarray(offset, offset + after.length).equals(after))
      throw wrong(`at offset 0x${offset.toString(16)}: ${reason}`);
    if (!Buffer.from(elf.bytes.subarray(offset, offset + before.length)).equals(before))
      throw wrong("the original changed");
  }
  for (const { offset, bytes, reason } of plan.additions)
    if (!view.subarray(offset, offset + bytes.length).equals(bytes))
      throw wrong(`at offset 0x${offset.toString(16)}: ${reason}`);
  let at = 0;
  for (const { offset, after } of plan.edits.toSorted((a, b) => a.offset - b.offset)) {
    if (!view.subarray(at, offset).equals(elf.bytes.subarray(at, offset)))
      throw wrong("a byte changed that should not");
    at = offset + after.length;
  }
  if (!view.subarray(at, elf.bytes.length).equals(elf.bytes.subarray(at)))
    throw wrong("a byte changed that should not");
  const again = readElf(copy, elf.path);
  if (!again.segments.some(({ vaddr }) => vaddr === plan.base)) throw wrong("the added segment is missing");
}
