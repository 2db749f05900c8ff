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
import { DT_NULL, DT_RELA, DT_RELAENT, DT_RELASZ, R_RELATIVE } from "./constants.ts";

const dynSize = 16;
const relaSize = 24;
const upperHalf = 2 ** 32;

/** Where the dynamic section says the DT_RELA table is. */
export function relaTable(dynamic: ByteView): { start: Address; size: number } | undefined {
  const tags = new Map<number, bigint>();
  for (let at = 0; at + dynSize <= dynamic.length; at += dynSize) {
    const tag = Number(dynamic.i64(at));
    if (tag === DT_NULL) break;
    tags.set(tag, dynamic.u64(at + 8));
  }
  const start = tags.get(DT_RELA);
  const size = tags.get(DT_RELASZ);
  if (start === undefined || size === undefined || size === 0n) return undefined;
  const entry = tags.get(DT_RELAENT);
  if (entry !== undefined && entry !== BigInt(relaSize)) throw dynamic.error(0, `DT_RELAENT ${relaSize}`, `${entry}`);
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
