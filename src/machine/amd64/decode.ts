/**
 * Finds SYSCALL instructions (0f 05) by decoding a function from its first
 * instruction, says where the call number comes from, and which instructions in front
 * can give way to a jump. The same two bytes also occur inside other instructions,
 * so looking for bytes alone is only ever a quick "cannot be here".
 */
import {
  Code,
  Decoder,
  DecoderOptions,
  FlowControl,
  Formatter,
  FormatterSyntax,
  type Instruction,
  InstructionInfoFactory,
  Mnemonic,
  OpAccess,
  OpKind,
  Register,
  RegisterExt,
} from "iced-x86";
import { type Address, address } from "../../bytes.ts";
import type { CallNumberOrigin, SystemCallInstruction, Window } from "../machine.ts";

/** Length of `jmp rel32`. */
export const JUMP_LENGTH = 5;
/** SYSCALL destroys them, so a thunk in front of it may use them: a window must not need them. */
const scratch: readonly Register[] = [Register.RCX, Register.R11];

/** SYSCALL */
export const systemCallBytes: Uint8Array = Uint8Array.of(0x0f, 0x05);

export function decodeAll(code: Uint8Array, ip: bigint): Instruction[] {
  const decoder = new Decoder(64, code, DecoderOptions.None);
  decoder.ip = ip;
  const instructions = decoder.decodeAll();
  decoder.free();
  return instructions;
}

export function findSystemCalls(code: Uint8Array, entry: Address): readonly SystemCallInstruction[] {
  const instructions = decodeAll(code, entry);
  const targets = new Set(instructions.filter(isNearBranch).map((each) => each.nearBranchTarget));
  const found: SystemCallInstruction[] = [];
  for (const [index, instruction] of instructions.entries()) {
    if (instruction.code !== Code.Syscall) continue;
    const at = Number(instruction.ip - entry);
    found.push({
      address: address(instruction.ip),
      bytes: code.slice(at, at + instruction.length),
      origin: originOfNumber(instructions.slice(0, index)),
      window: windowBefore(instructions, index, code, entry, targets),
    });
  }
  for (const instruction of instructions) instruction.free();
  return found;
}

function isNearBranch(instruction: Instruction): boolean {
  return (
    instruction.op0Kind === OpKind.NearBranch64 &&
    instruction.flowControl !== FlowControl.Call &&
    instruction.flowControl !== FlowControl.Next
  );
}

/** Walks back to the instruction that gave eax its value. */
function originOfNumber(before: readonly Instruction[]): CallNumberOrigin {
  const factory = new InstructionInfoFactory();
  try {
    for (const instruction of before.toReversed()) {
      if (writesRax(factory, instruction)) {
        const immediate = instruction.mnemonic === Mnemonic.Mov && isImmediate(instruction.op1Kind);
        return immediate
          ? { kind: "constant", value: Number(instruction.immediate(1) & 0xffffffffn) }
          : isZeroing(instruction)
            ? { kind: "constant", value: 0 }
            : { kind: "variable" };
      }
    }
    return { kind: "variable" };
  } finally {
    factory.free();
  }
}

const isImmediate = (kind: OpKind): boolean => kind >= OpKind.Immediate8 && kind <= OpKind.Immediate32to64;

const isZeroing = (instruction: Instruction): boolean =>
  instruction.mnemonic === Mnemonic.Xor && instruction.op0Register === instruction.op1Register;

function writesRax(factory: InstructionInfoFactory, instruction: Instruction): boolean {
  const used = factory.info(instruction).usedRegisters();
  const writes = used.some(
    ({ register, access }) => RegisterExt.fullRegister(register) === Register.RAX && access !== OpAccess.Read,
  );
  for (const each of used) each.free();
  return writes;
}

/** The shortest run of whole instructions in front of `index` that a jump fits over. */
function windowBefore(
  instructions: readonly Instruction[],
  index: number,
  code: Uint8Array,
  entry: Address,
  targets: ReadonlySet<bigint>,
): Window | { readonly impossible: string } {
  const end = Number((instructions[index]?.ip ?? 0n) - entry);
  if (targets.has(instructions[index]?.ip ?? 0n)) return { impossible: "something jumps to the SYSCALL" };
  for (let first = index - 1; first >= 0; first--) {
    const instruction = instructions[first];
    if (instruction === undefined) break;
    const obstacle = obstacleIn(instruction);
    if (obstacle !== undefined) return { impossible: obstacle };
    const start = Number(instruction.ip - entry);
    if (end - start >= JUMP_LENGTH) {
      const displaced = instructions.slice(first, index);
      return {
        start: address(instruction.ip),
        bytes: code.slice(start, end),
        instructions: displaced.map(asText),
      };
    }
    if (targets.has(instruction.ip)) return { impossible: "something jumps between the bytes a jump needs" };
  }
  return { impossible: "the function starts too close in front of the SYSCALL" };
}

function obstacleIn(instruction: Instruction): string | undefined {
  if (instruction.flowControl !== FlowControl.Next) return `${asText(instruction)} in front of the SYSCALL`;
  const factory = new InstructionInfoFactory();
  const used = factory.info(instruction).usedRegisters();
  const needsScratch = used.some(
    ({ register, access }) => access !== OpAccess.Read && scratch.includes(RegisterExt.fullRegister(register)),
  );
  for (const each of used) each.free();
  factory.free();
  return needsScratch ? `${asText(instruction)} sets a register that the thunk needs` : undefined;
}

function asText(instruction: Instruction): string {
  const formatter = new Formatter(FormatterSyntax.Gas);
  const text = formatter.format(instruction);
  formatter.free();
  return text;
}
