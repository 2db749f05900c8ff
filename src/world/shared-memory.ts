/**
 * Shared mappings of a file of the target (MAP_SHARED): one object in memory for each file and run, mapped by all
 * processes of the run that map the file, so that they see each other's stores at once. What has changed in it is
 * written to the target at msync, munmap, fsync, close, when the program reads the file or opens it, ten times a
 * second, and at the end.
 *
 * What others change in the target is seen by who maps a part that nobody has mapped yet, and else once nobody has the
 * file mapped any more. A byte that is stored as it was is not written.
 */
import { closeSync, constants, fstatSync, ftruncateSync, readSync, writeSync } from "node:fs";
import { sizeOf } from "../hooks/stat.ts";
import { memfdName, MFD_ALLOW_SEALING, MFD_CLOEXEC } from "../hooks/sealed-file.ts";
import { addSeals, memfdCreate } from "../linux/native.ts";
import type { RemoteFile } from "../session/remote-file.ts";
import type { Files } from "./files.ts";
import { error } from "./errors.ts";
import type { TargetFile } from "./target-file.ts";

/** Bytes that are brought and compared at once. */
const CHUNK = 65_536;
const PAGE = 4096;

export class SharedMemory {
  /** What programs open and map. */
  readonly link: string;
  readonly #files: Files;
  readonly #descriptor: number;
  /** What the target has, as far as is known here: by chunk. */
  readonly #known = new Map<number, Buffer>();
  /** Processes that are about to map it. */
  #users = 0;
  #file: RemoteFile;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(files: Files, file: RemoteFile, path: string) {
    this.#files = files;
    this.#file = file;
    this.#descriptor = memfdCreate(memfdName(path), MFD_CLOEXEC | MFD_ALLOW_SEALING);
    this.link = `/proc/${process.pid}/fd/${this.#descriptor}`;
  }

  /** @returns −errno where the file cannot be opened once more */
  static async of(target: TargetFile, isForWriting: boolean): Promise<SharedMemory | number> {
    const file = await opened(target, isForWriting);
    return typeof file === "number" ? file : new SharedMemory(target.files, file, target.path);
  }

  /** Until `release` it stays, mapped or not. @returns 0 or −errno */
  async prepare(target: TargetFile, isForWriting: boolean, offset: number, length: number): Promise<number> {
    this.#users++;
    return this.#inTurn(async () => {
      if (isForWriting && (this.#file.flags & constants.O_RDWR) === 0) {
        const file = await opened(target, true);
        if (typeof file === "number") return file;
        await this.#files.close(this.#file);
        this.#file = file;
      }
      return this.#bring(offset, length);
    });
  }

  release(): void {
    this.#users--;
  }

  /** What the program has stored goes there. @returns 0 or −errno */
  writeBack(): Promise<number> {
    return this.#inTurn(() => this.#writeBack());
  }

  /** The program has written to the file otherwise. */
  written(offset: number, bytes: Uint8Array): void {
    if (this.#size() < offset + bytes.length) ftruncateSync(this.#descriptor, offset + bytes.length);
    writeSync(this.#descriptor, bytes, 0, bytes.length, offset);
    for (const [index, known] of this.#known) {
      const from = Math.max(offset, index * CHUNK);
      const to = Math.min(offset + bytes.length, (index + 1) * CHUNK);
      if (from < to) known.set(bytes.subarray(from - offset, to - offset), from - index * CHUNK);
    }
  }

  /** The program has changed the file's size. */
  resized(size: number): void {
    if (size < this.#size())
      for (const [index, known] of this.#known) known.fill(0, Math.min(Math.max(size - index * CHUNK, 0), CHUNK));
    ftruncateSync(this.#descriptor, size);
  }

  /** Ends it if nobody has it mapped: memory that is mapped for writing cannot be sealed (mm/memfd.c, EBUSY). */
  endIfUnused(): boolean {
    return this.#users === 0 && addSeals(this.#descriptor) === 0;
  }

  async close(): Promise<void> {
    await this.writeBack();
    closeSync(this.#descriptor);
    await this.#files.close(this.#file);
  }

  #size(): number {
    return fstatSync(this.#descriptor).size;
  }

  #inTurn(work: () => Promise<number>): Promise<number> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #bring(offset: number, length: number): Promise<number> {
    const statx = await this.#files.stat({ directory: this.#file, path: "" });
    if (typeof statx === "number") return statx;
    const [before, size] = [this.#size(), sizeOf(statx)];
    if (size !== before) ftruncateSync(this.#descriptor, size);
    const first = Math.floor(offset / CHUNK);
    const last = Math.floor((Math.min(offset + length, size) - 1) / CHUNK);
    const wanted: number[] = [];
    for (let index = first; index <= last; index++)
      if (!this.#known.has(index) || (index + 1) * CHUNK > before) wanted.push(index);
    const results = await Promise.all(wanted.map((index) => this.#bringChunk(index, before)));
    return results.find((result) => result < 0) ?? 0;
  }

  /** @param before of a chunk that is known, what is in front of this offset */
  async #bringChunk(index: number, before: number): Promise<number> {
    const start = index * CHUNK;
    const data = await this.#files.read(this.#file, BigInt(start), CHUNK);
    if (typeof data === "number") return data;
    const known = this.#known.get(index) ?? Buffer.alloc(CHUNK);
    const from = this.#known.has(index) ? Math.min(Math.max(before - start, 0), data.length) : 0;
    known.set(data.subarray(from), from);
    this.#known.set(index, known);
    if (data.length > from) writeSync(this.#descriptor, data, from, data.length - from, start + from);
    return 0;
  }

  async #writeBack(): Promise<number> {
    let failed = 0;
    const now = Buffer.alloc(CHUNK);
    for (const [index, known] of this.#known) {
      const length = readSync(this.#descriptor, now, 0, CHUNK, index * CHUNK);
      if (now.compare(known, 0, length, 0, length) === 0) continue;
      for (const [from, to] of differences(now.subarray(0, length), known)) {
        const bytes = Buffer.from(now.subarray(from, to));
        const result = await this.#files.write(this.#file, BigInt(index * CHUNK + from), bytes);
        if (typeof result === "number") failed ||= result;
        else known.set(bytes, from);
      }
    }
    return failed;
  }
}

/** Where they differ: of each page from the first such byte to the last; pages that follow each other in one. */
function differences(now: Buffer, known: Buffer): (readonly [number, number])[] {
  const found: [number, number][] = [];
  for (let page = 0; page < now.length; page += PAGE) {
    const end = Math.min(page + PAGE, now.length);
    if (now.compare(known, page, end, page, end) === 0) continue;
    let from = page;
    while (now[from] === known[from]) from++;
    let to = end;
    while (now[to - 1] === known[to - 1]) to--;
    const last = found.at(-1);
    if (last !== undefined && last[1] === from) last[1] = to;
    else found.push([from, to]);
  }
  return found;
}

/** The file once more, for as long as it is mapped. */
async function opened({ files, place }: TargetFile, isForWriting: boolean): Promise<RemoteFile | number> {
  const flags = isForWriting ? constants.O_RDWR : constants.O_RDONLY;
  const again = await files.open(place, { flags });
  return typeof again === "number" ? again : (again.file ?? error("EIO"));
}
