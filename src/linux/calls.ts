/**
 * Every system call of a machine: its number, the kernel's name and the kernel's names and types of its
 * arguments. Generated from the kernel's headers (src/linux/generated); a number that only newer kernels
 * know has no name here.
 */
import { numbers as amd64Numbers, signatures as amd64Signatures } from "./generated/calls-amd64.ts";
import { numbers as arm64Numbers, signatures as arm64Signatures } from "./generated/calls-arm64.ts";

export interface Parameter {
  /** Kernel's name: "dfd". */
  readonly name: string;
  /** C type: "const char *". */
  readonly type: string;
}

export interface CallSignature {
  readonly name: string;
  readonly parameters: readonly Parameter[];
}

export interface CallTable {
  /** Kernel name of a number, or undefined where it has none. Only the low 32 bits of the register count. */
  name(number: number): string | undefined;
  number(name: string): number | undefined;
  /** Every name, by ascending number. */
  readonly names: readonly string[];
  /** Undefined for a name without a number here, and for a number that no kernel serves any more. */
  signature(name: string): CallSignature | undefined;
}

export const callTables: { readonly amd64: CallTable; readonly arm64: CallTable } = {
  amd64: makeTable(amd64Numbers, amd64Signatures),
  arm64: makeTable(arm64Numbers, arm64Signatures),
};

function makeTable(numbers: Readonly<Record<string, number>>, signatures: Readonly<Record<string, string>>): CallTable {
  const byName = new Map(Object.entries(numbers));
  const byNumber: (string | undefined)[] = [];
  for (const [name, number] of byName) byNumber[number] = name;
  const parsed = new Map<string, CallSignature>();
  return {
    name: (number) => byNumber[number >>> 0],
    number: (name) => byName.get(name),
    names: [...byName.keys()],
    signature(name) {
      let signature = parsed.get(name);
      if (signature === undefined && Object.hasOwn(signatures, name)) {
        signature = { name, parameters: parseParameters(signatures[name] ?? "void") };
        parsed.set(name, signature);
      }
      return signature;
    },
  };
}

/** "int dfd, const char *filename" → names and types; the last word of each is its name. */
function parseParameters(text: string): Parameter[] {
  if (text === "void") return [];
  return text.split(", ").map((parameter) => {
    const end = parameter.search(/\w+$/);
    return { name: parameter.slice(end), type: parameter.slice(0, end).trim() };
  });
}

/** Whether any machine has a call of this name. */
export const isCallName = (name: string): boolean =>
  Object.values(callTables).some((table) => table.signature(name) !== undefined);
