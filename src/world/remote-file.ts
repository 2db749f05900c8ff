/** An open file of the target, as a program here has it. */
import type { FileHandlers } from "../hooks/served-file.ts";
import { sizeOf } from "../hooks/stat.ts";
import type { CallingProcess, OpenedFile } from "../hooks/types.ts";
import { errnoName } from "../linux/errno.ts";
import { ReadAhead } from "./read-ahead.ts";
import { at, itself, methods, type Remote, type RemotePlace } from "./remote.ts";
import { WriteBehind } from "./write-behind.ts";

const key = Symbol("remote file");

export class RemoteFile {
  /** Where it was opened: absolute. */
  readonly path: string;
  /** The agent's; 0n where it needed to be open no longer than it took to read it. */
  readonly handle: bigint;
  readonly remote: Remote;
  readonly #reading: ReadAhead;
  readonly #writing: WriteBehind;

  constructor(remote: Remote, path: string, handle: bigint) {
    this.remote = remote;
    this.path = path;
    this.handle = handle;
    this.#reading = new ReadAhead(remote, handle);
    this.#writing = new WriteBehind(remote, handle);
  }

  /** What a descriptor is open on, if that is in the target. */
  static of(process: CallingProcess, fd: number): RemoteFile | undefined {
    return RemoteFile.behind(process.descriptors.get(fd));
  }

  static behind(file: OpenedFile | undefined): RemoteFile | undefined {
    const found = file?.data.get(key);
    return found instanceof RemoteFile ? found : undefined;
  }

  /** From now on the file is this one. */
  belongTo(file: OpenedFile | undefined): void {
    file?.data.set(key, this);
  }

  /** For calls on the file itself. */
  get place(): RemotePlace {
    return this.handle === 0n ? at(this.path) : itself(this.handle);
  }

  /** @returns struct statx, or −errno */
  async stat(): Promise<Uint8Array | number> {
    const { errno, statx } = await this.remote.look(methods.stat, { place: this.place });
    return errno === 0 ? statx : -errno;
  }

  async read(offset: number, length: number): Promise<Uint8Array | number> {
    const error = await this.#writing.flush();
    return error < 0 ? error : this.#reading.read(offset, length);
  }

  write(offset: number, bytes: Uint8Array): Promise<number> {
    this.#reading.forget();
    return this.#writing.write(offset, bytes);
  }

  async append(data: Uint8Array): Promise<{ written: number; size: number } | number> {
    this.#reading.forget();
    const { errno, written, size } = await this.remote.look(methods.write, { handle: this.handle, data });
    return errno !== 0 && written === 0 ? -errno : { written, size: Number(size) };
  }

  /** @returns 0, or −errno of a write that did not arrive */
  flush(): Promise<number> {
    return this.#writing.flush();
  }

  async sync(dataOnly: boolean): Promise<number> {
    const error = await this.flush();
    if (error < 0) return error;
    const { errno } = await this.remote.ask(methods.sync, { handle: this.handle, dataOnly });
    return -errno;
  }

  async truncate(size: number): Promise<number> {
    this.#reading.forget();
    return this.remote.result(methods.truncate, { place: itself(this.handle), size: BigInt(size) });
  }

  /** Nobody has it open any more. */
  async close(): Promise<void> {
    await this.flush();
    if (this.handle !== 0n) await this.remote.ask(methods.close, { handle: this.handle });
  }

  /** @param opened struct statx of when it was opened */
  handlers(opened: Uint8Array, isForWriting: boolean): FileHandlers {
    const told = async (): Promise<{ size: number; statx: Uint8Array }> => {
      if (this.handle === 0n) return { size: sizeOf(opened), statx: opened };
      const statx = await this.stat();
      if (typeof statx === "number") throw Object.assign(new Error("fstat"), { code: errnoName(-statx) });
      return { size: sizeOf(statx), statx };
    };
    return {
      stat: told,
      read: (offset, length) => this.read(offset, length),
      ...(isForWriting && {
        write: (offset, bytes) => this.write(offset, bytes),
        append: (bytes) => this.append(bytes),
        truncate: (size) => this.truncate(size),
      }),
      sync: () => (this.handle === 0n ? 0 : this.sync(false)),
      close: () => void this.close(),
    };
  }
}
