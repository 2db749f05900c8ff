import { expect, test } from "vitest";

import type { TraceRecord } from "../record.ts";
import { callRecord, MemoryOutput, run, startUs, written } from "./sinks.fixture.ts";
import { TimelineSink } from "./timeline.ts";

interface Event {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
}

const parse = (text: string): Event[] => JSON.parse(text) as Event[];
const timeline = (records: readonly TraceRecord[]): string => written((output) => new TimelineSink(output), records);

test("a run, to the letter", async () => {
  await expect(timeline(run)).toMatchFileSnapshot("testdata/timeline.json");
  expect(parse(timeline(run)).map(({ name }) => name)).toContain("connect");
});

test("nothing happened", () => {
  expect(parse(timeline([]))).toEqual([]);
});

test("cut off after any record, a closing bracket makes it whole again", () => {
  const output = new MemoryOutput();
  const sink = new TimelineSink(output);
  for (const [i, record] of run.entries()) {
    sink.write(record);
    expect(parse(`${output.text}]`).length).toBeGreaterThan(i);
  }
});

test("a slice that begins a rounding error before its predecessor's end is moved there; a nested one is not", () => {
  const slices = [
    callRecord({ timeUs: startUs, durationUs: 10 }),
    callRecord({ timeUs: startUs + 9.75, durationUs: 10 }),
    callRecord({ timeUs: startUs + 5, durationUs: 30 }),
    callRecord({ tid: 4124, timeUs: startUs + 34.75, durationUs: 1 }),
  ];
  const start: TraceRecord = { kind: "process-start", pid: 4123, timeUs: startUs, program: "/x", hooked: true };
  const starts = parse(timeline([start, ...slices]))
    .filter(({ ph }) => ph === "X")
    .map(({ ts }) => (ts ?? 0) - startUs);
  expect(starts).toEqual([0, 10, 5, 34.75]);
});

test("threads are named once, also after an execve; a new process of the same number again", () => {
  const start: TraceRecord = { kind: "process-start", pid: 4123, timeUs: startUs, program: "/x", hooked: true };
  const exit: TraceRecord = { kind: "process-exit", pid: 4123, timeUs: startUs, exitCode: 0, signal: null };
  const calls = [callRecord(), callRecord({ tid: 4124 }), callRecord()];
  const names = (records: readonly TraceRecord[]): number[] =>
    parse(timeline(records))
      .filter(({ name }) => name === "thread_name")
      .map(({ tid }) => tid);
  expect(names([start, ...calls, start, ...calls])).toEqual([4123, 4124]);
  expect(names([start, ...calls, exit, start, callRecord()])).toEqual([4123, 4124, 4123]);
});
