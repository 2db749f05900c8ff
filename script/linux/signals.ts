/** Signal numbers (asm/signal.h, alike on both machines). */
import { record } from "./emit.ts";
import { machines, type KernelHeaders } from "./headers.ts";

/** Second names of a number, and macros that are no signal. */
const left = new Set(["SIGIOT", "SIGPOLL", "SIGLOST", "SIGUNUSED", "SIGRTMIN", "SIGRTMAX", "SIGSTKSZ"]);

export function generateSignals(kernel: KernelHeaders): string {
  const perMachine = machines.map((machine) =>
    [...kernel.macros(machine, "#include <linux/signal.h>\n")]
      .filter(([name, body]) => /^SIG[A-Z0-9]+$/.test(name) && /^\d+$/.test(body) && !left.has(name))
      .map(([name, body]) => [name, Number(body)] as const)
      .toSorted((a, b) => a[1] - b[1]),
  );
  const signals = perMachine[0] ?? [];
  if (JSON.stringify(perMachine[1]) !== JSON.stringify(signals)) throw new Error("signals differ between machines");
  return record(
    "signals",
    "Readonly<Record<string, number>>",
    "Name → number, below the real-time range.",
    signals.map(([name, number]) => [name, String(number)]),
  );
}
