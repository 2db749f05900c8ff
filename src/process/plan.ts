/** From a file's bytes to its patch plan. Loaded only where a copy is made or a program inspected. */
import { readElf } from "../elf/elf.ts";
import { ElsewhereError, exitCodes } from "../errors.ts";
import { readGoProgram } from "../golang/program.ts";
import { machineOf, machines } from "../machine/machines.ts";
import { type PatchPlan, planPatch } from "../patch/plan.ts";

/** @throws ElsewhereError when the bytes are not a Go program that can be hooked */
export async function planFor(bytes: Uint8Array, path: string): Promise<PatchPlan> {
  const elf = readElf(bytes, path);
  const machine = machineOf(elf.header.machine);
  if (machine === undefined)
    throw new ElsewhereError({
      code: "machine-unsupported",
      message: `${path} is a program for another kind of processor`,
      context: [`e_machine: ${elf.header.machine}`, `can be hooked: ${machines.map(({ name }) => name).join(", ")}`],
      exitCode: exitCodes.cannotRun,
    });
  return planPatch(readGoProgram(elf), machine, await machine.patcher());
}
