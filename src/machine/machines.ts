/** The processors that elsewhere can hook programs of. */
import { ElsewhereError } from "../errors.ts";
import { amd64 } from "./amd64/amd64.ts";
import type { Machine } from "./machine.ts";

export const machines: readonly Machine[] = [amd64];

/** @param elfMachine `e_machine` of an ELF header */
export function machineOf(elfMachine: number): Machine | undefined {
  return machines.find((machine) => machine.elfMachine === elfMachine);
}

/** The machine that this Node.js runs on. */
export function hostMachine(): Machine | undefined {
  return machines.find((machine) => machine.nodeArch === process.arch);
}

/** @throws ElsewhereError `machine-unsupported` */
export function requireHostMachine(): Machine {
  const machine = hostMachine();
  if (machine !== undefined) return machine;
  throw new ElsewhereError({
    code: "machine-unsupported",
    message: `elsewhere cannot hook programs on this processor (${process.arch}) yet`,
  });
}
