/** What the kernel says of a call that moves bytes between two descriptors before it moves any, in its order. */
import { constants, statSync } from "node:fs";
import type { BaseCall } from "../hooks/types.ts";
import { error } from "./errors.ts";

const O_ACCMODE = 3;
const O_PATH = 0o10000000;
/** include/linux/splice.h */
const SPLICE_F_ALL = 0xf;

interface Asked {
  readonly call: BaseCall;
  readonly from: number;
  readonly to: number;
}

interface Splice extends Asked {
  readonly length: number;
  readonly flags: number;
  /** Whether offsets are given. */
  readonly hasFrom: boolean;
  readonly hasTo: boolean;
}

/** fs/splice.c, SYSCALL_DEFINE6(splice), __do_splice, do_splice. @returns the call's result; undefined: it may be made */
export function spliceRefused({ call, from, to, length, flags, hasFrom, hasTo }: Splice): number | undefined {
  if (length === 0) return 0;
  if ((flags & ~SPLICE_F_ALL) !== 0) return error("EINVAL");
  if (!isOpen(call, from) || !isOpen(call, to)) return error("EBADF");
  const [source, sink] = [isPipe(call, from), isPipe(call, to)];
  if ((source && hasFrom) || (sink && hasTo)) return error("ESPIPE");
  if (!isOpenFor(call, from, constants.O_RDONLY) || !isOpenFor(call, to, constants.O_WRONLY)) return error("EBADF");
  if (!source && !sink) return error("EINVAL");
  return !sink && isAppending(call, to) ? error("EINVAL") : undefined;
}

/** fs/read_write.c, do_sendfile; fs/splice.c, do_splice_direct */
export function sendFileRefused({ call, from, to }: Asked): number | undefined {
  if (!isOpenFor(call, from, constants.O_RDONLY)) return error("EBADF");
  if (!isOpenFor(call, to, constants.O_WRONLY)) return error("EBADF");
  // Only what can be sought in (splice_direct_to_actor)
  return isPipe(call, from) || isAppending(call, to) ? error("EINVAL") : undefined;
}

/** fs/read_write.c, SYSCALL_DEFINE6(copy_file_range), generic_file_rw_checks */
export function copyRefused({ call, from, to }: Asked, flags: number): number | undefined {
  if (!isOpen(call, from) || !isOpen(call, to)) return error("EBADF");
  if (flags !== 0) return error("EINVAL");
  const types = [from, to].map((fd) => statSync(`/proc/${call.tid}/fd/${fd}`, { throwIfNoEntry: false }));
  if (types.some((each) => each?.isDirectory() === true)) return error("EISDIR");
  if (types.some((each) => each?.isFile() === false)) return error("EINVAL");
  const isAllowed = isOpenFor(call, from, constants.O_RDONLY) && isOpenFor(call, to, constants.O_WRONLY);
  return isAllowed && !isAppending(call, to) ? undefined : error("EBADF");
}

const flagsOf = ({ process }: BaseCall, fd: number): number => process.descriptors.get(fd)?.flags ?? O_PATH;
const isOpen = (call: BaseCall, fd: number): boolean => (flagsOf(call, fd) & O_PATH) === 0;
const isAppending = (call: BaseCall, fd: number): boolean => (flagsOf(call, fd) & constants.O_APPEND) !== 0;

function isOpenFor(call: BaseCall, fd: number, access: number): boolean {
  const has = flagsOf(call, fd) & O_ACCMODE;
  return isOpen(call, fd) && (has === access || has === constants.O_RDWR);
}

/** Of any kind: a pipe of the target is one of this machine. */
const isPipe = ({ tid }: BaseCall, fd: number): boolean =>
  statSync(`/proc/${tid}/fd/${fd}`, { throwIfNoEntry: false })?.isFIFO() === true;
