/**
 * Whether a program's function names say what the functions are. Garble replaces names by
 * hashes; it leaves those of the runtime and of the packages below it, which the compiler and
 * linker know, and with -tiny drops about half of all. (Garble 0.7 to 0.18.)
 */
import type { FunctionTable } from "./functab.ts";

/**
 * "plain": the runtime's functions have their own names, though in a garbled program others
 * may be hashed, and any may be ""; "hashed": no name can be trusted; "missing": there are none.
 */
export type NamesAre = "plain" | "hashed" | "missing";

/** What a goroutine returns to: no program is without it. */
const everyProgramHas = "runtime.goexit";

export function namesAre({ names, functions }: FunctionTable): NamesAre {
  if (names.hasPrefix(everyProgramHas)) return "plain";
  return functions.some(({ name }) => name !== "") ? "hashed" : "missing";
}
