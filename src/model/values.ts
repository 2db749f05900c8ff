/** Values of the kernel's headers by their names, and registers as numbers. */
import type { Abi, ConstantSetName } from "../linux/abi.ts";
import { assert } from "../errors.ts";

/** The value of `name`; a name that the tables lack is a mistake of ours. */
export function valueOf(abi: Abi, set: ConstantSetName, name: string): number {
  const value = abi.constants[set].find(([each]) => each === name)?.[1];
  assert(value !== undefined, `${set} has ${name}`);
  return value;
}

/** A register as the kernel reads an `unsigned int`. */
export const asUnsigned = (register: bigint | undefined): number => Number((register ?? 0n) & 0xffff_ffffn);
