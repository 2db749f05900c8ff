/**
 * The values of the sets in constant-sets.ts, computed by the compiler from the headers. A name that a machine
 * lacks is left out there.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sets, type SetSpecification } from "./constant-sets.ts";
import { hex, record, union } from "./emit.ts";
import { machines, type KernelHeaders, type Machine } from "./headers.ts";

type Values = readonly (readonly [name: string, value: number])[];

/** Sets that are alike on all machines, and per machine those that are not. */
export function generateConstants(kernel: KernelHeaders): Map<string, string> {
  const perMachine = machines.map((machine) => ({
    machine,
    values: new Map(Object.entries(sets).map(([name, set]) => [name, valuesOf(kernel, machine, name, set)] as const)),
  }));
  const alike = (name: string): boolean =>
    new Set(perMachine.map(({ values }) => JSON.stringify(values.get(name)))).size === 1;
  const names = Object.keys(sets);
  const emit = (values: ReadonlyMap<string, Values> | undefined, wanted: string[], comment: string): string => {
    const bodies = wanted.map((name) => {
      const write = sets[name]?.enumeration ? (value: number) => (value > 0xffff ? hex(value) : String(value)) : hex;
      const lines = (values?.get(name) ?? []).map(([key, value]) => `    ["${key}", ${write(value)}],\n`);
      return [name, `[\n${lines.join("")}  ]`] as const;
    });
    const type = "readonly (readonly [name: string, value: number])[]";
    return (
      union("ConstantSetName", wanted) +
      record("constants", `Readonly<Record<ConstantSetName, ${type}>>`, comment, bodies)
    );
  };
  return new Map([
    [
      "constants.ts",
      emit(perMachine[0]?.values, names.filter(alike), "Sets of named values that are alike on every machine."),
    ],
    ...perMachine.map(
      ({ machine, values }) =>
        [
          `constants-${machine}.ts`,
          emit(
            values,
            names.filter((name) => !alike(name)),
            `Sets of named values that are ${machine}'s own.`,
          ),
        ] as const,
    ),
  ]);
}

function valuesOf(kernel: KernelHeaders, machine: Machine, name: string, set: SetSpecification): Values {
  const includes = set.from
    .filter((header) => !header.startsWith("private:"))
    .map((header) => `#if __has_include(<${header}>)\n#include <${header}>\n#endif\n`)
    .join("");
  const macros = new Set(kernel.macros(machine, includes).keys());
  const definitions = set.from
    .filter((header) => header.startsWith("private:"))
    .flatMap((header) => privateConstants(readFileSync(join(kernel.common, header.slice("private:".length)), "utf8")))
    .filter(([key]) => !macros.has(key));
  const known = [...macros, ...definitions.map(([key]) => key)];
  const matches = (item: string | RegExp, key: string): boolean =>
    typeof item === "string" ? item === key : item.test(key);
  const wanted = [
    ...new Set(
      set.names.flatMap((item) => (typeof item === "string" ? [item] : known.filter((key) => matches(item, key)))),
    ),
  ].filter((key) => !set.except.some((item) => matches(item, key)));

  const prologue = [
    "#include <linux/types.h>\n#include <linux/ioctl.h>\n",
    includes,
    ...definitions.map(([key, body]) => `#define ${key} (${body})\n`),
  ].join("");
  const evaluate = (keys: readonly string[]): Values | undefined => kernel.evaluate(machine, prologue, keys);
  // Names that are no macros here may be enumerators, or absent from this machine: only the compiler knows.
  const found =
    evaluate(wanted) ?? evaluate(wanted.filter((key) => known.includes(key) || evaluate([key]) !== undefined)) ?? [];

  if (found.length === 0 && wanted.length > 0 && known.some((key) => wanted.includes(key)))
    throw new Error(`${machine} ${name}: ${kernel.version} has none of ${wanted.join(" ")}`);
  const ordered = found.toSorted((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1));
  for (const [index, [key, value]] of ordered.entries()) {
    const next = ordered[index + 1];
    if (next?.[1] === value) throw new Error(`${machine} ${name}: ${key} and ${next[0]} are both ${hex(value)}`);
  }
  if (set.enumeration) return ordered;
  // Flags that are listed keep the order of the list, which is strace's.
  const listed = found.filter(([key]) => set.names.includes(key));
  return [...listed, ...supersetsFirst(ordered.filter((entry) => !set.names.includes(entry[0])))];
}

/** Bits ascending, but a name for several bits ahead of the names for some of them: the first that fits is printed. */
function supersetsFirst(ordered: Values): Values {
  const result: (readonly [string, number])[] = [];
  for (const entry of ordered) {
    const value = BigInt(entry[1]);
    const at = result.findIndex(([, smaller]) => smaller !== 0 && (value & BigInt(smaller)) === BigInt(smaller));
    if (at < 0) result.push(entry);
    else result.splice(at, 0, entry);
  }
  return result;
}

/** Constants of a header that only the kernel can include: `#define NAME number` and the members of its enums. */
function privateConstants(text: string): (readonly [name: string, body: string])[] {
  const bare = text.replace(/\/\*[^]*?\*\//g, "");
  const defines = [...bare.matchAll(/^#define\s+([A-Z]\w*)[ \t]+(\(?(?:0[xX])?[0-9a-fA-F]+\)?|[A-Z_]+)\s*$/gm)].map(
    (match) => [match[1] ?? "", match[2] ?? ""] as const,
  );
  const members = [...bare.matchAll(/^enum \w+ \{([^}]*)\}/gm)].flatMap((match) => {
    let next = "0";
    return [...(match[1] ?? "").matchAll(/([A-Z]\w*)\s*(?:=\s*(\w+))?/g)].map((member) => {
      const value = member[2] ?? next;
      next = `${value} + 1`;
      return [member[1] ?? "", value] as const;
    });
  });
  return [...new Map([...defines, ...members]).entries()];
}
