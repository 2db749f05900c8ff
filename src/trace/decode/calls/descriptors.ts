/** Calls on open descriptors: reading, writing, copying, locking, fcntl. */
import { buffer, cString, iovec, lengthIn, outputBuffer, outputIovec } from "../buffer.ts";
import {
  absent,
  argument,
  decimal,
  fd,
  hex,
  int,
  late,
  long,
  output,
  pointer,
  type ArgumentFormat,
  type CallFormats,
  type CallState,
  type Format,
  type OutputFormat,
  type Scope,
} from "../format.ts";
import { readExactly } from "../memory.ts";
import { enumeration, flags, nameOf } from "../named.ts";
import { i32, i64 } from "../../../linux/scalar.ts";
import { number, outputOf, pointerTo, structure, type Structure } from "../structure.ts";
import { signal } from "../signal.ts";
import { decimal as decimalOf, pointer as pointerOf, type Decoded, type Integer } from "../value.ts";
import { openFlags } from "./opening.ts";

/** `[3, 4]`: two descriptors that the call made. */
export const twoDescriptors: OutputFormat = output(() => (address, call) => {
  const bytes = readExactly(call.memory, BigInt(address), 8);
  if (bytes === undefined) return pointerOf(address);
  const pair = [i32(bytes, 0), i32(bytes, 4)];
  return { text: `[${pair.join(", ")}]`, value: pair };
});

function offsetAt(address: Integer, call: CallState): Integer | undefined {
  const bytes = address === 0n ? undefined : readExactly(call.memory, BigInt(address), 8);
  return bytes === undefined ? undefined : i64(bytes, 0);
}

/** A file offset that the call reads and moves: `[0]`, `[0] => [5]`. */
const movedOffset: OutputFormat = {
  enter: () => (address, call) => {
    const offset = offsetAt(address, call);
    return offset === undefined ? pointerOf(address) : { text: `[${offset}]`, value: decimalOf(offset).value };
  },
  leave: () => (address, call, entered) => {
    if (entered === undefined || !entered.text.startsWith("[") || !call.succeeded || call.result === 0n) return entered;
    const offset = offsetAt(address, call);
    return offset === undefined ? entered : { text: `${entered.text} => [${offset}]`, value: decimalOf(offset).value };
  },
};

const spliceOffset: Format = pointerTo(number("i64", decimal));
const bracketed: Format = (scope) => {
  const print = spliceOffset(scope);
  return (value, call) => {
    const decoded = print(value, call);
    return typeof decoded?.value === "number" ? { ...decoded, text: `[${decoded.text}]` } : decoded;
  };
};

const lockStructure = (withOwner: boolean): Structure =>
  structure("flock", {
    l_type: enumeration("lockType", "F_???"),
    l_whence: enumeration("whence", "SEEK_???"),
    l_start: decimal,
    l_len: decimal,
    ...(withOwner ? { l_pid: decimal } : {}),
  });

const owner = structure("f_owner_ex", { type: enumeration("ownerType", "F_OWNER_???"), pid: decimal });

/** fcntl's third argument, by command. */
const fcntlArguments: Readonly<Record<string, ArgumentFormat>> = {
  F_DUPFD: int,
  F_DUPFD_CLOEXEC: int,
  F_DUPFD_QUERY: int,
  F_GETFD: absent,
  F_SETFD: asInt(flags("descriptorFlags", "FD_???")),
  F_GETFL: absent,
  F_SETFL: asInt(openFlags),
  F_GETLK: late(pointerTo(lockStructure(true))),
  F_SETLK: pointerTo(lockStructure(false)),
  F_SETLKW: pointerTo(lockStructure(false)),
  F_OFD_GETLK: late(pointerTo(lockStructure(true))),
  F_OFD_SETLK: pointerTo(lockStructure(false)),
  F_OFD_SETLKW: pointerTo(lockStructure(false)),
  F_SETOWN: int,
  F_GETOWN: absent,
  F_SETSIG: signal,
  F_GETSIG: absent,
  F_SETOWN_EX: pointerTo(owner),
  F_GETOWN_EX: outputOf(owner),
  F_SETLEASE: enumeration("lockType", "F_???"),
  F_GETLEASE: absent,
  F_NOTIFY: flags("notifyFlags", "DN_???"),
  F_SETPIPE_SZ: long,
  F_GETPIPE_SZ: absent,
  F_ADD_SEALS: flags("sealFlags", "F_SEAL_???"),
  F_GET_SEALS: absent,
};

/** A register that is wider than what the kernel takes from it. */
function asInt(format: Format): Format {
  return (scope) => {
    const print = format(scope);
    return (value, call) => print(Number(BigInt.asIntN(32, BigInt(value))), call);
  };
}

/** The command's name in this call. */
const commandOf = (scope: Scope): ((call: CallState) => string | undefined) => {
  const register = argument(scope, "cmd");
  const commands = scope.abi.constants.fcntlCommand;
  return (call) => nameOf(commands, register(call) & 0xffff_ffffn);
};

const fcntlArgument: OutputFormat = byName(commandOf, fcntlArguments, hex);

/** An argument whose format is named by another argument's value. */
export function byName(
  nameIn: (scope: Scope) => (call: CallState) => string | undefined,
  formats: Readonly<Record<string, ArgumentFormat>>,
  otherwise: ArgumentFormat,
): OutputFormat {
  const of = (name: string | undefined): ArgumentFormat =>
    name !== undefined && Object.hasOwn(formats, name) ? (formats[name] ?? otherwise) : otherwise;
  // Bound at the first use of each name: few of them ever occur.
  const bind = <Bound>(make: (format: ArgumentFormat) => Bound): ((name: string | undefined) => Bound) => {
    const bound = new Map<ArgumentFormat, Bound>();
    return (name) => {
      const format = of(name);
      let made = bound.get(format);
      if (made === undefined) bound.set(format, (made = make(format)));
      return made;
    };
  };
  return {
    enter: (scope) => {
      const name = nameIn(scope);
      const entering = bind((format) =>
        typeof format === "function" ? format(scope) : (format.enter?.(scope) ?? (() => undefined)),
      );
      return (value, call) => entering(name(call))(value, call);
    },
    leave: (scope) => {
      const name = nameIn(scope);
      const leaving = bind(
        (format): ((value: Integer, call: CallState, entered: Decoded | undefined) => Decoded | undefined) =>
          typeof format === "function" ? (_value, _call, entered) => entered : format.leave(scope),
      );
      return (value, call, entered) => leaving(name(call))(value, call, entered);
    },
  };
}

const whence = enumeration("whence", "SEEK_???");
const readWriteFlags = flags("readWriteFlags", "RWF_???");
const spliceFlags = flags("spliceFlags", "SPLICE_F_???");

/** Two halves of an offset, of which a 64-bit machine uses the first. */
const vectorOffset = { pos_l: long, pos_h: absent };

export const descriptorCalls: CallFormats = {
  read: { fd, buf: outputBuffer(), count: decimal },
  write: { fd, buf: buffer(lengthIn("count")), count: decimal },
  pread64: { fd, buf: outputBuffer(), count: decimal, pos: decimal },
  pwrite64: { fd, buf: buffer(lengthIn("count")), count: decimal, pos: decimal },
  readv: { fd, vec: outputIovec("vlen"), vlen: decimal },
  writev: { fd, vec: iovec("vlen"), vlen: decimal },
  preadv: { fd, vec: outputIovec("vlen"), vlen: decimal, ...vectorOffset },
  pwritev: { fd, vec: iovec("vlen"), vlen: decimal, ...vectorOffset },
  preadv2: { fd, vec: outputIovec("vlen"), vlen: decimal, ...vectorOffset, flags: readWriteFlags },
  pwritev2: { fd, vec: iovec("vlen"), vlen: decimal, ...vectorOffset, flags: readWriteFlags },
  close: { fd },
  close_range: { fd: decimal, max_fd: decimal, flags: flags("closeRangeFlags", "CLOSE_RANGE_???") },
  lseek: { fd, offset: decimal, whence },
  dup: { fildes: fd },
  dup2: { oldfd: fd, newfd: fd },
  dup3: { oldfd: fd, newfd: fd, flags: flags("openFlags", "O_???") },
  pipe: { fildes: twoDescriptors },
  pipe2: { fildes: twoDescriptors, flags: flags("openFlags", "O_???") },
  fcntl: { fd, cmd: enumeration("fcntlCommand", "F_???"), arg: fcntlArgument },
  flock: { fd, cmd: flags("flockOperation", "LOCK_???") },
  ftruncate: { fd, length: decimal },
  fallocate: { fd, mode: flags("fallocateFlags", "FALLOC_???"), offset: decimal, len: decimal },
  fadvise64: { fd, offset: decimal, len: decimal, advice: enumeration("advice", "POSIX_FADV_???") },
  readahead: { fd, offset: decimal, count: decimal },
  sync_file_range: { fd, offset: decimal, nbytes: decimal, flags: flags("syncFileRangeFlags", "SYNC_FILE_RANGE_???") },
  sendfile: { out_fd: fd, in_fd: fd, offset: movedOffset, count: decimal },
  splice: { fd_in: fd, off_in: bracketed, fd_out: fd, off_out: bracketed, len: decimal, flags: spliceFlags },
  tee: { fdin: fd, fdout: fd, len: decimal, flags: spliceFlags },
  vmsplice: { fd, iov: iovec("nr_segs"), nr_segs: decimal, flags: spliceFlags },
  copy_file_range: { fd_in: fd, off_in: bracketed, fd_out: fd, off_out: bracketed, len: decimal, flags: hex },
  memfd_create: { uname_ptr: cString, flags: flags("memfdFlags", "MFD_???") },
  memfd_secret: { flags: flags("openFlags", "???") },
  eventfd: { count: decimal },
  eventfd2: { count: decimal, flags: flags("eventfdFlags", "EFD_???") },
  userfaultfd: { flags: flags("userfaultFlags", "UFFD_???") },
  getdents: { fd, dirent: pointer, count: decimal },
};
