/**
 * The target's files as calls of Linux: plain values go in; what comes out is what the call gives, or its −errno.
 *
 * Nothing here is thrown at a caller, and these are beside the target's own errors:
 * - EINTR: `signal` has ended the call; whether it was done is not known, or whether it still will be: a change of an open
 *   file goes on, and calls on that file wait for it. (The kernel's own changes of regular files cannot be interrupted.)
 * - EIO: the connection was lost while the call was under way, and making it twice could do harm; or the session is over;
 *   or a lock of the file was lost;
 * - ESTALE: the file could not be opened again on a new connection, or its path leads to another file now;
 * - ENOLCK: a lock of the file was lost before;
 * - EBADF: the file was closed.
 *
 * Bytes that are returned are the caller's.
 */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { errnoNumber } from "../linux/errno.ts";
import type { WireClient } from "../wire/client.ts";
import { abortable, type Clock } from "../wire/clock.ts";
import { FilesService, type PlaceSchema, type StatFsResponse } from "../wire/generated/elsewhere/v1/files_pb.ts";
import { limits } from "../wire/limits.ts";
import type { Caller } from "./caller.ts";
import { type Failed, type FileCall, FileCalls } from "./file-calls.ts";
import { FileLocks } from "./file-locks.ts";
import type { Range } from "./held-locks.ts";
import { ONCE, OpenFiles } from "./open-files.ts";
import { bytesOf, directoryOf, messageOf, pathOf } from "./places.ts";
import { RemoteCopies } from "./remote-copies.ts";
import { RemoteFile, type RemotePlace } from "./remote-file.ts";
import { RemotePipes } from "./remote-pipes.ts";
import { RemoteWatches } from "./remote-watches.ts";
import type { Attributes, Conflict, Listed, Opened, OpenOptions, Value, Written } from "./results.ts";

export type { Attributes, Conflict, Failed, Listed, Opened, OpenOptions, Range, Value, Written };

const methods = FilesService.method;
const EBADF = errnoNumber("EBADF") ?? 0;
const EIO = errnoNumber("EIO") ?? 0;
const EINTR = errnoNumber("EINTR") ?? 0;
const ESTALE = errnoNumber("ESTALE") ?? 0;
// include/uapi/asm-generic/fcntl.h
const O_APPEND = 0o2000;
const O_TMPFILE = 0o20200000;
/** FALLOC_FL_COLLAPSE_RANGE, FALLOC_FL_INSERT_RANGE (include/uapi/linux/falloc.h): twice is not once. */
const MOVING = 0x28;
const RENAME_EXCHANGE = 2;
/** RESOLVE_BENEATH, RESOLVE_IN_ROOT (include/uapi/linux/openat2.h) */
const SCOPED = 0x18n;
/** A call that only looks. */
const LOOKING = { isRepeatable: true } as const;

export class RemoteFiles {
  readonly #calls: FileCalls;
  readonly #open = new OpenFiles();
  readonly #locks: FileLocks;
  readonly pipes: RemotePipes;
  readonly watches: RemoteWatches;
  readonly copies: RemoteCopies;

  constructor(caller: Caller, clock: Clock) {
    this.#calls = new FileCalls(caller);
    this.#locks = new FileLocks(this.#calls, clock);
    this.pipes = new RemotePipes(this.#calls, this.#open);
    this.watches = new RemoteWatches(this.#calls);
    this.copies = new RemoteCopies(this.#calls);
  }

  /** Opens everything on a new connection. @returns paths of files that are lost @throws ConnectionLost @internal */
  resume(client: WireClient, generation: number): Promise<readonly string[]> {
    return this.#open.resume(client, generation);
  }

  /** openat2(2) */
  async open(place: RemotePlace, options: OpenOptions, signal?: AbortSignal): Promise<Opened | Failed> {
    if (signal?.aborted === true) return -EINTR;
    const opening = this.#opened(place, options);
    try {
      return await abortable(opening, signal);
    } catch {
      // Nobody wants it any more, but the agent has opened it, or will.
      void opening.then((opened) => (typeof opened === "number" || !opened.file ? 0 : this.close(opened.file)));
      return -EINTR;
    }
  }

  /** close(2). The file is closed whatever the result is. */
  async close(file: RemoteFile): Promise<number> {
    if (!file.isOpen) return -EBADF;
    this.#open.delete(file);
    const closing = file.close();
    let isNeeded = true;
    const request = (): { handle: bigint } => {
      const handle = closing(this.#generation);
      isNeeded = handle !== undefined;
      return { handle: handle ?? 0n };
    };
    const result = await this.#calls.done(methods.close, request, LOOKING);
    return isNeeded ? result : 0; // the agent that had it open is gone
  }

  /** statx(2) with STATX_BASIC_STATS | STATX_BTIME. @returns struct statx, 256 bytes */
  async stat(place: RemotePlace, flags = 0, signal?: AbortSignal): Promise<Uint8Array | Failed> {
    const answer = await this.#calls.make(methods.stat, () => ({ place: this.#at(place), flags }), {
      signal,
      ...LOOKING,
    });
    return typeof answer === "number" ? answer : answer.statx;
  }

  /** faccessat2(2) */
  access(place: RemotePlace, mode: number, flags = 0, signal?: AbortSignal): Promise<number> {
    return this.#calls.done(methods.access, () => ({ place: this.#at(place), mode, flags }), { signal, ...LOOKING });
  }

  /** readlinkat(2) */
  async readLink(place: RemotePlace, signal?: AbortSignal): Promise<Uint8Array | Failed> {
    const answer = await this.#calls.make(methods.readLink, () => ({ place: this.#at(place) }), { signal, ...LOOKING });
    return typeof answer === "number" ? answer : answer.target;
  }

  /** statfs(2), fstatfs(2) */
  statFs(place: RemotePlace, signal?: AbortSignal): Promise<StatFsResponse | Failed> {
    return this.#calls.make(methods.statFs, () => ({ place: this.#at(place) }), { signal, ...LOOKING });
  }

  /** pread(2) of at most 1 MiB. Fewer bytes than that and `length` mean the end of the file. */
  async read(file: RemoteFile, offset: bigint, length: number, signal?: AbortSignal): Promise<Uint8Array | Failed> {
    const request = (): MessageInitShape<typeof methods.read.input> => ({
      handle: file.dataHandleIn(this.#generation),
      offset,
      length: Math.min(length, limits.dataBytes),
    });
    const answer = await this.#calls.make(methods.read, request, { file, signal, ...LOOKING });
    return typeof answer === "number" ? answer : answer.data;
  }

  /** pwrite(2); more than 1 MiB is written in part. */
  async write(file: RemoteFile, offset: bigint, data: Uint8Array, signal?: AbortSignal): Promise<Written | Failed> {
    const request = (): MessageInitShape<typeof methods.write.input> => ({
      handle: file.dataHandleIn(this.#generation),
      offset,
      data: data.subarray(0, limits.dataBytes),
    });
    const isRepeatable = (file.flags & O_APPEND) === 0;
    const answer = await this.#calls.send(methods.write, request, { file, signal, isRepeatable, isChange: true });
    if (typeof answer === "number") return answer;
    const { written, size, errno } = answer;
    return errno !== 0 && written === 0 ? -errno : { written, size, stopped: errno === 0 ? 0 : -errno };
  }

  /** ftruncate(2) where the path is empty, else truncate(2) */
  truncate(place: RemotePlace, size: bigint, signal?: AbortSignal): Promise<number> {
    const request = (): MessageInitShape<typeof methods.truncate.input> => ({ place: this.#dataAt(place), size });
    return this.#calls.done(methods.truncate, request, { signal, ...this.#ofOpen(place) });
  }

  /** fallocate(2) */
  allocate(file: RemoteFile, mode: number, offset: bigint, length: bigint, signal?: AbortSignal): Promise<number> {
    const request = (): MessageInitShape<typeof methods.allocate.input> => ({
      handle: file.dataHandleIn(this.#generation),
      mode,
      offset,
      length,
    });
    return this.#calls.done(methods.allocate, request, {
      file,
      signal,
      isRepeatable: (mode & MOVING) === 0,
      isChange: true,
    });
  }

  /** fsync(2), fdatasync(2) */
  sync(file: RemoteFile, dataOnly = false, signal?: AbortSignal): Promise<number> {
    const request = (): MessageInitShape<typeof methods.sync.input> => ({
      handle: file.dataHandleIn(this.#generation),
      dataOnly,
    });
    return this.#calls.done(methods.sync, request, { file, signal, ...LOOKING });
  }

  /** lseek(2) with SEEK_DATA 3 or SEEK_HOLE 4. @returns the offset as a bigint, −errno as a number */
  async seek(file: RemoteFile, offset: bigint, whence: number, signal?: AbortSignal): Promise<bigint | Failed> {
    const request = (): MessageInitShape<typeof methods.seek.input> => ({
      handle: file.dataHandleIn(this.#generation),
      offset,
      whence,
    });
    const answer = await this.#calls.make(methods.seek, request, { file, signal, ...LOOKING });
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
    const request = (): MessageInitShape<typeof methods.readDirectory.input> => ({
      handle: file.handleIn(this.#generation),
      position,
      ...options,
    });
    return this.#calls.make(methods.readDirectory, request, { signal, ...LOOKING });
  }

  /** mkdirat(2) */
  makeDirectory(place: RemotePlace, mode: number, signal?: AbortSignal): Promise<number> {
    return this.#calls.done(methods.makeDirectory, () => ({ place: this.#at(place), mode }), { signal });
  }

  /** mknodat(2) */
  makeNode(place: RemotePlace, mode: number, device: bigint, signal?: AbortSignal): Promise<number> {
    return this.#calls.done(methods.makeNode, () => ({ place: this.#at(place), mode, device }), { signal });
  }

  /** unlinkat(2). @param directory AT_REMOVEDIR */
  remove(place: RemotePlace, directory: boolean, signal?: AbortSignal): Promise<number> {
    return this.#calls.done(methods.remove, () => ({ place: this.#at(place), directory }), { signal });
  }

  /** renameat2(2) */
  async rename(from: RemotePlace, to: RemotePlace, flags = 0, signal?: AbortSignal): Promise<number> {
    const request = (): MessageInitShape<typeof methods.rename.input> => ({
      from: this.#at(from),
      to: this.#at(to),
      flags,
    });
    const result = await this.#calls.done(methods.rename, request, { signal });
    if (result === 0 && (flags & RENAME_EXCHANGE) === 0) this.#open.renamed(pathOf(from), pathOf(to));
    return result;
  }

  /** linkat(2) */
  link(from: RemotePlace, to: RemotePlace, flags = 0, signal?: AbortSignal): Promise<number> {
    return this.#calls.done(methods.link, () => ({ from: this.#at(from), to: this.#at(to), flags }), { signal });
  }

  /** symlinkat(2) */
  makeSymbolicLink(target: Uint8Array | string, place: RemotePlace, signal?: AbortSignal): Promise<number> {
    const request = (): MessageInitShape<typeof methods.makeSymbolicLink.input> => ({
      target: bytesOf(target),
      place: this.#at(place),
    });
    return this.#calls.done(methods.makeSymbolicLink, request, { signal });
  }

  /** fchmodat(2), fchownat(2), utimensat(2): those that are given, in this order. */
  setAttributes(place: RemotePlace, attributes: Attributes, signal?: AbortSignal): Promise<number> {
    const request = (): MessageInitShape<typeof methods.setAttributes.input> => ({
      place: this.#at(place),
      ...attributes,
    });
    return this.#calls.done(methods.setAttributes, request, { signal, ...this.#ofOpen(place) });
  }

  /** getxattr(2). @param size the room for the value; 0 asks for its length alone */
  getExtendedAttribute(
    place: RemotePlace,
    name: Uint8Array | string,
    size: number,
    noFollow = false,
    signal?: AbortSignal,
  ): Promise<Value | Failed> {
    const request = (): MessageInitShape<typeof methods.getExtendedAttribute.input> => ({
      place: this.#at(place),
      name: bytesOf(name),
      size,
      noFollow,
    });
    return this.#calls.make(methods.getExtendedAttribute, request, { signal, ...LOOKING });
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
    const request = (): MessageInitShape<typeof methods.setExtendedAttribute.input> => ({
      place: this.#at(place),
      name: bytesOf(name),
      value,
      flags,
      noFollow,
    });
    return this.#calls.done(methods.setExtendedAttribute, request, { signal });
  }

  /** listxattr(2): names, each with a NUL. @param size the room for them; 0 asks for their length alone */
  listExtendedAttributes(
    place: RemotePlace,
    size: number,
    noFollow = false,
    signal?: AbortSignal,
  ): Promise<Value | Failed> {
    const request = (): MessageInitShape<typeof methods.listExtendedAttributes.input> => ({
      place: this.#at(place),
      size,
      noFollow,
    });
    return this.#calls.make(methods.listExtendedAttributes, request, { signal, ...LOOKING });
  }

  /** removexattr(2) */
  removeExtendedAttribute(
    place: RemotePlace,
    name: Uint8Array | string,
    noFollow = false,
    signal?: AbortSignal,
  ): Promise<number> {
    const request = (): MessageInitShape<typeof methods.removeExtendedAttribute.input> => ({
      place: this.#at(place),
      name: bytesOf(name),
      noFollow,
    });
    return this.#calls.done(methods.removeExtendedAttribute, request, { signal });
  }

  /**
   * flock(2)
   * @param operation LOCK_SH 1, LOCK_EX 2, LOCK_UN 8, without LOCK_NB
   * @param wait until it can be had, or `signal` ends the wait
   */
  flock(file: RemoteFile, operation: number, wait: boolean, signal?: AbortSignal): Promise<number> {
    return this.#locks.flock(file, operation, wait, signal);
  }

  /** fcntl(2): F_SETLK, F_SETLKW (`wait`), F_OFD_SETLK, F_OFD_SETLKW. */
  lock(file: RemoteFile, range: Range, wait: boolean, signal?: AbortSignal): Promise<number> {
    return this.#locks.lock(file, range, wait, signal);
  }

  /** fcntl(2): F_GETLK, F_OFD_GETLK. */
  testLock(file: RemoteFile, range: Range, signal?: AbortSignal): Promise<Conflict | Failed> {
    return this.#locks.test(file, range, signal);
  }

  get #generation(): number {
    return this.#calls.caller.generation;
  }

  async #opened(place: RemotePlace, options: OpenOptions): Promise<Opened | Failed> {
    const { flags, mode = 0, resolve = 0n, contentLimit = 0, closeWhenComplete = false } = options;
    const isTemporary = (flags & O_TMPFILE) === O_TMPFILE;
    let first: Uint8Array | undefined;
    for (let left: number = limits.repeats; left > 0; left--) {
      let generation = 0;
      const now = first === undefined ? flags : flags & ~ONCE;
      const request = (): MessageInitShape<typeof methods.open.input> => {
        generation = this.#generation;
        return { place: this.#at(place), flags: now, mode, resolve, contentLimit, closeWhenComplete };
      };
      const isRepeatable = (now & ONCE) === 0 && !isTemporary;
      const answer = await this.#calls.make(methods.open, request, { isRepeatable });
      if (typeof answer === "number") return answer;
      const { handle, statx, content, path: found } = answer;
      if (handle === 0n) return { file: undefined, statx, content };
      if (generation === this.#generation) {
        const path = isTemporary ? undefined : pathOf(place);
        // From the root nothing is beneath the directory that the path began at; another file would be noticed.
        const again = place.directory === undefined ? resolve : resolve & ~SCOPED;
        const file = new RemoteFile({ flags, resolve: again, path }, statx, handle, generation);
        if (first === undefined || file.isDescribedBy(first)) {
          this.#open.add(file);
          return { file, statx, content, path: directoryOf(statx, found) };
        }
        await this.#calls.done(methods.close, () => ({ handle: file.handleIn(this.#generation) }));
        return -ESTALE;
      }
      // It was opened with the last words of a connection that is lost: opened, but nothing made, once more.
      if (isTemporary) return -EIO;
      first ??= statx;
    }
    return -EIO;
  }

  #at(place: RemotePlace): MessageInitShape<typeof PlaceSchema> {
    return messageOf(place, this.#generation);
  }

  #dataAt(place: RemotePlace): MessageInitShape<typeof PlaceSchema> {
    if (place.path.length === 0) place.directory?.dataHandleIn(this.#generation);
    return this.#at(place);
  }

  /** What is said of an open file, not of a name that may be another's by now, can be said twice. */
  #ofOpen({ directory, path }: RemotePlace): Pick<FileCall, "file" | "isRepeatable" | "isChange"> {
    return path.length === 0 ? { file: directory, isRepeatable: true, isChange: true } : { isRepeatable: false };
  }
}
