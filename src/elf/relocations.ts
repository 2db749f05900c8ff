/**
 * The relative relocations of a program: "this word is address A, plus the load bias".
 * Position-independent programs keep the value of their pointers only there, so whoever
 * follows a pointer in such a file needs them. Here they are applied with a bias of zero:
 * what results is addresses as linked. DT_RELR needs nothing done: its words hold that
 * address in the file already. Sources: gABI chapter 5, and each CPU's ELF supplement, "Relocation".
 *
 * Words travel as two 32-bit halves: a large program has some hundred thousand of them.
 */
import { type Address, address, type ByteView } from "../bytes.ts";
import { DT_RELA, DT_RELAENT, DT_RELASZ, R_RELATIVE } from "./constants.ts";

const relaSize = 24;
const upperHalf = 2 ** 32;

/** Where the dynamic section says the DT_RELA table is; undefined where there is none. */
export function relaTable(tags: ReadonlyMap<number, bigint>): { start: Address; size: number } | undefined {
  const start = tags.get(DT_RELA);
  const size = tags.get(DT_RELASZ);
  if (start === undefined || size === undefined) return undefined;
  if (tags.get(DT_RELAENT) !== BigInt(relaSize)) return undefined;
  return { start: address(start), size: Number(size) };
}

/** Calls `visit` for each relative relocation: the address of the word, and its value's two halves. */
export function eachRelative(
  rela: ByteView,
  machine: number,
  visit: (target: number, low: number, upper: number) => void,
): void {
  const relative = R_RELATIVE.get(machine);
  for (let at = 0; at + relaSize <= rela.length; at += relaSize) {
    if (rela.u32(at + 8) !== relative) continue;
    visit(rela.u32(at) + rela.u32(at + 4) * upperHalf, rela.u32(at + 16), rela.u32(at + 20));
  }
}
