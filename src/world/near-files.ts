/**
 * The target's files, asked for as seldom as can be:
 *
 * - what a name or an open file is may be a second old (attribute-cache.ts), a listed directory tells of all in it;
 * - small files of a directory that is read through come ahead of their opening (read-through.ts), and are then as old
 *   as the question, a second at most; any other opening asks the target;
 * - whatever this world's programs change ends what was known of it at once (changes.ts), and so does a lock that was
 *   had: what it guards may be another's work;
 * - who looks at a file from another side than its writer waits until what was written has arrived.
 */
import { constants } from "node:fs";
import { identityOf, modeOf } from "../hooks/stat.ts";
import type {
  Attributes,
  Conflict,
  Listed,
  Opened,
  OpenOptions,
  Range,
  RemoteFiles,
  Written,
} from "../session/remote-files.ts";
import type { DirectoryEntry, StatFsResponse } from "../wire/generated/elsewhere/v1/files_pb.ts";
import { AttributeCache, type Known, keyOf, pathKey } from "./attribute-cache.ts";
import { type Asked, Changes } from "./changes.ts";
import { error } from "./errors.ts";
import type { Files, RemoteFile, RemotePlace } from "./files.ts";
import { ReadThrough } from "./read-through.ts";
import type { AllUnwritten } from "./unwritten.ts";

type Failed = number;

/** Bytes up to which a file is brought here when it is opened. */
export const SMALL: number = 256 * 1024;
/** How old what is known may be, milliseconds. */
const FRESH_MS = 1000;
const ENOENT = error("ENOENT");
const EIO = error("EIO");
const EINTR = error("EINTR");
const S_IFMT = 0o170000;
/** Linux's values on x86-64, as the agent takes them. */
const O_LARGEFILE = 0o100000;
const O_CLOEXEC = 0o2000000;
const O_DIRECTORY = 0o200000;
const O_TMPFILE = 0o20000000;
/** Who opens with no more than these only looks. */
const LOOKING = O_LARGEFILE | O_CLOEXEC | constants.O_NONBLOCK | constants.O_NOCTTY | constants.O_NOFOLLOW;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_STATX_FORCE_SYNC = 0x2000;
const LOCK_UN = 8;
const F_UNLCK = 2;

/** How a directory is being listed. */
interface Reading {
  readonly asked: Asked;
  readonly entries: DirectoryEntry[];
  /** Where what has been read ends. */
  next: bigint;
}

export class NearFiles implements Files {
  readonly pipes: RemoteFiles["pipes"];
  readonly watches: RemoteFiles["watches"];
  readonly copies: RemoteFiles["copies"];
  readonly #files: RemoteFiles;
  readonly #unwritten: AllUnwritten;
  readonly #changes: Changes;
  readonly #names: AttributeCache;
  readonly #through: ReadThrough;
  /** When what an open file's `statx` says was asked. */
  readonly #opened = new WeakMap<RemoteFile, Asked>();
  /** First pages of directories that were opened a moment ago. */
  readonly #firstPages = new WeakMap<RemoteFile, { readonly asked: Asked; readonly page: Promise<Listed | Failed> }>();
  readonly #readings = new WeakMap<RemoteFile, Reading>();

  /** @param freshMs how old what is known may be, milliseconds; 0: the target is asked every time */
  constructor(files: RemoteFiles, unwritten: AllUnwritten, freshMs: number = FRESH_MS) {
    this.#files = files;
    this.pipes = files.pipes;
    this.watches = files.watches;
    this.copies = files.copies;
    this.#unwritten = unwritten;
    this.#changes = new Changes(freshMs);
    this.#names = new AttributeCache(this.#changes);
    this.#through = new ReadThrough({
      changes: this.#changes,
      small: SMALL,
      open: (path) =>
        files.open(
          { path: Buffer.from(path, "latin1") },
          { flags: O_CLOEXEC, contentLimit: SMALL, closeWhenComplete: true },
        ),
      drop: ({ file }) => void (file && files.close(file)),
    });
  }

  touched(file: RemoteFile): void {
    this.#changes.file(identityOf(file.statx));
  }

  stamp(file: RemoteFile): number {
    return this.#changes.of(file);
  }

  async open(place: RemotePlace, options: OpenOptions, signal?: AbortSignal): Promise<Opened | Failed> {
    const { flags, resolve = 0n } = options;
    const isLooking = (flags & ~(LOOKING | O_DIRECTORY)) === 0;
    const key = resolve === 0n ? pathKey(place) : undefined;
    const known = key === undefined ? undefined : this.#names.find(key, (flags & constants.O_NOFOLLOW) === 0);
    const makes = (flags & constants.O_CREAT) !== 0 || (flags & O_TMPFILE) === O_TMPFILE;
    if (!makes && known === "absent") return ENOENT;
    if (isLooking && key !== undefined && known !== undefined && known !== "absent") {
      const fetched = await this.#fetched(key, known, flags);
      if (fetched !== undefined) return fetched;
    }
    if ((flags & constants.O_TRUNC) !== 0) await this.#unwritten.flush();
    if (makes) this.#making(place, flags, known);
    const asked = this.#changes.asking();
    const opened = await this.#files.open(place, options, signal);
    if (makes) this.#maybeMade(place, flags, known, opened);
    if (typeof opened === "number") {
      if (opened === ENOENT && !makes && key !== undefined)
        this.#names.told(key, (flags & constants.O_NOFOLLOW) === 0, "absent", asked);
      return opened;
    }
    if ((flags & constants.O_TRUNC) !== 0) this.#changes.file(identityOf(opened.statx));
    return this.#kept(opened, asked, isLooking, () => this.#files.open(place, options, signal));
  }

  /** An opening that may make a file: behind a symbolic link, under any name. */
  #making(place: RemotePlace, flags: number, known: Known | undefined): void {
    if (known !== undefined && known !== "absent") return;
    this.#changes.made((flags & constants.O_EXCL) === 0 ? undefined : nameOf(place));
  }

  #maybeMade(place: RemotePlace, flags: number, known: Known | undefined, opened: Opened | Failed): void {
    const result = typeof opened === "number" ? opened : 0;
    if (known === undefined || known === "absent") {
      if (mayHaveHappened(result)) this.#making(place, flags, known);
    } else if (typeof opened === "number" || identityOf(opened.statx) !== identityOf(known)) this.#changes.everything();
  }

  /** What came ahead of its opening. */
  async #fetched(key: string, statx: Uint8Array, flags: number): Promise<Opened | undefined> {
    if ((flags & O_DIRECTORY) !== 0 || !this.#through.isSmall(statx) || this.#isUnwritten(statx)) return undefined;
    const slash = key.lastIndexOf("/");
    const listing = this.#names.listing(key.slice(0, slash) || "/");
    const found = listing && (await this.#through.take(listing, key.slice(slash + 1)));
    return typeof found === "number" || (found !== undefined && this.#isUnwritten(found.statx)) ? undefined : found;
  }

  /** @param again the same opening, which only looks */
  async #kept(
    opened: Opened,
    asked: Asked,
    isLooking: boolean,
    again: () => Promise<Opened | Failed>,
  ): Promise<Opened | Failed> {
    const { file, statx } = opened;
    if (this.#isUnwritten(statx)) {
      await this.#unwritten.flush(identityOf(statx));
      if (!isLooking) return opened;
      if (file !== undefined) await this.#files.close(file);
      return again();
    }
    if (file === undefined) return opened;
    this.#opened.set(file, asked);
    if (isLooking && (modeOf(statx) & S_IFMT) === constants.S_IFDIR && this.#changes.freshMs > 0)
      this.#firstPages.set(file, {
        asked: this.#changes.asking(),
        page: this.#files.readDirectory(file, 0n, { withAttributes: true }),
      });
    return opened;
  }

  #isUnwritten(statx: Uint8Array): boolean {
    return this.#unwritten.has(identityOf(statx));
  }

  close(file: RemoteFile): Promise<number> {
    return this.#files.close(file);
  }

  async stat(place: RemotePlace, flags = 0, signal?: AbortSignal): Promise<Uint8Array | Failed> {
    const known = (flags & AT_STATX_FORCE_SYNC) === 0 ? this.#knownOf(place, flags) : undefined;
    if (known === "absent") return ENOENT;
    if (known !== undefined && !this.#isUnwritten(known)) return known;
    const asked = this.#changes.asking();
    const found = await this.#files.stat(place, flags, signal);
    const key = pathKey(place);
    const follow = (flags & AT_SYMLINK_NOFOLLOW) === 0;
    if (typeof found === "number") {
      if (found === ENOENT && key !== undefined) this.#names.told(key, follow, "absent", asked);
      return found;
    }
    if (this.#isUnwritten(found)) {
      await this.#unwritten.flush(identityOf(found));
      return this.#files.stat(place, flags, signal);
    }
    if (key !== undefined) this.#names.told(key, follow, found, asked);
    return found;
  }

  #knownOf(place: RemotePlace, flags: number): Known | undefined {
    const { directory: file, path } = place;
    if (path.length === 0) {
      const asked = file && this.#opened.get(file);
      return file && asked && this.#changes.isFreshOf(asked, file.statx) ? file.statx : undefined;
    }
    const key = pathKey(place);
    return key === undefined ? undefined : this.#names.find(key, (flags & AT_SYMLINK_NOFOLLOW) === 0);
  }

  access(place: RemotePlace, mode: number, flags = 0, signal?: AbortSignal): Promise<number> {
    const known = this.#knownOf(place, flags);
    if (known === "absent") return Promise.resolve(ENOENT);
    return known !== undefined && mode === 0 ? Promise.resolve(0) : this.#files.access(place, mode, flags, signal);
  }

  readLink(place: RemotePlace, signal?: AbortSignal): Promise<Uint8Array | Failed> {
    return this.#knownOf(place, AT_SYMLINK_NOFOLLOW) === "absent"
      ? Promise.resolve(ENOENT)
      : this.#files.readLink(place, signal);
  }

  async readDirectory(
    file: RemoteFile,
    position: bigint,
    options: { readonly limit?: number; readonly withAttributes?: boolean } = {},
    signal?: AbortSignal,
  ): Promise<Listed | Failed> {
    const ahead = position === 0n ? this.#firstPages.get(file) : undefined;
    this.#firstPages.delete(file);
    const isAhead = ahead !== undefined && this.#changes.isStillAbsent(ahead.asked);
    const asked = isAhead ? ahead.asked : this.#changes.asking();
    const listed = await (isAhead ? ahead.page : this.#files.readDirectory(file, position, options, signal));
    if (typeof listed !== "number" && options.withAttributes === true) this.#listed(file, position, asked, listed);
    return listed;
  }

  /** Remembers a directory once all of it was read in one go. */
  #listed(file: RemoteFile, position: bigint, asked: Asked, { entries, end }: Listed): void {
    const reading = position === 0n ? { asked, entries: [], next: 0n } : this.#readings.get(file);
    if (reading?.next !== position) return;
    reading.entries.push(...entries);
    reading.next = entries.at(-1)?.next ?? position;
    this.#readings.set(file, reading);
    if (!end && entries.length > 0) return;
    this.#readings.delete(file);
    const path = file.path && pathKey({ path: file.path }, true);
    if (path === undefined || !this.#changes.isFresh(reading.asked)) return;
    this.#through.listed(this.#names.listed(path, file.statx, reading.asked, reading.entries));
  }

  async read(file: RemoteFile, offset: bigint, length: number, signal?: AbortSignal): Promise<Uint8Array | Failed> {
    const identity = identityOf(file.statx);
    if (this.#unwritten.has(identity)) await this.#unwritten.flush(identity);
    return this.#files.read(file, offset, length, signal);
  }

  write(file: RemoteFile, offset: bigint, data: Uint8Array, signal?: AbortSignal): Promise<Written | Failed> {
    return this.#changing(file, () => this.#files.write(file, offset, data, signal));
  }

  truncate(place: RemotePlace, size: bigint, signal?: AbortSignal): Promise<number> {
    return this.#afterWrites(place, () => this.#files.truncate(place, size, signal));
  }

  allocate(file: RemoteFile, mode: number, offset: bigint, length: bigint, signal?: AbortSignal): Promise<number> {
    return this.#changing(file, () => this.#files.allocate(file, mode, offset, length, signal));
  }

  sync(file: RemoteFile, dataOnly = false, signal?: AbortSignal): Promise<number> {
    return this.#files.sync(file, dataOnly, signal);
  }

  async seek(file: RemoteFile, offset: bigint, whence: number, signal?: AbortSignal): Promise<bigint | Failed> {
    await this.#unwritten.flush(identityOf(file.statx));
    return this.#files.seek(file, offset, whence, signal);
  }

  statFs(place: RemotePlace, signal?: AbortSignal): Promise<StatFsResponse | Failed> {
    return this.#files.statFs(place, signal);
  }

  makeDirectory(place: RemotePlace, mode: number, signal?: AbortSignal): Promise<number> {
    return this.#naming(place, () => this.#files.makeDirectory(place, mode, signal));
  }

  makeNode(place: RemotePlace, mode: number, device: bigint, signal?: AbortSignal): Promise<number> {
    return this.#naming(place, () => this.#files.makeNode(place, mode, device, signal));
  }

  remove(place: RemotePlace, directory: boolean, signal?: AbortSignal): Promise<number> {
    return this.#renaming(() => this.#files.remove(place, directory, signal));
  }

  /** Whoever finds a file under its new name finds all of it. */
  async rename(from: RemotePlace, to: RemotePlace, flags = 0, signal?: AbortSignal): Promise<number> {
    await this.#unwritten.flush();
    return this.#renaming(() => this.#files.rename(from, to, flags, signal));
  }

  async link(from: RemotePlace, to: RemotePlace, flags = 0, signal?: AbortSignal): Promise<number> {
    await this.#unwritten.flush();
    return this.#renaming(() => this.#files.link(from, to, flags, signal));
  }

  makeSymbolicLink(target: Uint8Array | string, place: RemotePlace, signal?: AbortSignal): Promise<number> {
    return this.#naming(place, () => this.#files.makeSymbolicLink(target, place, signal));
  }

  /** A write that arrived later would change the times again. */
  setAttributes(place: RemotePlace, attributes: Attributes, signal?: AbortSignal): Promise<number> {
    return this.#afterWrites(place, () => this.#files.setAttributes(place, attributes, signal));
  }

  getExtendedAttribute(
    ...args: Parameters<RemoteFiles["getExtendedAttribute"]>
  ): ReturnType<RemoteFiles["getExtendedAttribute"]> {
    return this.#files.getExtendedAttribute(...args);
  }

  setExtendedAttribute(...args: Parameters<RemoteFiles["setExtendedAttribute"]>): Promise<number> {
    return this.#afterWrites(args[0], () => this.#files.setExtendedAttribute(...args));
  }

  listExtendedAttributes(
    ...args: Parameters<RemoteFiles["listExtendedAttributes"]>
  ): ReturnType<RemoteFiles["listExtendedAttributes"]> {
    return this.#files.listExtendedAttributes(...args);
  }

  removeExtendedAttribute(...args: Parameters<RemoteFiles["removeExtendedAttribute"]>): Promise<number> {
    return this.#afterWrites(args[0], () => this.#files.removeExtendedAttribute(...args));
  }

  flock(file: RemoteFile, operation: number, wait: boolean, signal?: AbortSignal): Promise<number> {
    return this.#locking((operation & LOCK_UN) !== 0, () => this.#files.flock(file, operation, wait, signal));
  }

  lock(file: RemoteFile, range: Range, wait: boolean, signal?: AbortSignal): Promise<number> {
    return this.#locking(range.type === F_UNLCK, () => this.#files.lock(file, range, wait, signal));
  }

  testLock(file: RemoteFile, range: Range, signal?: AbortSignal): Promise<Conflict | Failed> {
    return this.#files.testLock(file, range, signal);
  }

  /** Who has the lock next sees what was written under it; who gets it sees what others have written under theirs. */
  async #locking(isUnlocking: boolean, make: () => Promise<number>): Promise<number> {
    await this.#unwritten.flush();
    const result = await make();
    if (!isUnlocking && result === 0) this.#changes.everything();
    return result;
  }

  /**
   * Another thread may find a change done before its answer is here: so what was known ends when a change begins, and what
   * was asked meanwhile when it has ended.
   */
  async #changing<T>(file: RemoteFile, make: () => Promise<T>): Promise<T> {
    this.touched(file);
    const result = await make();
    this.touched(file);
    return result;
  }

  async #renaming(make: () => Promise<number>): Promise<number> {
    this.#changes.everything();
    const result = await make();
    if (mayHaveHappened(result)) this.#changes.everything();
    return result;
  }

  async #naming(place: RemotePlace, make: () => Promise<number>): Promise<number> {
    this.#changes.made(nameOf(place));
    const result = await make();
    if (mayHaveHappened(result)) this.#changes.made(nameOf(place));
    return result;
  }

  /** A change of what a file says of itself. */
  async #afterWrites({ directory, path }: RemotePlace, make: () => Promise<number>): Promise<number> {
    await this.#unwritten.flush();
    if (directory !== undefined && path.length === 0) return this.#changing(directory, make);
    this.#changes.everything();
    const result = await make();
    this.#changes.everything();
    return result;
  }
}

/** The last name of a path. */
const nameOf = ({ path }: RemotePlace): string => /([^/]*)\/*$/.exec(keyOf(path))?.[1] ?? "";

/** Whether a call with this result may have changed something: it has, or nobody knows (RemoteFiles). */
const mayHaveHappened = (result: number): boolean => result >= 0 || result === EIO || result === EINTR;
