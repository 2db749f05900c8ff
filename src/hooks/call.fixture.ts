/** Calls as hooks see them, without a program. */
import { callTables, type CallSignature } from "../linux/calls.ts";
import type { ProcessMemory } from "../process/memory.ts";
import { argumentsClass } from "./arguments.ts";
import { CallMemory } from "./memory.ts";
import { argumentKind, featuresOf } from "./parameters.ts";
import { MemoryPointer, textOf } from "./pointer.ts";
import type { AnyCall, CallName } from "./types.ts";

/** @throws Error on a name that no machine has */
export const signatureOf = (name: string): CallSignature => {
  const found = Object.values(callTables)
    .map((table) => table.signature(name))
    .find((signature) => signature !== undefined);
  if (found === undefined) throw new Error(`there is no call ${name}`);
  return found;
};

/** Room for each argument's memory. */
const PAGE = 4096;

/**
 * A call whose strings are the names of their arguments, or those `given`, and whose descriptors stand at 100 and above
 * by their position. Other arguments are 0.
 * @param how hexadecimal, what pointers lead to
 */
export function callOf(
  name: string,
  given: Readonly<Record<string, number | string | null>> = {},
  how: string = "",
): AnyCall {
  const signature = signatureOf(name);
  const memory = Buffer.alloc(8 * PAGE);
  const registers = signature.parameters.map((parameter, position) => {
    const value = given[parameter.name];
    const kind = argumentKind(name, parameter);
    if (typeof value === "number") return BigInt.asUintN(64, BigInt(value));
    if (value === null || kind === "bigint") return 0n;
    if (kind === "number") return parameter.name.endsWith("fd") ? BigInt(100 + position) : 0n;
    const address = (1 + position) * PAGE;
    if (kind === "string") memory.write(value ?? parameter.name, address);
    else memory.write(how, address, "hex");
    return BigInt(address);
  });
  const reader = {
    read: (address: bigint, length: number) => memory.subarray(Number(address), Number(address) + length),
    cString: (address: bigint) =>
      address === 0n ? undefined : memory.subarray(Number(address), memory.indexOf(0, Number(address))),
  };
  const callMemory = new CallMemory(() => reader as unknown as ProcessMemory);
  const Arguments = argumentsClass(signature);
  const { path } = featuresOf(signature);
  const call: Partial<AnyCall> = {
    name: name as CallName,
    registers,
    args: new Arguments({ registers, memory: callMemory }),
    path: path === undefined ? undefined : textOf(callMemory.cString(registers[path] ?? 0n)),
    at: (address) => new MemoryPointer(callMemory, address),
    is: (other): this is never => other === name,
  };
  return call as AnyCall;
}
