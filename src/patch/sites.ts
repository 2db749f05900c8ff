/**
 * Which system call instructions of a Go program are the program's, and which the
 * runtime's. Every Go release reaches the kernel for user code through a few assembly
 * functions that take the call number as an argument; the runtime makes its own calls
 * (futex, mmap, …) with the number as a constant, and these are never touched.
 *
 * Where functions have their names the package decides. Where names are missing or
 * hashed the shape does: a number that comes from outside is a site.
 */
import type { GoFunction, GoProgram } from "../golang/program.ts";
import type { Machine, Patcher, SystemCallInstruction } from "../machine/machine.ts";

export interface Site {
  readonly function: string;
  readonly instruction: SystemCallInstruction;
  readonly hooked: boolean;
  /** Why it is hooked, or why not. */
  readonly reason: string;
}

/** Packages inside the runtime that make calls for others: names of Go 1.18–1.22, 1.23–1.25, 1.26. */
const callPackages: readonly string[] = [
  "runtime/internal/syscall",
  "internal/runtime/syscall",
  "internal/runtime/syscall/linux",
];

/** Assembly of the runtime under another package's name (runtime/time_linux_amd64.s). */
const runtimeFunctions: readonly string[] = ["time.now"];

/** The package of a function's symbol name: `net/http.(*Server).Serve` → `net/http`. */
function packageOf(symbol: string): string {
  const slash = symbol.lastIndexOf("/");
  const dot = symbol.indexOf(".", slash + 1);
  return dot < 0 ? symbol : symbol.slice(0, dot);
}

function isRuntime(packagePath: string): boolean {
  if (callPackages.includes(packagePath)) return false;
  return packagePath === "runtime" || packagePath.startsWith("runtime/") || packagePath.startsWith("internal/runtime/");
}

export function findSites(program: GoProgram, machine: Machine, patcher: Patcher): readonly Site[] {
  const sites: Site[] = [];
  for (const each of program.functions) {
    const length = Number(each.end - each.entry);
    const code = program.image.view(each.entry, length, `function ${each.name}`).bytes;
    if (!patcher.mayHoldSystemCall(code)) continue;
    for (const instruction of patcher.findSystemCalls(code, each.entry))
      sites.push(judge(program, machine, each, instruction));
  }
  return sites;
}

function judge(program: GoProgram, machine: Machine, inside: GoFunction, instruction: SystemCallInstruction): Site {
  const unhooked = (reason: string): Site => ({ function: inside.name, instruction, hooked: false, reason });
  const { origin, window } = instruction;
  const named = program.namesAre === "plain" && inside.name !== "";
  if (named && (runtimeFunctions.includes(inside.name) || isRuntime(packageOf(inside.name))))
    return unhooked(`the runtime's own ${describeNumber(machine, instruction)}`);
  if (!named && origin.kind === "constant")
    return unhooked(`by its shape the runtime's own ${describeNumber(machine, instruction)}`);
  if ("impossible" in window) return unhooked(window.impossible);
  const why = origin.kind === "constant" ? describeNumber(machine, instruction) : "the call number is an argument";
  return { function: inside.name, instruction, hooked: true, reason: why };
}

function describeNumber(machine: Machine, { origin }: SystemCallInstruction): string {
  if (origin.kind === "variable") return "call";
  return machine.calls.name(origin.value) ?? `call ${origin.value}`;
}
