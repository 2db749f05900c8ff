/** Whether a program's function names say what the functions are. */
import type { FunctionTable } from "./functab.ts";

/** Garble replaces names by hashes, or (-tiny) leaves them out. */
export type NamesAre = "plain" | "hashed" | "missing";

/** The assembly behind the end of every goroutine: no program is without it, and only garble renames it. */
const everyProgramHas = "runtime.goexit";

export function namesAre({ names, functions }: FunctionTable): NamesAre {
  if (names.hasPrefix(everyProgramHas)) return "plain";
  return functions.some(({ name }) => name !== "") ? "hashed" : "missing";
}
