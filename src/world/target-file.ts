/** A file of the target that a program has open. */
import { constants } from "node:fs";
import type { FileHandlers } from "../hooks/served-file.ts";
import { identityOf, modeOf, sizeOf } from "../hooks/stat.ts";
import type { CallingProcess, OpenedFile } from "../hooks/types.ts";
import { errnoName } from "../linux/errno.ts";
import type { RemoteFile, RemotePlace } from "../session/remote-file.ts";
import type { Opened } from "../session/remote-files.ts";
import { error } from "./errors.ts";
import type { Files } from "./files.ts";
import { ReadAhead } from "./read-ahead.ts";
import type { AllUnwritten } from "./unwritten.ts";
import { WriteBehind } from "./write-behind.ts";

/** Bytes: files are smaller on most file systems. */
const FAR = 2 ** 40;
const S_IFMT = 0o170000;
const key = Symbol("target file");

export class TargetFile {
  /** Where it was opened: absolute. */
  readonly path: string;
  readonly files: Files;
  readonly isReadOnly: boolean;
  /** Undefined where it needed to be open no longer than it took to read all of it. */
  #file: RemoteFile | undefined;
  readonly #opened: Opened;
  readonly #reading: ReadAhead | undefined;
  readonly #writing: WriteBehind | undefined;
  /** Open with O_APPEND where it was opened without, or the other way round. */
  #otherwise: Promise<Opened | number> | undefined;

  /** @param isReadOnly whether nothing of it may be changed, whatever it was opened for */
  constructor(files: Files, unwritten: AllUnwritten, path: string, opened: Opened, isReadOnly: boolean) {
    this.isReadOnly = isReadOnly;
    this.files = files;
    this.path = path;
    this.#file = opened.file;
    this.#opened = opened;
    this.#reading = opened.file && new ReadAhead(files, opened.file);
    this.#writing = opened.file && new WriteBehind(files, opened.file, unwritten);
  }

  /** What a descriptor is open on, if that is in the target. */
  static of(process: CallingProcess, fd: number): TargetFile | undefined {
    return TargetFile.behind(process.descriptors.get(fd));
  }

  static behind(file: OpenedFile | undefined): TargetFile | undefined {
    const found = file?.data.get(key);
    return found instanceof TargetFile ? found : undefined;
  }

  belongTo(file: OpenedFile | undefined): void {
    file?.data.set(key, this);
  }

  get file(): RemoteFile | undefined {
    return this.#file;
  }

  get isDirectory(): boolean {
    return (modeOf(this.#opened.statx) & S_IFMT) === constants.S_IFDIR;
  }

  /** All of it is in the program's hands already. */
  get isInHand(): boolean {
    return this.#opened.content !== undefined;
  }

  /** Which file it is: device and inode, as the target numbers them. */
  get identity(): string {
    return identityOf(this.#opened.statx);
  }

  /** It open in the target, as locks need it. @returns −ESTALE when its path leads to another file by now */
  async kept(): Promise<RemoteFile | number> {
    if (this.#file !== undefined) return this.#file;
    const again = await this.files.open({ path: this.path }, { flags: constants.O_RDONLY });
    if (typeof again === "number") return again;
    if (again.file === undefined || identityOf(again.statx) !== this.identity) {
      if (again.file !== undefined) await this.files.close(again.file);
      return error("ESTALE");
    }
    return (this.#file = again.file);
  }

  /** For calls on the file itself. */
  get place(): RemotePlace {
    return this.file === undefined ? { path: this.path } : { directory: this.file, path: "" };
  }

  /** @returns struct statx, or −errno; of a file that was read when it was opened as of then */
  async stat(): Promise<Uint8Array | number> {
    if (this.#opened.file === undefined) return this.#opened.statx;
    await this.flush();
    return this.files.stat(this.place);
  }

  /** Bytes, or −errno. */
  async size(): Promise<number> {
    const statx = await this.stat();
    return typeof statx === "number" ? statx : sizeOf(statx);
  }

  /** @returns bytes, none at the end; or −errno */
  async read(offset: number, length: number): Promise<Uint8Array | number> {
    const error = await this.flush();
    return error < 0 ? error : ((await this.#reading?.read(offset, length)) ?? new Uint8Array(0));
  }

  /** What was written goes there. @returns 0, or −errno of what did not arrive, once */
  async flush(): Promise<number> {
    return (await this.#writing?.flush()) ?? 0;
  }

  /** Others than the handlers have changed it: what was read ahead is old. */
  changed(): void {
    this.#reading?.forget();
  }

  /** lseek(2) with SEEK_DATA or SEEK_HOLE. @returns the offset, or −errno */
  async seek(offset: number, whence: number): Promise<number> {
    const file = await this.kept();
    if (typeof file === "number") return file;
    const error = await this.flush();
    return error < 0 ? error : Number(await this.files.seek(file, BigInt(offset), whence));
  }

  async sync(dataOnly: boolean): Promise<number> {
    const error = await this.flush();
    return error < 0 || this.file === undefined ? error : this.files.sync(this.file, dataOnly);
  }

  /** Nobody has it open any more. */
  async close(): Promise<void> {
    await this.flush();
    if (this.file !== undefined) await this.files.close(this.file);
    const otherwise = await this.#otherwise;
    if (typeof otherwise === "object" && otherwise.file !== undefined) await this.files.close(otherwise.file);
  }

  /** What the calls on its descriptors are answered with. */
  handlers(isForWriting: boolean): FileHandlers {
    return {
      stat: async () => {
        const statx = await this.stat();
        if (typeof statx === "number") throw Object.assign(new Error("fstat"), { code: errnoName(-statx) });
        return { size: sizeOf(statx), statx };
      },
      read: (offset, length) => this.read(offset, length),
      seek: (offset, whence) => this.seek(offset, whence),
      sync: () => this.sync(false),
      ...(isForWriting && this.#writingHandlers()),
    };
  }

  /** What may be more than the file system allows is not believed before it has been done: EFBIG. */
  async #write(offset: number, bytes: Uint8Array): Promise<number> {
    if (this.#isAppending) return this.#writeNow(offset, bytes);
    const written = (await this.#writing?.write(offset, bytes)) ?? 0;
    const failed = offset > FAR ? await this.flush() : 0;
    return failed < 0 ? failed : written;
  }

  /** It was opened with O_APPEND, and is no more (F_SETFL). */
  async #writeNow(offset: number, bytes: Uint8Array): Promise<number> {
    const file = await this.#openFor(false);
    if (typeof file === "number") return file;
    const result = await this.files.write(file, BigInt(offset), bytes);
    return typeof result === "number" ? result : result.written;
  }

  get #isAppending(): boolean {
    return ((this.#file?.flags ?? 0) & constants.O_APPEND) !== 0;
  }

  /** It open so that writes go to its end, or where they are told to: a program may change its mind (F_SETFL). @returns −errno */
  async #openFor(appending: boolean): Promise<RemoteFile | number> {
    if (this.#file === undefined) return error("EBADF");
    if (this.#isAppending === appending) return this.#file;
    const flags = constants.O_WRONLY | (appending ? constants.O_APPEND : 0);
    this.#otherwise ??= this.files.open(this.place, { flags });
    const opened = await this.#otherwise;
    return typeof opened === "number" ? opened : (opened.file ?? error("EIO"));
  }

  #writingHandlers(): FileHandlers {
    const { file, files } = this;
    if (file === undefined) return {};
    return {
      write: (offset, bytes) => {
        this.#reading?.forget();
        return this.#write(offset, bytes);
      },
      append: async (bytes) => {
        this.#reading?.forget();
        await this.flush();
        const at = await this.#openFor(true);
        if (typeof at === "number") return at;
        const result = await files.write(at, 0n, bytes);
        return typeof result === "number" ? result : { written: result.written, size: Number(result.size) };
      },
      truncate: async (size) => {
        this.#reading?.forget();
        const error = await this.flush();
        return error < 0 ? error : files.truncate({ directory: file, path: "" }, BigInt(size));
      },
    };
  }
}
