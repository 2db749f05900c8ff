/** The file: what is written is read, and whatever is damaged is told with its place. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, integer, property } from "fast-check";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { ElsewhereError } from "../../errors.ts";
import type { RecordedEvent } from "./events.ts";
import { LINE_MAX, readRecording } from "./reader.ts";
import { BLOB_PART, RecordingWriter } from "./writer.ts";

const folder: string = mkdtempSync(join(tmpdir(), "elsewhere-recording-"));
const file: string = join(folder, "run.elsewhere");
afterAll(() => rmSync(folder, { recursive: true }));

const events: readonly RecordedEvent[] = [
  { k: "node", path: "/a", after: 0, kind: "absent" },
  { k: "list", path: "/", after: 0, names: ["a", "b\n", "ü"] },
  { k: "receive", socket: 1, sent: 20, data: "AAEC" },
];
/** One byte more than fits into a line, and one less. */
const contents = [
  new Uint8Array(0),
  Uint8Array.of(1, 2, 3),
  new Uint8Array(BLOB_PART + 1).fill(7),
  new Uint8Array(BLOB_PART),
];

function write(): void {
  const writer = new RecordingWriter(file);
  for (const event of events) writer.write(event);
  expect(contents.map((content) => writer.blob(content))).toEqual([0, 1, 2, 3]);
  expect(writer.blob(Uint8Array.of(1, 2, 3))).toBe(1);
  writer.end();
  writer.write({ k: "input", data: "" }); // too late
}
beforeEach(write);

/** What is wrong, by the error's context. */
function complaint(): string {
  try {
    readRecording(file);
    return "nothing";
  } catch (error) {
    if (!(error instanceof ElsewhereError)) throw error;
    expect(error.code).toBe("recording-unusable");
    expect(error.message).toContain(file);
    return error.context.join("\n");
  }
}

test("bytes and names that are too many for a line are several events", () => {
  const writer = new RecordingWriter(file);
  const most = Buffer.alloc(BLOB_PART, 1);
  const more = Buffer.alloc(BLOB_PART + 1, 2);
  const names = Array.from({ length: 10_000 }, (_, at) => `name${at}`);
  for (const data of [most, more]) writer.write({ k: "receive", socket: 0, sent: 0, data: data.toString("base64") });
  writer.write({ k: "list", path: "/", after: 0, names });
  writer.end();
  const { events: read } = readRecording(file);
  expect(read.map(({ k }) => k)).toEqual(["receive", "receive", "receive", "list", "list", "list"]);
  const data = read.map((event) => (event.k === "receive" ? Buffer.from(event.data, "base64") : Buffer.alloc(0)));
  expect(Buffer.concat(data).equals(Buffer.concat([most, more]))).toBe(true);
  expect(read.flatMap((event) => (event.k === "list" ? event.names : []))).toEqual(names);
});

test("what is written is read", () => {
  const read = readRecording(file);
  expect(read.events).toEqual(events);
  expect(read.blobs.map((blob) => Buffer.compare(blob, contents[read.blobs.indexOf(blob)] ?? Buffer.of(1)))).toEqual([
    0, 0, 0, 0,
  ]);
});

describe("is refused", () => {
  const bytes = (): Buffer => readFileSync(file);

  test("cut off at any byte", () => {
    const whole = bytes();
    assert(
      property(integer({ min: 0, max: whole.length - 1 }), (length) => {
        writeFileSync(file, whole.subarray(0, length));
        expect(complaint()).toMatch(/^offset \d+: wanted .* found/);
      }),
      { numRuns: 100 },
    );
    truncateSync(file, whole.length - 1);
    expect(complaint()).toMatch(/found the end of the file$/);
  });

  test("with any byte changed, or it says the same", () => {
    const whole = bytes();
    assert(
      property(integer({ min: 0, max: 600 }), integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Buffer.from(whole);
        damaged[at] = (damaged[at] ?? 0) ^ change;
        writeFileSync(file, damaged);
        complaint(); // whatever it is, it is an ElsewhereError or a legal recording
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    ["something else", () => writeFileSync(file, "#!/bin/sh\n"), /^offset 0: wanted \{"format":"elsewhere-recording"/],
    ["nothing", () => writeFileSync(file, ""), /^offset 0: wanted a header/],
    ["of a later version", () => replace('"version":1', '"version":2'), /^offset 0: wanted version 1, found 2$/],
    [
      "with an event that is none",
      () => replace('"k":"list"', '"k":"lost"'),
      /^offset 9\d: wanted an event.*there is no such event$/,
    ],
    ["with a value that is none", () => replace('"sent":20', '"sent":-2'), /sent: Too small/],
    [
      "with an event too few",
      () => replace('{"k":"node","path":"/a","after":0,"kind":"absent"}\n', ""),
      /wanted 8 events, found 7$/,
    ],
    [
      "with a blob that is damaged",
      () => replace('"data":"AQID"', '"data":"AQIE"'),
      /blob 1: wanted SHA-256 .*, found/,
    ],
    ["with something behind its end", () => appendFileSync(file, "{}\n"), /wanted the end of the file/],
  ])("%s", (_, damage, wanted) => {
    damage();
    expect(complaint()).toMatch(wanted);
  });

  test("with a line that is too long; one of the longest is not", () => {
    writeFileSync(file, Buffer.alloc(LINE_MAX + (1 << 20) + 1, 0x20));
    expect(complaint()).toMatch(new RegExp(`wanted a line of at most ${LINE_MAX} bytes`));
  });

  test("not there", () => {
    rmSync(file);
    expect(() => readRecording(file)).toThrow(/cannot be read/);
  });

  function replace(text: string, by: string): void {
    const before = bytes().toString();
    expect(before).toContain(text);
    writeFileSync(file, before.replace(text, by));
  }
});

test("a recording that cannot be written is told before anything is started", () => {
  expect(() => new RecordingWriter("/nowhere/run.elsewhere")).toThrow(ElsewhereError);
});
