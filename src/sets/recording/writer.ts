/** Writes a recording. Lines are gathered and written together; what is left is written at the end. */
import { createHash } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import { ElsewhereError } from "../../errors.ts";
import { FORMAT, type RecordedEvent, VERSION } from "./events.ts";

/** Characters that may wait. */
const GATHERED = 1 << 18;
/** A blob's bytes in one line. A multiple of three: no part ends in padding. */
export const BLOB_PART: number = 3 << 18;

export class RecordingWriter {
  readonly path: string;
  readonly #descriptor: number;
  #lines: string[] = [];
  #waiting = 0;
  #events = 0;
  #ended = false;
  readonly #blobs = new Map<string, number>();

  /** @throws ElsewhereError `output-unusable` */
  constructor(path: string) {
    this.path = path;
    try {
      this.#descriptor = openSync(path, "w", 0o600); // it holds whatever the program read: secrets, too
    } catch (cause) {
      throw new ElsewhereError({
        code: "output-unusable",
        message: "the recording cannot be written",
        context: [`path: ${path}`, String(cause)],
        cause,
      });
    }
    this.#line({ format: FORMAT, version: VERSION });
  }

  write(event: RecordedEvent): void {
    if (this.#ended) return;
    this.#events++;
    this.#line(event);
  }

  /** The number under which these bytes stand in the recording: the same ones are there once. */
  blob(bytes: Uint8Array): number {
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const known = this.#blobs.get(sha256);
    if (known !== undefined) return known;
    const id = this.#blobs.size;
    this.#blobs.set(sha256, id);
    const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    do {
      const data = whole.subarray(at, at + BLOB_PART).toString("base64");
      at += BLOB_PART;
      this.write({ k: "blob", id, data, ...(at < whole.length ? {} : { sha256 }) });
    } while (at < whole.length);
    return id;
  }

  /** Whatever comes later is not recorded. */
  end(): void {
    if (this.#ended) return;
    this.#line({ k: "end", events: this.#events });
    this.#ended = true;
    this.#flush();
    closeSync(this.#descriptor);
  }

  #line(value: object): void {
    const line = `${JSON.stringify(value)}\n`;
    this.#lines.push(line);
    this.#waiting += line.length;
    if (this.#waiting >= GATHERED) this.#flush();
  }

  #flush(): void {
    const bytes = Buffer.from(this.#lines.join(""));
    this.#lines = [];
    this.#waiting = 0;
    for (let at = 0; at < bytes.length;) at += writeSync(this.#descriptor, bytes, at);
  }
}
