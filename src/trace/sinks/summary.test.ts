import { expect, test } from "vitest";

import type { TraceRecord } from "../record.ts";
import { traceLine } from "../schema.ts";
import { callRecord, run, startUs, written } from "./sinks.fixture.ts";
import { SummarySink } from "./summary.ts";

const summary = (records: readonly TraceRecord[], json = false): string =>
  written((output) => new SummarySink(output, { json }), records);

const calls = [
  ...Array.from({ length: 200 }, (_, i) => callRecord({ call: "read", durationUs: i + 1 })),
  ...Array.from({ length: 3 }, () =>
    callRecord({ call: "connect", durationUs: 40_000, errno: "ETIMEDOUT", result: -1n }),
  ),
  callRecord({ call: "exit_group", durationUs: null, result: null }),
];

test("a row a call by time, a total, and who is missing", () => {
  expect(summary([...run, ...calls])).toBe(`\
time %   total  count  errors     p50     p99  call
  85.8   122ms      4       4  40.0ms  40.0ms  connect
  14.2  20.1ms    200          99.8µs   198µs  read
   0.0  12.3µs      1          12.3µs  12.3µs  openat
   0.0  3.10µs      1          3.10µs  3.10µs  mmap
   0.0   250ns      1           250ns   250ns  getpid
   0.0     0µs      2                          exit_group
 100.0   142ms    209       4   101µs  40.0ms  total
not hooked: /bin/sh: not a Go program
`);
});

test("nothing happened", () => {
  expect(summary([])).toBe(
    "time %  total  count  errors  p50  p99  call\n   0.0    0µs      0                    total\n",
  );
});

test("as JSON it keeps to the published schema and adds up", () => {
  const line: unknown = JSON.parse(summary(calls, true));
  expect(traceLine.parse(line)).toEqual(line);
  expect(line).toMatchObject({
    kind: "summary",
    calls: [
      { call: "connect", count: 3, errors: 3, totalUs: 120_000, share: 120_000 / 140_100 },
      { call: "read", count: 200, errors: 0, totalUs: 20_100 },
      { call: "exit_group", count: 1, errors: 0, totalUs: 0, share: 0, p50Us: null, p99Us: null },
    ],
    total: { count: 204, errors: 3, totalUs: 140_100, share: 1 },
    unhooked: [],
  });
});

test("unhooked programs are counted by program and reason, at most fifty of them apart", () => {
  const starts = Array.from({ length: 120 }, (_, i): TraceRecord => {
    const program = `/bin/tool${i % 60}`;
    return { kind: "process-start", pid: i + 1, timeUs: startUs, program, hooked: false, reason: "not a Go program" };
  });
  const lines = summary(starts).trimEnd().split("\n").slice(2);
  expect(lines).toHaveLength(51);
  expect(lines[0]).toBe("not hooked: /bin/tool0 (2 processes): not a Go program");
  expect(lines[50]).toBe("not hooked: other programs (20 processes)");
});
