/**
 * Reading an open file of the target. Who reads on from where they stopped gets what was fetched ahead, ever more of it;
 * who reads here and there gets what they ask for and no more. What was fetched is good for a second,
 * or until a program of this world changes the file.
 */
import { limits } from "../wire/limits.ts";
import type { Files, RemoteFile } from "./files.ts";

/** A file in blocks, bytes: what is fetched ahead begins and ends with one. */
const BLOCK = 256 * 1024;
/** Blocks that one question brings to who has read on for long: questions cost, not bytes. */
const LONG = limits.dataBytes / BLOCK;
/** Blocks under way or in hand ahead of the reader. */
const MOST_AHEAD = 32;
/** How long what was fetched counts, milliseconds. */
const FRESH_MS = 1000;

interface Fetched {
  /** Where it begins, and how many there are. */
  readonly block: number;
  readonly blocks: number;
  readonly data: Promise<Uint8Array | number>;
  readonly askedMs: number;
  /** Of the file, when it was asked. */
  readonly stamp: number;
}

type ReadFiles = Pick<Files, "read" | "stamp">;

export class ReadAhead {
  readonly #files: ReadFiles;
  readonly #file: RemoteFile;
  /** By each of their blocks. */
  readonly #fetched = new Map<number, Fetched>();
  /** Where the last read ended. */
  #expected = 0;
  #ahead = 0;

  constructor(files: ReadFiles, file: RemoteFile) {
    this.#files = files;
    this.#file = file;
  }

  /** @returns at most `length` bytes, none at the end; or −errno */
  async read(offset: number, length: number): Promise<Uint8Array | number> {
    const wanted = Math.min(length, limits.dataBytes);
    const isOn = offset === this.#expected;
    this.#ahead = isOn ? Math.min(Math.max(this.#ahead * 2, 1), MOST_AHEAD) : 0;
    const found = isOn ? await this.#readOn(offset, wanted) : await this.#fetch(offset, wanted);
    if (typeof found !== "number") this.#expected = offset + found.length;
    return found;
  }

  /** Something has changed. */
  forget(): void {
    this.#fetched.clear();
  }

  async #readOn(offset: number, length: number): Promise<Uint8Array | number> {
    const first = Math.floor(offset / BLOCK);
    const last = Math.floor((offset + length - 1) / BLOCK);
    for (const block of this.#fetched.keys()) if (block < first) this.#fetched.delete(block);
    const parts: Uint8Array[] = [];
    for (let at = first; at <= last + this.#ahead;) {
      const { block, blocks, data: coming } = this.#containing(at);
      at = block + blocks;
      if (block > last) continue;
      const data = await coming;
      if (typeof data === "number") {
        for (let of = block; of < at; of++) this.#fetched.delete(of);
        return parts.length === 0 ? data : Buffer.concat(parts);
      }
      const start = block * BLOCK;
      parts.push(data.subarray(Math.max(0, offset - start), offset + length - start));
      if (data.length < blocks * BLOCK) {
        this.#fetched.clear(); // the end, for now: the file may grow
        break;
      }
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  }

  #containing(block: number): Fetched {
    const known = this.#fetched.get(block);
    const now = performance.now();
    const stamp = this.#files.stamp(this.#file);
    if (known !== undefined && known.stamp === stamp && now - known.askedMs < FRESH_MS) return known;
    const blocks = this.#ahead >= 2 * LONG && block % LONG === 0 ? LONG : 1;
    const data = this.#fetch(block * BLOCK, blocks * BLOCK);
    const fetched = { block, blocks, data, askedMs: now, stamp };
    for (let at = block; at < block + blocks; at++) this.#fetched.set(at, fetched);
    return fetched;
  }

  #fetch(offset: number, length: number): Promise<Uint8Array | number> {
    return this.#files.read(this.#file, BigInt(offset), length);
  }
}
