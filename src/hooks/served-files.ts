/**
 * The calls on files that handlers serve. The descriptor behind one is that of an empty sealed memfd: what is not
 * here (fcntl, flock, dup, poll, fchmod) is the kernel's, and nothing of it can change or tell anything wrong about
 * the content. Offsets are kept as the kernel keeps them (fs/read_write.c).
 */
import { constants } from "node:fs";
import { abis } from "../linux/abi.ts";
import { errnoNumber } from "../linux/errno.ts";
import { requireHostMachine } from "../machine/machines.ts";
import type { CallBuffer } from "./buffer.ts";
import { defineHooks, type HookSet, onMarked } from "./define.ts";
import type { ErrnoName } from "./generated/calls.ts";
import type { Pointer } from "./pointer.ts";
import { ServedFile } from "./served-file.ts";
import { statOf } from "./stat.ts";
import type { BaseCall, OpenedFile, Outcome } from "./types.ts";

const errno = (name: ErrnoName): number => -(errnoNumber(name) ?? 0);
const { layouts } = abis[requireHostMachine().name];

/** include/uapi/linux/fs.h, fcntl.h */
const [SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE] = [0, 1, 2, 3, 4];
const AT_EMPTY_PATH = 0x1000;
const O_ACCMODE = constants.O_WRONLY | constants.O_RDWR;
/** include/uapi/asm-generic/fcntl.h */
const O_PATH = 0o10000000;
const S_IFREG = 0o100000;
/** include/uapi/linux/fs.h: what counts, and with RWF_HIPRI, RWF_DSYNC and RWF_SYNC what is understood. */
const RWF_APPEND = 0x10;
const RWF_NOAPPEND = 0x20;
const RWF_EITHER = RWF_APPEND | RWF_NOAPPEND;
const RWF_KNOWN = RWF_EITHER | 7;
/** du counts in these. */
const BLOCK = 512;

interface OnDescriptor extends BaseCall {
  readonly fd: number;
}
interface Transfer extends OnDescriptor {
  readonly buffer: CallBuffer;
}

const fileOf = ({ process }: BaseCall, fd: number): OpenedFile | undefined => process.descriptors.get(fd);
/** O_PATH descriptors can be examined, and nothing else: EBADF, says the kernel. What has its content needs no handler. */
function servedAs(file: OpenedFile | undefined): ServedFile | undefined {
  const served = file === undefined || (file.flags & O_PATH) !== 0 ? undefined : ServedFile.of(file);
  return served?.hasContent === true ? undefined : served;
}
const servedBy = (call: BaseCall, fd: number): ServedFile | undefined => servedAs(fileOf(call, fd));
const accessOf = (file: OpenedFile | undefined): number => (file?.flags ?? 0) & O_ACCMODE;
const signed = (register: bigint): number => Number(BigInt.asIntN(64, register));

/** Behind all other hooks, once a hook has opened such a file. */
export const servedFiles: HookSet = defineHooks({
  read: onMarked((call) => read(call)),
  readv: onMarked((call) => read(call)),
  pread64: onMarked((call) => read(call, call.args.pos)),
  preadv: onMarked((call) => read(call, signed(call.args.pos_l))),
  preadv2: onMarked((call) => unlessUnknown(call, () => read(call, orCurrent(signed(call.args.pos_l))))),
  write: onMarked((call) => write(call)),
  writev: onMarked((call) => write(call)),
  pwrite64: onMarked((call) => write(call, call.args.pos)),
  pwritev: onMarked((call) => write(call, signed(call.args.pos_l))),
  pwritev2: onMarked((call) =>
    unlessUnknown(call, () => write(call, orCurrent(signed(call.args.pos_l)), call.args.flags)),
  ),
  lseek: onMarked((call) => seek(call, call.args.offset, call.args.whence)),
  ftruncate: onMarked((call) => truncate(call, call.args.length)),
  fsync: onMarked((call) => sync(call)),
  fdatasync: onMarked((call) => sync(call)),
  fallocate: onMarked((call) => unlessServed(call, "EOPNOTSUPP", call.fd)),
  mmap: onMarked((call) => unlessServed(call, "ENODEV", call.fd)),
  fstat: onMarked((call) => examine(call, call.fd, call.args.statbuf, "stat")),
  newfstatat(call) {
    const { dfd, filename, flag, statbuf } = call.args;
    return isEmpty(filename, flag) ? examine(call, dfd, statbuf, "stat") : undefined;
  },
  statx(call) {
    const { dfd, path, flags, buffer } = call.args;
    return isEmpty(path, flags) ? examine(call, dfd, buffer, "statx") : undefined;
  },
  // The kernel would move bytes of the empty file. Programs read and write instead.
  sendfile: (call) => unlessServed(call, "EINVAL", call.args.in_fd, call.args.out_fd),
  copy_file_range: (call) => unlessServed(call, "EINVAL", call.args.fd_in, call.args.fd_out),
  splice: (call) => unlessServed(call, "EINVAL", call.args.fd_in, call.args.fd_out),
});

/** preadv2(2): −1 is the file's own offset. */
const orCurrent = (position: number): number | undefined => (position === -1 ? undefined : position);

/** Flags of one call (kiocb_set_rw_flags, include/linux/fs.h): those that ask for more than handlers can give are refused. */
function unlessUnknown(
  call: Transfer & { readonly args: { readonly flags: number | bigint } },
  go: () => Outcome | Promise<Outcome>,
): Outcome | Promise<Outcome> {
  if (servedBy(call, call.fd) === undefined) return undefined;
  const flags = Number(call.args.flags);
  if ((flags & ~RWF_KNOWN) !== 0) return errno("EOPNOTSUPP");
  return (flags & RWF_EITHER) === RWF_EITHER ? errno("EINVAL") : go();
}

/** Whether the call is about `dfd` itself. */
const isEmpty = (path: string, flags: number): boolean => path === "" && (flags & AT_EMPTY_PATH) !== 0;

function unlessServed(call: BaseCall, error: ErrnoName, ...fds: readonly number[]): number | undefined {
  return fds.some((fd) => fd >= 0 && servedBy(call, fd) !== undefined) ? errno(error) : undefined;
}

/** @param position undefined: where the file stands, which then moves on */
function read(call: Transfer, position?: number): Outcome | Promise<Outcome> {
  const file = fileOf(call, call.fd);
  const served = servedAs(file);
  if (served === undefined) return undefined;
  if (position !== undefined && position < 0) return errno("EINVAL");
  if (accessOf(file) === constants.O_WRONLY) return errno("EBADF");
  const from = async (offset: number): Promise<number> => {
    const { length } = call.buffer;
    const bytes = length === 0 ? "" : ((await served.handlers.read?.(offset, length)) ?? "");
    return typeof bytes === "number" ? bytes : call.buffer.write(bytes);
  };
  if (position !== undefined) return served.attempt(() => from(position));
  return served.inTurn(async () => moved(served, served.offset, await from(served.offset)));
}

function write(call: Transfer, position?: number, flags = 0): Outcome | Promise<Outcome> {
  const file = fileOf(call, call.fd);
  const served = servedAs(file);
  if (served === undefined) return undefined;
  if (position !== undefined && position < 0) return errno("EINVAL");
  if (accessOf(file) === constants.O_RDONLY) return errno("EBADF");
  return served.inTurn(async () => {
    const { length } = call.buffer;
    const bytes = call.buffer.read();
    if (length > 0 && bytes.length === 0) return errno("EFAULT");
    // O_APPEND counts for pwrite as well (pwrite(2), BUGS).
    const isOpenSo = ((file?.flags ?? 0) & constants.O_APPEND) !== 0;
    const isAppending = (flags & RWF_APPEND) !== 0 || (isOpenSo && (flags & RWF_NOAPPEND) === 0);
    const { append, write } = served.handlers;
    if (isAppending && append !== undefined && length > 0) {
      const appended = await append(bytes);
      if (typeof appended === "number") return appended;
      if (position === undefined) served.offset = appended.size;
      return appended.written;
    }
    const offset = isAppending ? (await served.stat()).size : (position ?? served.offset);
    const result = length === 0 ? 0 : ((await write?.(offset, bytes)) ?? errno("EROFS"));
    return position === undefined ? moved(served, offset, result) : result;
  });
}

/** The file stands behind what was read or written. */
function moved(served: ServedFile, from: number, result: number): number {
  if (result > 0) served.offset = from + result;
  return result;
}

function seek(call: OnDescriptor, offset: number, whence: number): Outcome | Promise<Outcome> {
  const served = servedBy(call, call.fd);
  return served?.inTurn(async () => {
    const { seek: ask } = served.handlers;
    if (ask !== undefined && (whence === SEEK_DATA || whence === SEEK_HOLE)) {
      const found = offset < 0 ? errno("ENXIO") : await ask(offset, whence);
      if (found >= 0) served.offset = found;
      return found;
    }
    const size = whence === SEEK_SET || whence === SEEK_CUR ? 0 : (await served.stat()).size;
    const to = target(served.offset, size, offset, whence);
    if (to >= 0) served.offset = to;
    return to;
  });
}

/** generic_file_llseek_size (fs/read_write.c): SEEK_DATA and SEEK_HOLE of a file without holes. */
function target(current: number, size: number, offset: number, whence: number): number {
  if (whence === SEEK_DATA || whence === SEEK_HOLE) {
    if (offset < 0 || offset >= size) return errno("ENXIO");
    return whence === SEEK_DATA ? offset : size;
  }
  if (whence < SEEK_SET || whence > SEEK_END) return errno("EINVAL");
  const to = offset + (whence === SEEK_CUR ? current : whence === SEEK_END ? size : 0);
  return to < 0 ? errno("EINVAL") : to;
}

function truncate(call: OnDescriptor, size: number): Outcome | Promise<Outcome> {
  const file = fileOf(call, call.fd);
  const served = servedAs(file);
  if (served === undefined) return undefined;
  const { truncate: handler } = served.handlers;
  if (size < 0 || accessOf(file) === constants.O_RDONLY) return errno("EINVAL");
  if (handler === undefined) return errno("EPERM");
  return served.inTurn(async () => (await handler(size)) ?? 0);
}

function sync(call: OnDescriptor): Outcome | Promise<Outcome> {
  const served = servedBy(call, call.fd);
  return served?.inTurn(async () => (await served.handlers.sync?.()) ?? 0);
}

/** The kernel fills in what it knows of the memfd (device, inode, owner), the handler the rest. */
function examine(
  call: BaseCall & { proceed(): Promise<number | null> },
  fd: number,
  at: Pointer,
  structure: "stat" | "statx",
): Outcome | Promise<Outcome> {
  const served = ServedFile.of(fileOf(call, fd));
  return served?.attempt(async () => {
    const { size, mode, mtimeMs, statx } = await served.stat();
    if (statx !== undefined) return at.write(structure === "statx" ? statx : statOf(statx)) < 0 ? errno("EFAULT") : 0;
    const result = await call.proceed();
    if (result === null || result < 0) return result ?? 0;
    const { fields, size: length } = layouts[structure];
    const bytes = Buffer.from(at.read(length));
    const prefix = structure === "stat" ? "st_" : "stx_";
    const place = (name: string): number => fields[prefix + name]?.[0] ?? 0;
    const type = S_IFREG | (mode & 0o7777);
    if (structure === "stat") bytes.writeUInt32LE(type, place("mode"));
    else bytes.writeUInt16LE(type, place("mode"));
    bytes.writeBigInt64LE(BigInt(size), place("size"));
    bytes.writeBigInt64LE(BigInt(Math.ceil(size / BLOCK)), place("blocks"));
    bytes.writeUInt32LE(1, place("nlink"));
    if (mtimeMs !== undefined) {
      bytes.writeBigInt64LE(BigInt(Math.floor(mtimeMs / 1000)), place("mtime"));
      // Behind the seconds in both: st_mtime_nsec, statx_timestamp's tv_nsec.
      bytes.writeUInt32LE(Math.floor((mtimeMs % 1000) * 1e6), place("mtime") + 8);
    }
    const written = at.write(bytes);
    return written < 0 ? written : 0;
  });
}
