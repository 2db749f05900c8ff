/**
 * A named pipe of the target that a program has open. The program has a pipe of this machine, so reading, writing,
 * waiting and readiness are the kernel's; what goes through it is carried from and to the target. Each end of the local
 * pipe is open for as long as somebody has the same end open there: then EOF and EPIPE are the kernel's too.
 *
 * What can be told: up to 64 KiB that nobody has read yet are on their way, here or there; a write learns that the last
 * reader has gone some hundredths of a second later, a reader the same of the first writer, if that is another's.
 */
import { closeSync, constants, mkdtempSync, openSync, rmdirSync, unlinkSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identityOf } from "../hooks/stat.ts";
import type { OpenedFile } from "../hooks/types.ts";
import { KernelCalls } from "../linux/kernel-calls.ts";
import { requireHostMachine } from "../machine/machines.ts";
import type { RemoteFile, RemotePlace } from "../session/remote-file.ts";
import type { Files } from "./files.ts";

const key = Symbol("target pipe");
const AT_FDCWD = -100;
const S_IFIFO = 0o010000;
const O_PATH = 0o10000000;
/** A pipe's room (fs/pipe.c, PIPE_DEF_BUFFERS pages). */
const ROOM = 65_536;

export interface TargetPipeOptions {
  readonly files: Files;
  readonly file: RemoteFile;
  /** Whether nothing of it may be changed. */
  readonly isReadOnly: boolean;
  /** O_RDONLY, O_WRONLY or O_RDWR. */
  readonly access: number;
  /** Those of the world, to which it belongs for as long as it is open. */
  readonly pipes: Set<TargetPipe>;
}

export class TargetPipe {
  /** What the program opens. */
  readonly link: string;
  readonly #with: TargetPipeOptions;
  readonly #path: number;
  readonly #over = new AbortController();
  /** Held while the program opens it, so that it need not wait. */
  #keeper: number | undefined;
  #end: Socket | undefined;
  /** Settled for as long as the reading program has a writer here. */
  #meeting = Promise.withResolvers<void>();
  #carried: Promise<void> = Promise.resolve();

  constructor(options: TargetPipeOptions) {
    this.#with = options;
    this.#path = makePipe();
    this.link = `/proc/${process.pid}/fd/${this.#path}`;
    this.#keeper = this.#open(constants.O_RDWR);
    options.pipes.add(this);
  }

  static behind(file: OpenedFile | undefined): TargetPipe | undefined {
    const found = file?.data.get(key);
    return found instanceof TargetPipe ? found : undefined;
  }

  get place(): RemotePlace {
    return { directory: this.#with.file, path: "" };
  }

  get isReadOnly(): boolean {
    return this.#with.isReadOnly;
  }

  get files(): Files {
    return this.#with.files;
  }

  /** Whether what is written must not come back: the program has both ends in one. */
  get isForBoth(): boolean {
    return this.#with.access === constants.O_RDWR;
  }

  stat(): Promise<Uint8Array | number> {
    return this.files.stat(this.place);
  }

  /**
   * Until those who read it here have a writer, where this one is open for writing: a program that has opened both
   * ends finds no end of file before it has closed one.
   */
  async meetReaders(): Promise<void> {
    const identity = identityOf(this.#with.file.statx);
    const readers = [...this.#with.pipes].filter(
      (pipe) => pipe.#with.access === constants.O_RDONLY && identityOf(pipe.#with.file.statx) === identity,
    );
    await Promise.all(readers.map((pipe) => pipe.#meeting.promise));
  }

  /** @returns how many bytes, or −errno */
  write(bytes: Uint8Array, signal: AbortSignal): Promise<number> {
    return this.files.pipes.write(this.#with.file, bytes, signal);
  }

  /** The program has it open. @param isWaited whether somebody has the other end open */
  opened(file: OpenedFile | undefined, isWaited: boolean): void {
    file?.data.set(key, this);
    file?.onReleased.push(() => void this.#released());
    const isForWriting = this.#with.access === constants.O_WRONLY;
    this.#carried = isForWriting ? this.#carryThere() : this.#carryHere(isWaited);
  }

  /** The program could not open it, or has closed it and everything has arrived. */
  async close(): Promise<void> {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    this.#with.pipes.delete(this);
    this.#meeting.resolve();
    this.#letGo();
    this.#end?.destroy();
    closeSync(this.#path);
    await this.files.close(this.#with.file);
  }

  /** Until what the program has written has arrived: it has ended, or closed it. */
  async drained(): Promise<void> {
    if (this.#with.access === constants.O_WRONLY) await this.#carried;
  }

  async #released(): Promise<void> {
    await this.drained();
    await this.close();
  }

  #letGo(): void {
    if (this.#keeper !== undefined) closeSync(this.#keeper);
    this.#keeper = undefined;
  }

  #open(flags: number): number {
    return openSync(`/proc/self/fd/${this.#path}`, flags | constants.O_NONBLOCK);
  }

  /** From the target to the program, who reads. */
  async #carryHere(isWaited: boolean): Promise<void> {
    const { file } = this.#with;
    const { pipes } = this.files;
    const { signal } = this.#over;
    let end = isWaited ? this.#endFor(constants.O_WRONLY) : undefined;
    this.#letGo(); // before anybody writes, a reader that does not wait finds the end
    for (;;) {
      if (end === undefined && (await pipes.awaitPeer(file, true, signal)) < 0) return this.#meeting.resolve();
      end ??= this.#endFor(constants.O_WRONLY);
      this.#meeting.resolve();
      if (end === undefined) return; // nobody reads
      for (;;) {
        const data = await pipes.read(file, ROOM, signal);
        if (typeof data === "number" || data.length === 0 || !(await written(end, data))) break;
      }
      this.#meeting = Promise.withResolvers();
      await ended(end);
      end = undefined;
    }
  }

  /** From the program, who writes, to the target. */
  async #carryThere(): Promise<void> {
    const { file } = this.#with;
    const { pipes } = this.files;
    const { signal } = this.#over;
    for (;;) {
      const end = this.#endFor(constants.O_RDONLY);
      if (end === undefined) return;
      this.#letGo();
      const gone = new AbortController();
      const isAlone = pipes.awaitPeer(file, false, AbortSignal.any([signal, gone.signal]));
      void isAlone.then(() => end.destroy());
      let failed = 0;
      try {
        for await (const chunk of end as AsyncIterable<Uint8Array>) {
          failed = await pipes.write(file, chunk);
          if (failed < 0) break;
        }
      } catch {
        // destroyed: nobody reads there
      }
      const isOver = failed >= 0 && end.readableEnded;
      gone.abort();
      end.destroy();
      if (isOver || signal.aborted || (await pipes.awaitPeer(file, true, signal)) < 0) return;
    }
  }

  /** The local pipe's other end; undefined where the program has it no longer. */
  #endFor(flags: number): Socket | undefined {
    try {
      const fd = this.#open(flags);
      const isReading = flags === constants.O_RDONLY;
      this.#end = new Socket({ fd, readable: isReading, writable: !isReading, highWaterMark: ROOM } as object);
      this.#end.on("error", () => undefined);
      return this.#end;
    } catch {
      return undefined;
    }
  }
}

/** @returns whether somebody may read it */
const written = (end: Socket, data: Uint8Array): Promise<boolean> =>
  new Promise((resolve) => {
    if (end.destroyed) resolve(false);
    else end.write(data, (error) => resolve(error === undefined || error === null));
  });

const ended = (end: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (end.destroyed) resolve();
    else {
      end.once("close", () => resolve());
      end.end(() => end.destroy());
    }
  });

/** A pipe without a name. @returns a descriptor that it can be opened by */
function makePipe(): number {
  const kernel = new KernelCalls(requireHostMachine().calls);
  const folder = mkdtempSync(join(tmpdir(), "elsewhere-pipe-"));
  const path = join(folder, "pipe");
  try {
    const failed = kernel.makeNow("mknodat", AT_FDCWD, path, S_IFIFO | 0o600, 0);
    if (failed < 0) throw new Error(`a pipe cannot be made: error ${-failed}`);
    const descriptor = openSync(path, O_PATH);
    unlinkSync(path);
    return descriptor;
  } finally {
    rmdirSync(folder);
  }
}
