/**
 * What /proc/PID/auxv says of a hooked process: the kernel started its patched copy, whose entry point is the bootstrap's. Debuggers
 * (delve) compare it with the program's file to find out where that was loaded: by the copy's they would look, and set
 * breakpoints, somewhere else.
 */
import { closeSync, openSync, readFileSync, readlinkSync, readSync } from "node:fs";
import { originalEntry } from "../patch/cache.ts";

/** include/uapi/linux/auxvec.h: pairs of words, the first says what the second is. */
const AT_ENTRY = 9n;
const WORD = 8;
/** Where e_entry stands in an ELF64 header (gABI chapter 4). */
const E_ENTRY = 24;

const auxv = /^\/proc\/(self|thread-self|\d+)(?:\/task\/\d+)?\/auxv$/;

/** The process whose auxiliary vector `path` names; undefined where it names none. @param caller its number */
export function namedByAuxv(path: string, caller: number): number | undefined {
  const who = auxv.exec(path)?.[1];
  if (who === undefined) return undefined;
  return who === "self" || who === "thread-self" ? caller : Number(who);
}

/**
 * The auxiliary vector as it would be, had the kernel started the program itself.
 * @returns undefined of a process that runs no copy, that is gone, or that we may not look at
 */
export function ownAuxiliaryVector(pid: number): Uint8Array | undefined {
  try {
    const copy = readlinkSync(`/proc/${pid}/exe`);
    const shift = originalEntry(copy) - entryOf(copy);
    const bytes = readFileSync(`/proc/${pid}/auxv`);
    for (let at = 0; at + 2 * WORD <= bytes.length; at += 2 * WORD)
      if (bytes.readBigUInt64LE(at) === AT_ENTRY)
        bytes.writeBigUInt64LE(BigInt.asUintN(64, bytes.readBigUInt64LE(at + WORD) + shift), at + WORD);
    return bytes;
  } catch {
    return undefined;
  }
}

function entryOf(file: string): bigint {
  const descriptor = openSync(file, "r");
  try {
    const word = Buffer.alloc(WORD);
    readSync(descriptor, word, 0, WORD, E_ENTRY);
    return word.readBigUInt64LE();
  } finally {
    closeSync(descriptor);
  }
}
