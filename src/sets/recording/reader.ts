/** Reads a recording: line by line, each within a bound, each checked. */
import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { ElsewhereError } from "../../errors.ts";
import { FORMAT, type RecordedEvent, VERSION } from "./events.ts";
import { parseEvent, parseHeader } from "./schema.ts";
import { BLOB_PART } from "./writer.ts";

/** Bytes: a line is a part of some bytes in base64, 4096 names of 255 bytes, or a process's arguments and environment. */
export const LINE_MAX: number = 16 << 20;
const CHUNK = 1 << 20;

/** All of it; blobs by their number. */
export interface Contents {
  readonly events: readonly RecordedEvent[];
  readonly blobs: readonly Uint8Array[];
}

interface Line {
  readonly text: string;
  /** Where it begins, bytes. */
  readonly offset: number;
}

/** @throws ElsewhereError `recording-unusable` that names the file, the offset, and what was wanted there */
export function readRecording(path: string): Contents {
  const fail = (offset: number, wrong: string, hint?: string): ElsewhereError =>
    new ElsewhereError({
      code: "recording-unusable",
      message: `${path} is no whole recording`,
      context: [`offset ${offset}: ${wrong}`],
      ...(hint === undefined ? {} : { hint }),
    });
  const events: RecordedEvent[] = [];
  const blobs: Uint8Array[] = [];
  let parts: Uint8Array[] = [];
  let isFirst = true;
  let ended = false;
  let last = 0;
  for (const { text, offset } of lines(path, fail)) {
    last = offset + Buffer.byteLength(text) + 1;
    if (ended) throw fail(offset, "wanted the end of the file behind the last line");
    if (isFirst) {
      checkHeader(text, offset, fail);
      isFirst = false;
      continue;
    }
    const event = eventOf(text, offset, fail);
    if (event.k === "end") {
      if (event.events !== events.length + blobLines(blobs, parts))
        throw fail(offset, `wanted ${event.events} events, found ${events.length + blobLines(blobs, parts)}`);
      ended = true;
    } else if (event.k !== "blob") events.push(event);
    else {
      if (event.id !== blobs.length) throw fail(offset, `wanted blob ${blobs.length}, found ${event.id}`);
      parts.push(Buffer.from(event.data, "base64"));
      if (event.sha256 === undefined) continue;
      const whole = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
      const sha256 = createHash("sha256").update(whole).digest("hex");
      if (sha256 !== event.sha256)
        throw fail(offset, `blob ${event.id}: wanted SHA-256 ${event.sha256}, found ${sha256}`);
      blobs.push(whole);
      parts = [];
    }
  }
  if (isFirst) throw fail(0, "wanted a header, found the end of the file");
  if (!ended)
    throw fail(last, "wanted more events, found the end of the file", "elsewhere was killed, or still records");
  return { events, blobs };
}

type Fail = (offset: number, wrong: string, hint?: string) => ElsewhereError;

/** How many lines blobs took. */
const blobLines = (blobs: readonly Uint8Array[], parts: readonly Uint8Array[]): number =>
  blobs.reduce((sum, { length }) => sum + Math.max(1, Math.ceil(length / BLOB_PART)), parts.length);

function checkHeader(text: string, offset: number, fail: Fail): void {
  const header = parseHeader(parsed(text));
  if (header?.format !== FORMAT) throw fail(offset, `wanted {"format":"${FORMAT}",…}, found ${quote(text)}`);
  if (header.version !== VERSION)
    throw fail(
      offset,
      `wanted version ${VERSION}, found ${header.version}`,
      "replay it with the elsewhere that made it",
    );
}

function eventOf(text: string, offset: number, fail: Fail): RecordedEvent {
  const value = parsed(text);
  const event = value === undefined ? "it is no JSON" : parseEvent(value);
  if (typeof event === "string") throw fail(offset, `wanted an event, found ${quote(text)}: ${event}`);
  return event;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const quote = (text: string): string => JSON.stringify(text.slice(0, 60));

function* lines(path: string, fail: Fail): Generator<Line> {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (cause) {
    throw new ElsewhereError({
      code: "recording-unusable",
      message: `${path} cannot be read`,
      context: [String(cause)],
      cause,
    });
  }
  try {
    let kept: Buffer[] = [];
    let size = 0;
    let offset = 0;
    for (;;) {
      const chunk = Buffer.alloc(CHUNK);
      const count = readSync(descriptor, chunk);
      if (count === 0) break;
      let from = 0;
      for (let end = chunk.indexOf(10); end >= 0 && end < count; end = chunk.indexOf(10, from)) {
        const line = Buffer.concat([...kept, chunk.subarray(from, end)]);
        yield { text: line.toString(), offset };
        offset += line.length + 1;
        kept = [];
        size = 0;
        from = end + 1;
      }
      kept.push(chunk.subarray(from, count));
      size += count - from;
      if (size > LINE_MAX) throw fail(offset, `wanted a line of at most ${LINE_MAX} bytes, found a longer one`);
    }
    if (size > 0)
      throw fail(offset, "wanted a whole line, found the end of the file", "elsewhere was killed, or still records");
  } finally {
    closeSync(descriptor);
  }
}
