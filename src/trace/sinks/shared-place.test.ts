import { expect, test } from "vitest";

import type { TraceRecord } from "../record.ts";
import { SharedPlace } from "./shared-place.ts";
import { argument, callRecord, MemoryOutput, startUs } from "./sinks.fixture.ts";

const start = (pid: number, hooked = true): TraceRecord => ({
  kind: "process-start",
  pid,
  timeUs: startUs,
  program: "/bin/x",
  hooked,
});

const write = (text: string, changes: { fd?: number; result?: bigint; call?: string } = {}): TraceRecord => {
  const { fd = 1, result = 5n, call = "write" } = changes;
  return callRecord({ call, args: [argument("fd", fd, `${fd}`), argument("buf", null, text)], result });
};

/** What an output that descriptors 1 and 2 lead to as well is told. */
function told(records: readonly TraceRecord[], same: readonly number[] = [1, 2]): readonly (boolean | undefined)[] {
  const output = new MemoryOutput();
  output.same = same;
  const place = new SharedPlace(output);
  for (const record of records) place.see(record);
  return output.foreign;
}

test("whole lines and begun ones, on both descriptors", () => {
  const writes = [write(String.raw`"done\n"`), write(String.raw`"50 %"`), write(String.raw`"oh\n"`, { fd: 2 })];
  expect(told([start(4123), ...writes])).toEqual([true, false, true]);
});

test("a buffer that is cut, and writev, leave the end unknown", () => {
  const writes = [
    write(String.raw`"a long line\n"...`),
    write(String.raw`[{iov_base="a\n", iov_len=2}]`, { call: "writev" }),
  ];
  expect(told([start(4123), ...writes])).toEqual([undefined, undefined]);
});

test("what goes elsewhere or nowhere says nothing", () => {
  const failed = write('"x"', { result: -1n });
  expect(told([start(4123), write('"x"', { fd: 7 }), failed, callRecord()])).toEqual([]);
  expect(told([start(4123), write('"x"', { fd: 2 })], [1])).toEqual([]);
});

test.each([
  ["another process", start(4130)],
  ["a program without hooks", start(4123, false)],
])("after %s nobody knows any more", (_what, other) => {
  expect(told([start(4123), other, write('"x"')])).toEqual([undefined]);
});
