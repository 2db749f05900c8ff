/**
 * The target's files as calls of Linux: plain values go in; what comes out is what the call gives, or its −errno.
 *
 * Nothing here is thrown at a caller: a call that its `signal` ends gives −EINTR, one whose outcome nobody can know any
 * more (the connection was lost meanwhile) −EIO, a file that is not there any more after that −ESTALE. Bytes that are
 * returned are the caller's.
 */
import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { errnoNumber } from "../linux/errno.ts";
import { u16 } from "../linux/scalar.ts";
import {
  type DirectoryEntry,
  FilesService,
  type PlaceSchema,
  type StatFsResponse,
  type Time,
} from "../wire/generated/elsewhere/v1/files_pb.ts";
import { limits } from "../wire/limits.ts";
import type { Method } from "../wire/method.ts";
import { RemoteFile, type RemotePlace } from "./remote-file.ts";

/** Below 0: −errno, as the kernel returns it. */
export type Failed = number;

export interface OpenOptions {
  /** O_*, Linux's values on x86-64. */
  readonly flags: number;
  /** With O_CREAT or O_TMPFILE. */
  readonly mode?: number;
  /** RESOLVE_* (openat2). */
  readonly resolve?: bigint;
  /** Have a regular file's content sent along if it has at most so many bytes. */
  readonly contentLimit?: number;
  /** Do not keep the file open when its content was sent along. */
  readonly closeWhenComplete?: boolean;
}

export interface Opened {
  /** Undefined where it was closed again (`closeWhenComplete`). */
  readonly file: RemoteFile | undefined;
  /** struct statx, 256 bytes. */
  readonly statx: Uint8Array;
  /** All of a regular file's content. */
  readonly content: Uint8Array | undefined;
  /** Of a directory: where it is, from the target's root, without symbolic links. */
  readonly path?: Uint8Array;
}

export interface Written {
  /** Bytes. */
  readonly written: number;
  /** Where the file ends now. */
  readonly size: bigint;
  /** −errno that stopped it after `written` bytes, else 0. */
  readonly stopped: Failed;
}

export interface Listed {
  readonly entries: readonly DirectoryEntry[];
  /** Nothing is behind the last one. */
  readonly end: boolean;
}

export interface Attributes {
  /** AT_SYMLINK_NOFOLLOW */
  readonly flags?: number;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly accessTime?: Pick<Time, "seconds" | "nanoseconds">;
  readonly modificationTime?: Pick<Time, "seconds" | "nanoseconds">;
}

/** struct flock (fcntl(2)), from the file's start. */
export interface Range {
  /** F_RDLCK 0, F_WRLCK 1, F_UNLCK 2 */
  readonly type: number;
  readonly start: bigint;
  /** 0: to the end. */
  readonly length: bigint;
  /** Whose it is (F_SETLK: a process); 0: the open file's own (F_OFD_SETLK). */
  readonly owner: bigint;
}

/** What stands in the way of a lock; `type` F_UNLCK where nothing does. */
export interface Conflict {
  readonly type: number;
  readonly start: bigint;
  readonly length: bigint;
  /** −1 for a lock of an open file. */
  readonly pid: number;
}

/** What RemoteFiles needs of a session. */
export interface Caller {
  call<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    request: MessageInitShape<I>,
    signal?: AbortSignal,
  ): Promise<MessageShape<O>>;
}

const methods = FilesService.method;
const EINTR = errnoNumber("EINTR") ?? 4;
/** Where struct statx (include/uapi/linux/stat.h) has stx_mode. */
const MODE = 28;
const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const ROOT = Buffer.from("/");
const EIO = errnoNumber("EIO") ?? 5;
const EBADF = errnoNumber("EBADF") ?? 9;

export class RemoteFiles {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** openat2(2) */
  async open(place: RemotePlace, options: OpenOptions, signal?: AbortSignal): Promise<Opened | Failed> {
    const { flags, mode = 0, resolve = 0n, contentLimit = 0, closeWhenComplete = false } = options;
    const request = { place: at(place), flags, mode, resolve, contentLimit, closeWhenComplete };
    const answer = await this.#call(methods.open, request, signal);
    if (typeof answer === "number") return answer;
    const { handle, statx, content, path } = answer;
    const file = handle === 0n ? undefined : new RemoteFile(flags, statx, pathOf(place), handle);
    return { file, statx, content, ...((u16(statx, MODE) & S_IFMT) === S_IFDIR && { path: path.length === 0 ? ROOT : path }) };
  }

  /** close(2). The file is closed whatever the result is. */
  async close(file: RemoteFile): Promise<number> {
    const { handle } = file;
    if (handle === 0n) return -EBADF;
    file.handle = 0n;
    return this.#done(methods.close, { handle });
  }

  /** statx(2) with STATX_BASIC_STATS | STATX_BTIME. @returns struct statx, 256 bytes */
  async stat(place: RemotePlace, flags = 0, signal?: AbortSignal): Promise<Uint8Array | Failed> {
    const answer = await this.#call(methods.stat, { place: at(place), flags }, signal);
    return typeof answer === "number" ? answer : answer.statx;
  }

  /** faccessat2(2) */
  access(place: RemotePlace, mode: number, flags = 0, signal?: AbortSignal): Promise<number> {
    return this.#done(methods.access, { place: at(place), mode, flags }, signal);
  }

  /** readlinkat(2) */
  async readLink(place: RemotePlace, signal?: AbortSignal): Promise<Uint8Array | Failed> {
    const answer = await this.#call(methods.readLink, { place: at(place) }, signal);
    return typeof answer === "number" ? answer : answer.target;
  }

  /** statfs(2), fstatfs(2) */
  statFs(place: RemotePlace, signal?: AbortSignal): Promise<StatFsResponse | Failed> {
    return this.#call(methods.statFs, { place: at(place) }, signal);
  }

  /** pread(2) of at most 1 MiB. Fewer bytes than that and `length` mean the end of the file. */
  async read(file: RemoteFile, offset: bigint, length: number, signal?: AbortSignal): Promise<Uint8Array | Failed> {
    const wanted = Math.min(length, limits.dataBytes);
    const answer = await this.#call(methods.read, { handle: file.handle, offset, length: wanted }, signal);
    return typeof answer === "number" ? answer : answer.data;
  }

  /** pwrite(2); more than 1 MiB is written in part. */
  async write(file: RemoteFile, offset: bigint, data: Uint8Array, signal?: AbortSignal): Promise<Written | Failed> {
    const request = { handle: file.handle, offset, data: data.subarray(0, limits.dataBytes) };
    const answer = await this.#sent(methods.write, request, signal);
    if (typeof answer === "number") return answer;
    const { written, size, errno } = answer;
    return errno !== 0 && written === 0 ? -errno : { written, size, stopped: errno === 0 ? 0 : -errno };
  }

  /** ftruncate(2), truncate(2) */
  truncate(place: RemotePlace, size: bigint, signal?: AbortSignal): Promise<number> {
    return this.#done(methods.truncate, { place: at(place), size }, signal);
  }

  /** fallocate(2) */
  allocate(file: RemoteFile, mode: number, offset: bigint, length: bigint, signal?: AbortSignal): Promise<number> {
    return this.#done(methods.allocate, { handle: file.handle, mode, offset, length }, signal);
  }

  /** fsync(2), fdatasync(2) */
  sync(file: RemoteFile, dataOnly = false, signal?: AbortSignal): Promise<number> {
    return this.#done(methods.sync, { handle: file.handle, dataOnly }, signal);
  }

  /** lseek(2) with SEEK_DATA 3 or SEEK_HOLE 4. @returns the offset as a bigint, −errno as a number */
  async seek(file: RemoteFile, offset: bigint, whence: number, signal?: AbortSignal): Promise<bigint | Failed> {
    const answer = await this.#call(methods.seek, { handle: file.handle, offset, whence }, signal);
    return typeof answer === "number" ? answer : answer.offset;
  }

  /**
   * getdents64(2)
   * @param position `next` of the entry behind which to go on; 0n from the start
   * @param options.limit at most so many entries; 0: as many as fit
   * @param options.withAttributes have lstat's answer for each sent along
   */
  readDirectory(
    file: RemoteFile,
    position: bigint,
    options: { readonly limit?: number; readonly withAttributes?: boolean } = {},
    signal?: AbortSignal,
  ): Promise<Listed | Failed> {
    const { limit = 0, withAttributes = false } = options;
    return this.#call(methods.readDirectory, { handle: file.handle, position, limit, withAttributes }, signal);
  }

  /** mkdirat(2) */
  makeDirectory(place: RemotePlace, mode: number, signal?: AbortSignal): Promise<number> {
    return this.#done(methods.makeDirectory, { place: at(place), mode }, signal);
  }

  /** mknodat(2) */
  makeNode(place: RemotePlace, mode: number, device: bigint, signal?: AbortSignal): Promise<number> {
    return this.#done(methods.makeNode, { place: at(place), mode, device }, signal);
  }

  /** unlinkat(2). @param directory AT_REMOVEDIR */
  remove(place: RemotePlace, directory: boolean, signal?: AbortSignal): Promise<number> {
    return this.#done(methods.remove, { place: at(place), directory }, signal);
  }

  /** renameat2(2) */
  rename(from: RemotePlace, to: RemotePlace, flags = 0, signal?: AbortSignal): Promise<number> {
    return this.#done(methods.rename, { from: at(from), to: at(to), flags }, signal);
  }

  /** linkat(2) */
  link(from: RemotePlace, to: RemotePlace, flags = 0, signal?: AbortSignal): Promise<number> {
    return this.#done(methods.link, { from: at(from), to: at(to), flags }, signal);
  }

  /** symlinkat(2) */
  makeSymbolicLink(target: Uint8Array | string, place: RemotePlace, signal?: AbortSignal): Promise<number> {
    return this.#done(methods.makeSymbolicLink, { target: bytes(target), place: at(place) }, signal);
  }

  /** fchmodat(2), fchownat(2), utimensat(2): those that are given, in this order. */
  setAttributes(place: RemotePlace, attributes: Attributes, signal?: AbortSignal): Promise<number> {
    return this.#done(methods.setAttributes, { place: at(place), ...attributes }, signal);
  }

  /** getxattr(2). @param size the room; 0 asks for the length alone @returns the value, or its length as `{ length }` */
  async getExtendedAttribute(
    place: RemotePlace,
    name: Uint8Array | string,
    size: number,
    noFollow = false,
    signal?: AbortSignal,
  ): Promise<{ readonly value: Uint8Array; readonly length: number } | Failed> {
    return this.#call(methods.getExtendedAttribute, { place: at(place), name: bytes(name), size, noFollow }, signal);
  }

  /** setxattr(2). @param flags XATTR_CREATE 1, XATTR_REPLACE 2 */
  setExtendedAttribute(
    place: RemotePlace,
    name: Uint8Array | string,
    value: Uint8Array,
    flags = 0,
    noFollow = false,
    signal?: AbortSignal,
  ): Promise<number> {
    const request = { place: at(place), name: bytes(name), value, flags, noFollow };
    return this.#done(methods.setExtendedAttribute, request, signal);
  }

  /** listxattr(2); as getExtendedAttribute. */
  async listExtendedAttributes(
    place: RemotePlace,
    size: number,
    noFollow = false,
    signal?: AbortSignal,
  ): Promise<{ readonly value: Uint8Array; readonly length: number } | Failed> {
    return this.#call(methods.listExtendedAttributes, { place: at(place), size, noFollow }, signal);
  }

  /** removexattr(2) */
  removeExtendedAttribute(
    place: RemotePlace,
    name: Uint8Array | string,
    noFollow = false,
    signal?: AbortSignal,
  ): Promise<number> {
    return this.#done(methods.removeExtendedAttribute, { place: at(place), name: bytes(name), noFollow }, signal);
  }

  /**
   * flock(2)
   * @param operation LOCK_SH 1, LOCK_EX 2, LOCK_UN 8, without LOCK_NB
   * @param wait until it can be had, or `signal` ends the wait
   */
  flock(file: RemoteFile, operation: number, wait: boolean, signal?: AbortSignal): Promise<number> {
    const lock = { case: "flock" as const, value: operation };
    return this.#done(methods.lock, { handle: file.handle, lock, wait }, signal);
  }

  /** fcntl(2): F_SETLK, F_SETLKW (`wait`), F_OFD_SETLK, F_OFD_SETLKW. */
  lock(file: RemoteFile, range: Range, wait: boolean, signal?: AbortSignal): Promise<number> {
    const lock = { case: "record" as const, value: { ...range, test: false } };
    return this.#done(methods.lock, { handle: file.handle, lock, wait }, signal);
  }

  /** fcntl(2): F_GETLK, F_OFD_GETLK. */
  async testLock(file: RemoteFile, range: Range, signal?: AbortSignal): Promise<Conflict | Failed> {
    const lock = { case: "record" as const, value: { ...range, test: true } };
    const answer = await this.#call(methods.lock, { handle: file.handle, lock, wait: false }, signal);
    if (typeof answer === "number") return answer;
    const { type = 2, start = 0n, length = 0n } = answer.conflict ?? {};
    return { type, start, length, pid: answer.pid };
  }

  async #done<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    request: MessageInitShape<I>,
    signal?: AbortSignal,
  ): Promise<number> {
    const answer = await this.#call(method, request, signal);
    return typeof answer === "number" ? answer : 0;
  }

  async #call<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    request: MessageInitShape<I>,
    signal?: AbortSignal,
  ): Promise<MessageShape<O> | Failed> {
    const answer = await this.#sent(method, request, signal);
    if (typeof answer === "number") return answer;
    const { errno } = answer as { readonly errno?: number };
    return errno === undefined || errno === 0 ? answer : -errno;
  }

  async #sent<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    request: MessageInitShape<I>,
    signal?: AbortSignal,
  ): Promise<MessageShape<O> | Failed> {
    try {
      return await this.#caller.call(method, request, signal);
    } catch {
      return signal?.aborted === true ? -EINTR : -EIO;
    }
  }
}

const bytes = (text: Uint8Array | string): Uint8Array => (typeof text === "string" ? Buffer.from(text) : text);

const at = ({ directory, path }: RemotePlace): MessageInitShape<typeof PlaceSchema> => ({
  directory: directory?.handle ?? 0n,
  path: bytes(path),
});

const SLASH = 0x2f;

function pathOf({ directory, path }: RemotePlace): Uint8Array | undefined {
  const own = bytes(path);
  if (own.length === 0) return directory?.path;
  if (directory === undefined || own[0] === SLASH) return own;
  return directory.path && Buffer.concat([directory.path, Buffer.from("/"), own]);
}
