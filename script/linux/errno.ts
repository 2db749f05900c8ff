/** Error numbers (asm-generic/errno.h, alike on both machines) and the C library's text for each. */
import { readFileSync } from "node:fs";
import { quote, record } from "./emit.ts";
import { machines, type KernelHeaders } from "./headers.ts";

export function generateErrno(kernel: KernelHeaders): string {
  const perMachine = machines.map((machine) =>
    [...kernel.macros(machine, "#include <asm/errno.h>\n")]
      .filter(([name, body]) => /^E[A-Z0-9]+$/.test(name) && /^\d+$/.test(body))
      .map(([name, body]) => [name, Number(body)] as const)
      .toSorted((left, right) => left[1] - right[1]),
  );
  const numbers = perMachine[0] ?? [];
  if (JSON.stringify(perMachine[1]) !== JSON.stringify(numbers)) throw new Error("errno differs between machines");

  // The kernel's own, 512 and up, are not meant for programs, yet some drivers let them out.
  const header = readFileSync(`${kernel.common}/include/linux/errno.h`, "utf8");
  const internal = [...header.matchAll(/^#define (E\w+)\s+(\d+)/gm)].map(
    (match) => [match[1] ?? "", Number(match[2])] as const,
  );
  const all = [...numbers, ...internal];

  const calls = all.map(([, number]) => `puts(strerror(${number}));`);
  const texts = kernel
    .runOnHost("strerror", `#include <stdio.h>\n#include <string.h>\nint main(){${calls.join("")}}`)
    .split("\n");
  return record(
    "errors",
    "Readonly<Record<string, readonly [number: number, text: string]>>",
    "Name → number and text of strerror(3) (glibc, C locale).",
    all.map(([name, number], index) => [name, `[${number}, ${quote(texts[index] ?? "")}]`]),
  );
}
