/** From what a hook gives as arguments to the registers that its call is made with. */
import { addressBytes, type NewAddress } from "./address.ts";
import { headerWithAddress, headerWithParts, MSGHDR, onePart } from "./buffer.ts";
import type { CallInfo } from "./call-info.ts";
import type { CallMemory } from "./memory.ts";
import { MemoryPointer, type Pointer } from "./pointer.ts";
import type { NewArgument } from "./types.ts";

/** Puts bytes where the program can read them. */
export type Lend = (content: Uint8Array) => Pointer;

export interface ChangeContext {
  readonly info: CallInfo;
  readonly registers: readonly bigint[];
  readonly memory: CallMemory;
  readonly lend: Lend;
}

/**
 * The registers with these changes.
 * @throws TypeError on a name that the call does not have, or a value that it cannot take
 */
export function changedRegisters(context: ChangeContext, changes: Readonly<Record<string, unknown>>): bigint[] {
  const { info, registers, lend } = context;
  const changed = [...registers];
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) continue;
    const position = positionOf(info, name);
    if (position !== undefined) changed[position] = registerOf(`${info.name}: ${name}`, value, lend);
    else if (name === "address" && info.features.address !== undefined)
      changeAddress(context, changed, value as NewAddress);
    else if (name === "buffer" && info.features.buffer !== undefined) changeBuffer(context, changed, value);
    else throw new TypeError(`${info.name} has no argument ${name}`);
  }
  return changed;
}

function positionOf({ signature, features }: CallInfo, name: string): number | undefined {
  const position = signature.parameters.findIndex((parameter) => parameter.name === name);
  if (position >= 0) return position;
  if (name === "path") return features.path;
  return name === "fd" ? features.descriptor : undefined;
}

function registerOf(what: string, value: unknown, lend: Lend): bigint {
  if (typeof value === "bigint") return BigInt.asUintN(64, value);
  if (typeof value === "number") {
    if (!Number.isInteger(value)) throw new TypeError(`${what} cannot be ${value}`);
    return BigInt.asUintN(64, BigInt(value));
  }
  if (typeof value === "string") return lend(Buffer.from(`${value}\0`)).address;
  if (value instanceof Uint8Array) return lend(value).address;
  if (value instanceof MemoryPointer) return value.address;
  throw new TypeError(`${what} must be a number, a string, bytes or a pointer`);
}

/** A copy of the message's header, its position in the arguments known. */
function headerOf({ memory, registers, info }: ChangeContext, pointer: number): Uint8Array {
  const header = memory.read(registers[pointer] ?? 0n, MSGHDR);
  if (header.length < MSGHDR) throw new TypeError(`${info.name}: the message's header cannot be read`);
  return header;
}

function changeAddress(context: ChangeContext, changed: bigint[], value: NewAddress): void {
  const { features, name } = context.info;
  const { address } = features;
  if (address === undefined || address.isOutput) throw new TypeError(`${name} takes no address`);
  const bytes = addressBytes(value);
  const lent = context.lend(bytes);
  if (address.inMessage) {
    const header = headerWithAddress(
      headerOf(headerContext(context, changed), address.pointer),
      lent.address,
      bytes.length,
    );
    changed[address.pointer] = context.lend(header).address;
    return;
  }
  changed[address.pointer] = lent.address;
  changed[address.length] = BigInt(bytes.length);
}

function changeBuffer(context: ChangeContext, changed: bigint[], value: unknown): void {
  const { buffer } = context.info.features;
  if (buffer === undefined) return;
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  if (!(bytes instanceof Uint8Array)) throw new TypeError(`${context.info.name}: buffer must be a string or bytes`);
  const lent = context.lend(bytes);
  if (buffer.kind === "plain") {
    changed[buffer.pointer] = lent.address;
    changed[buffer.length] = BigInt(bytes.length);
    return;
  }
  const parts = context.lend(onePart(lent.address, bytes.length));
  if (buffer.kind === "vector") {
    changed[buffer.pointer] = parts.address;
    changed[buffer.length] = 1n;
    return;
  }
  const header = headerWithParts(headerOf(headerContext(context, changed), buffer.pointer), parts.address);
  changed[buffer.pointer] = context.lend(header).address;
}

/** A message's header may have been changed already, by the change before. */
const headerContext = (context: ChangeContext, changed: readonly bigint[]): ChangeContext => ({
  ...context,
  registers: changed,
});

/** The registers of a call of its own. */
export function newRegisters(
  info: CallInfo,
  args: Readonly<Record<string, NewArgument | undefined>>,
  lend: Lend,
): bigint[] {
  const registers = [0n, 0n, 0n, 0n, 0n, 0n];
  for (const [name, value] of Object.entries(args)) {
    if (value === undefined) continue;
    const position = info.signature.parameters.findIndex((parameter) => parameter.name === name);
    if (position < 0) throw new TypeError(`${info.name} has no argument ${name}`);
    registers[position] = registerOf(`${info.name}: ${name}`, value, lend);
  }
  return registers;
}
