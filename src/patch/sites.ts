/**
 * Which system call instructions of a Go program are the program's, and which the
 * runtime's. Every Go release reaches the kernel for user code through a few assembly
 * functions that take the call number as an argument; the runtime makes its own calls
 * (futex, mmap, …) with the number as a constant, and these are never touched.
 *
 * Where functions have their names the package decides. Where names are missing or
 * hashed the shape does: a number that comes from outside is a site.
 */
import { PF_X } from "../elf/constants.ts";
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
  for (const each of functionsHolding(program, patcher.systemCallBytes)) {
    const code = program.image.view(each.entry, Number(each.end - each.entry), `function ${each.name}`).bytes;
    for (const instruction of patcher.findSystemCalls(code, each.entry))
      sites.push(judge(program, machine, each, instruction));
  }
  return sites;
}

/** The functions in whose bytes `wanted` occurs, in the order of their addresses. */
function functionsHolding({ elf, image, functions }: GoProgram, wanted: Uint8Array): ReadonlySet<GoFunction> {
  const holding = new Set<GoFunction>();
  for (const segment of image.loads) {
    if ((segment.flags & PF_X) === 0) continue;
    const bytes = Buffer.from(elf.bytes.buffer, elf.bytes.byteOffset + segment.offset, segment.filesz);
    for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1)) {
      const holder = functionAt(functions, segment.vaddr + BigInt(at));
      if (holder !== undefined) holding.add(holder);
    }
  }
  return holding;
}

/** Binary search: `functions` stand in the order of their addresses. */
function functionAt(functions: readonly GoFunction[], at: bigint): GoFunction | undefined {
  let low = 0;
  let high = functions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((functions[middle]?.end ?? 0n) <= at) low = middle + 1;
    else high = middle;
  }
  const found = functions[low];
  return found !== undefined && found.entry <= at ? found : undefined;
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
