/** Opening files: and the mode of those that are made. */
import { path } from "../buffer.ts";
import {
  argument,
  decimal,
  directoryFd,
  mode,
  type CallFormats,
  type CallState,
  type Format,
  type OutputFormat,
} from "../format.ts";
import { readExactly } from "../memory.ts";
import { flagsOf, maskedFlags } from "../named.ts";
import { i32, u32, u64 } from "../../../linux/scalar.ts";
import {
  hex as hexText,
  jsonInteger,
  nullPointer,
  octal,
  pointer as pointerOf,
  type Decoded,
  type Integer,
} from "../value.ts";
import { atFlags } from "./files.ts";

/** The access mode is a number in the two lowest bits, the rest are flags (include/uapi/asm-generic/fcntl.h). */
const accessMask = 3;

export const openFlags: Format = maskedFlags("accessMode", accessMask, "openFlags", "O_???");

/** Whether open's flags make a file, so that there is a mode: O_CREAT or O_TMPFILE. */
const makesFile = (constants: readonly (readonly [string, number])[]): ((flags: number) => boolean) => {
  const [create, temporary] = ["O_CREAT", "O_TMPFILE"].map(
    (name) => constants.find(([key]) => key === name)?.[1] ?? 0,
  ) as [number, number];
  return (bits) => (bits & create) !== 0 || (bits & temporary) === temporary;
};

const openMode: Format = (scope) => {
  const register = argument(scope, "flags");
  const makes = makesFile(scope.abi.constants.openFlags);
  return (value, call) =>
    makes(Number(register(call) & 0xffff_ffffn)) ? { text: octal(value), value: Number(value) } : undefined;
};

const openHow: Format = (scope) => {
  const { size } = scope.abi.layouts.open_how;
  const print = openFlags(scope);
  const makes = makesFile(scope.abi.constants.openFlags);
  const given = argument(scope, "size");
  return (address, call) => {
    if (address === 0n) return nullPointer;
    const bytes = given(call) < size ? undefined : readExactly(call.memory, BigInt(address), size);
    if (bytes === undefined) return pointerOf(address);
    const bits = u64(bytes, 0);
    const flagsText = print(bits, call) ?? nullPointer;
    const wantsMode = makes(Number(BigInt.asIntN(32, BigInt(bits))));
    const resolve = flagsOf(scope.abi.constants.resolveFlags, u64(bytes, 16), "RESOLVE_???");
    const fileModeBits = u64(bytes, 8);
    return {
      text: `{flags=${flagsText.text}${wantsMode || fileModeBits !== 0 ? `, mode=${octal(fileModeBits)}` : ""}, resolve=${resolve.text}}`,
      value: { flags: flagsText.value, mode: jsonInteger(fileModeBits), resolve: resolve.value },
    };
  };
};

/** struct file_handle: its size, what kind it is, and as many bytes as the size says. */
function handleAt(address: Integer, full: boolean, call: CallState): Decoded {
  if (address === 0n) return nullPointer;
  const head = readExactly(call.memory, BigInt(address), 8);
  if (head === undefined) return pointerOf(address);
  const [size, type] = [u32(head, 0), i32(head, 4)];
  if (!full) return { text: `{handle_bytes=${size}}`, value: { handle_bytes: size } };
  /** MAX_HANDLE_SZ (include/linux/exportfs.h) */
  const handle = readExactly(call.memory, BigInt(address) + 8n, Math.min(size, 128)) ?? new Uint8Array(0);
  const text = `0x${Buffer.from(handle).toString("hex")}`;
  return {
    text: `{handle_bytes=${size}, handle_type=${hexText(type)}, f_handle=${text}}`,
    value: { handle_bytes: size, handle_type: type, f_handle: text },
  };
}

const fileHandle: Format = () => (address, call) => handleAt(address, true, call);

const outputHandle: OutputFormat = {
  enter: () => (address, call) => handleAt(address, false, call),
  leave: () => (address, call, entered) => (call.succeeded ? handleAt(address, true, call) : entered),
};

export const openingCalls: CallFormats = {
  open: { filename: path, flags: openFlags, mode: openMode },
  openat: { dfd: directoryFd, filename: path, flags: openFlags, mode: openMode },
  openat2: { dfd: directoryFd, filename: path, how: openHow, size: decimal },
  creat: { pathname: path, mode },
  name_to_handle_at: { dfd: directoryFd, name: path, handle: outputHandle, flag: atFlags },
  open_by_handle_at: { mountdirfd: directoryFd, handle: fileHandle, flags: openFlags },
};
