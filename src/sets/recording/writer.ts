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

  /** What is too long for a line is several events: bytes of streams, names of a directory. */
  write(event: RecordedEvent): void {
    if (this.#ended) return;
    for (const part of partsOf(event)) {
      this.#events++;
      this.#line(part);
    }
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

/** Names of a directory in one line. */
const NAMES_PART = 4096;
const inParts: ReadonlySet<string> = new Set(["input", "output", "send", "receive"]);

function partsOf(event: RecordedEvent): readonly RecordedEvent[] {
  if (event.k === "list" && event.names.length > NAMES_PART) {
    const { names } = event;
    return Array.from({ length: Math.ceil(names.length / NAMES_PART) }, (_, at) => ({
      ...event,
      names: names.slice(at * NAMES_PART, (at + 1) * NAMES_PART),
    }));
  }
  if (!inParts.has(event.k) || !("data" in event)) return [event];
  const { data } = event;
  const length = (BLOB_PART / 3) * 4; // of base64
  const count = Math.max(1, Math.ceil(data.length / length));
  return Array.from({ length: count }, (_, at) => ({ ...event, data: data.slice(at * length, (at + 1) * length) }));
}
