/**
 * Writing an open file of the target: what the program has written goes there a little later, in few large pieces. An
 * error is told by the next write, by fsync, or at the latest by close, as of a file on NFS. What touches bytes that are
 * still under way waits for them.
 */
import { identityOf } from "../hooks/stat.ts";
import { limits } from "../wire/limits.ts";
import type { Files, RemoteFile } from "./files.ts";
import type { AllUnwritten, Unwritten } from "./unwritten.ts";

/** Bytes under way. */
const MOST_UNDER_WAY = 8 * limits.dataBytes;
/** Pieces under way, beyond which small writes are gathered until one has arrived. */
const ENOUGH_UNDER_WAY = 4;

interface Piece {
  readonly offset: number;
  readonly parts: Uint8Array[];
  length: number;
}

export class WriteBehind implements Unwritten {
  readonly identity: string;
  readonly #files: Files;
  readonly #file: RemoteFile;
  readonly #unwritten: AllUnwritten;
  readonly #underWay = new Map<Piece, Promise<void>>();
  /** Not yet sent: more may come behind it. */
  #open: Piece | undefined;
  #bytesUnderWay = 0;
  #error = 0;

  constructor(files: Files, file: RemoteFile, unwritten: AllUnwritten) {
    this.#files = files;
    this.#file = file;
    this.identity = identityOf(file.statx);
    this.#unwritten = unwritten;
  }

  /** @returns how many bytes, or −errno of an earlier write */
  async write(offset: number, bytes: Uint8Array): Promise<number> {
    if (this.#error !== 0) return this.#takeError();
    for (let at = 0; at < bytes.length; at += limits.dataBytes)
      await this.#add(offset + at, bytes.subarray(at, at + limits.dataBytes));
    return bytes.length;
  }

  /** Until everything has arrived. @returns 0, or −errno of what did not, once */
  async flush(): Promise<number> {
    await this.settle();
    return this.#takeError();
  }

  async settle(): Promise<void> {
    this.#send();
    await Promise.all(this.#underWay.values());
    if (this.#open === undefined && this.#underWay.size === 0) this.#unwritten.delete(this);
  }

  async #add(offset: number, bytes: Uint8Array): Promise<void> {
    const open = this.#open;
    const follows = open !== undefined && open.offset + open.length === offset;
    if (!follows || open.length + bytes.length > limits.dataBytes) this.#send();
    while (this.#bytesUnderWay > MOST_UNDER_WAY || this.#overlaps(offset, bytes.length))
      await Promise.race(this.#underWay.values());
    if (this.#open === undefined) this.#open = { offset, parts: [bytes], length: bytes.length };
    else {
      this.#open.parts.push(bytes);
      this.#open.length += bytes.length;
    }
    this.#unwritten.add(this);
    this.#files.touched(this.#file);
    if (this.#underWay.size < ENOUGH_UNDER_WAY) this.#send();
  }

  #overlaps(offset: number, length: number): boolean {
    return this.#underWay
      .keys()
      .some((piece) => piece.offset < offset + length && offset < piece.offset + piece.length);
  }

  #send(): void {
    const piece = this.#open;
    if (piece === undefined) return;
    this.#open = undefined;
    this.#bytesUnderWay += piece.length;
    this.#underWay.set(piece, this.#write(piece));
  }

  async #write(piece: Piece): Promise<void> {
    const data = piece.parts.length === 1 ? piece.parts[0] : Buffer.concat(piece.parts);
    const result = await this.#files.write(this.#file, BigInt(piece.offset), data ?? new Uint8Array(0));
    const error = typeof result === "number" ? result : result.stopped;
    if (error < 0) this.#error ||= error;
    this.#underWay.delete(piece);
    this.#bytesUnderWay -= piece.length;
    this.#send();
  }

  #takeError(): number {
    const error = this.#error;
    this.#error = 0;
    return error;
  }
}
