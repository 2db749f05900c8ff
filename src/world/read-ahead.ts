/**
 * Reading an open file of the target. Who reads on from where they stopped gets what was fetched ahead, ever more of it;
 * who reads here and there gets what they ask for and no more. What was fetched is good for a second,
 * or until a program of this world changes the file.
 */
import { limits } from "../wire/limits.ts";
import type { Files, RemoteFile } from "./files.ts";

/** Bytes that are fetched at once. */
const CHUNK = 256 * 1024;
/** Chunks under way or in hand ahead of the reader. */
const MOST_AHEAD = 32;
/** How long what was fetched counts, milliseconds. */
const FRESH_MS = 1000;

interface Chunk {
  readonly data: Promise<Uint8Array | number>;
  readonly askedMs: number;
  /** Of the file, when it was asked. */
  readonly stamp: number;
}

export class ReadAhead {
  readonly #files: Files;
  readonly #file: RemoteFile;
  readonly #chunks = new Map<number, Chunk>();
  /** Where the last read ended. */
  #expected = 0;
  #ahead = 0;

  constructor(files: Files, file: RemoteFile) {
    this.#files = files;
    this.#file = file;
  }

  /** @returns at most `length` bytes, none at the end; or −errno */
  async read(offset: number, length: number): Promise<Uint8Array | number> {
    const wanted = Math.min(length, limits.dataBytes);
    const isOn = offset === this.#expected;
    this.#ahead = isOn ? Math.min(Math.max(this.#ahead * 2, 1), MOST_AHEAD) : 0;
    const found = isOn ? await this.#fromChunks(offset, wanted) : await this.#fetch(offset, wanted);
    if (typeof found !== "number") this.#expected = offset + found.length;
    return found;
  }

  /** Something has changed. */
  forget(): void {
    this.#chunks.clear();
  }

  async #fromChunks(offset: number, length: number): Promise<Uint8Array | number> {
    const first = Math.floor(offset / CHUNK);
    const last = Math.floor((offset + length - 1) / CHUNK);
    for (const index of this.#chunks.keys()) if (index < first) this.#chunks.delete(index);
    const parts: Uint8Array[] = [];
    for (let index = first; index <= last + this.#ahead; index++) {
      const chunk = this.#chunk(index);
      if (index > last) continue;
      const data = await chunk.data;
      if (typeof data === "number") {
        this.#chunks.delete(index);
        return parts.length === 0 ? data : Buffer.concat(parts);
      }
      const start = index === first ? offset - first * CHUNK : 0;
      parts.push(data.subarray(start, Math.min(data.length, offset + length - index * CHUNK)));
      if (data.length < CHUNK) {
        this.#chunks.clear(); // the end, for now: the file may grow
        break;
      }
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  }

  #chunk(index: number): Chunk {
    const known = this.#chunks.get(index);
    const now = performance.now();
    const stamp = this.#files.stamp(this.#file);
    if (known !== undefined && known.stamp === stamp && now - known.askedMs < FRESH_MS) return known;
    const chunk = { data: this.#fetch(index * CHUNK, CHUNK), askedMs: now, stamp };
    this.#chunks.set(index, chunk);
    return chunk;
  }

  #fetch(offset: number, length: number): Promise<Uint8Array | number> {
    return this.#files.read(this.#file, BigInt(offset), length);
  }
}
