/**
 * Thunks and jumps. A thunk is the window's instructions followed by the stub's template,
 * re-encoded for its place by iced-x86: references relative to rip keep their target,
 * branches inside move along. Its two holes are the labels `pass` and `site`.
 */
import { BlockEncoder, BlockEncoderOptions, Code, Instruction } from "iced-x86";
import type { Address } from "../../bytes.ts";
import { assert } from "../../errors.ts";
import type { SystemCallInstruction, Window } from "../machine.ts";
import { decodeAll, JUMP_LENGTH } from "./decode.ts";
import { stub } from "./stub.generated.ts";

const NOP = 0x90;
const JMP_REL32 = 0xe9;

function label(name: string): number {
  const at = stub.labels[name];
  assert(at !== undefined, `stub.S has the label ${name}`);
  return at;
}

export function jump(from: Address, to: Address): Uint8Array {
  const distance = to - (from + BigInt(JUMP_LENGTH));
  assert(
    BigInt.asIntN(32, distance) === distance,
    `a jump reaches from 0x${from.toString(16)} to 0x${to.toString(16)}`,
  );
  const bytes = new Uint8Array(JUMP_LENGTH);
  bytes[0] = JMP_REL32;
  new DataView(bytes.buffer).setInt32(1, Number(distance), true);
  return bytes;
}

export function jumpOver(window: Window, thunk: Address): Uint8Array {
  const bytes = new Uint8Array(window.bytes.length).fill(NOP);
  bytes.set(jump(window.start, thunk));
  return bytes;
}

export function thunk(site: SystemCallInstruction, base: Address, at: Address): Uint8Array {
  assert("start" in site.window, "a thunk is built for a hookable site");
  const first = label("thunk");
  const template = stub.code.subarray(first - stub.codeOffset, label("thunk_end") - stub.codeOffset);
  const displaced = decodeAll(site.window.bytes, site.window.start);
  const body = decodeAll(template, base + BigInt(first)).map((instruction) => fill(instruction, base, site.address));
  const encoder = new BlockEncoder(64, BlockEncoderOptions.None);
  const instructions = [...displaced, ...body];
  for (const instruction of instructions) encoder.add(instruction);
  const bytes = encoder.encode(at);
  encoder.free();
  for (const instruction of instructions) instruction.free();
  return bytes;
}

/** The instruction of the template, or what its hole is filled with. */
function fill(instruction: Instruction, base: Address, site: Address): Instruction {
  const at = Number(instruction.ip - base);
  if (at === label("site")) instruction.memoryDisplacement = site;
  if (at !== label("pass")) return instruction;
  const back = Instruction.createBranch(Code.Jmp_rel32_64, site);
  back.ip = instruction.ip;
  instruction.free();
  return back;
}

export function stubFor(base: Address, entry: Address): Uint8Array {
  const code = stub.code.slice();
  const at = label("entry");
  code.set(jump((base + BigInt(at)) as Address, entry), at - stub.codeOffset);
  return code;
}
