import { expect, test } from "vitest";

import type { TraceRecord } from "../record.ts";
import { argument, callRecord, run, startUs, written } from "./sinks.fixture.ts";
import { TextSink, type TextOptions } from "./text.ts";

const text = (records: readonly TraceRecord[], options: Partial<TextOptions> = {}): string =>
  written((output) => new TextSink(output, { colour: false, ...options }), records);

test("a run", () => {
  expect(text(run)).toBe(`\
4123 +++ started /srv/bin/server +++
4123 openat(AT_FDCWD, "/etc/hosts", O_RDONLY|O_CLOEXEC, 0) = 3 <12.3µs>
4123/4125 connect(7, {sa_family=AF_INET, sin_port=htons(5432), sin_addr=inet_addr("127.0.0.1")}, 16) \
= -1 ECONNREFUSED (Connection refused) <1.85ms>
4123      getpid()                                = 4123 <250ns>
4130      +++ started /bin/sh, not hooked: not a Go program +++
4123      mmap(NULL, 18446744073709551615)        = 0x7ffffffffffff000 <3.10µs>
4130      +++ killed by SIGKILL +++
4123      exit_group(1)                           = ?
4123      +++ exited with 1 +++
`);
});

test("an end that nobody saw", () => {
  expect(text([{ kind: "process-exit", pid: 7, timeUs: startUs, exitCode: null, signal: null }])).toBe(
    "7 +++ gone, exit status unknown +++\n",
  );
});

test("a record is one line without control characters, whatever it holds", () => {
  const hostile = "a\nb\rc\td\u0000e\u001b[2Jf\u007fg\u009b31mh";
  const escaped = "a\\nb\\rc\\td\\x00e\\x1b[2Jf\\x7fg\\x9b31mh";
  const record = callRecord({ args: [argument("x", hostile, hostile)], resultText: hostile, durationUs: null });
  expect(text([record])).toBe(`4123 openat(${escaped}) = ${escaped}\n`);
  expect(text([{ kind: "process-start", pid: 7, timeUs: startUs, program: hostile, hooked: true }])).toBe(
    `7 +++ started ${escaped} +++\n`,
  );
});

test("the time of day is the local one, to the microsecond", () => {
  const clock = new Date(startUs / 1000).toTimeString().slice(0, 8);
  const records = [callRecord({ args: [] }), callRecord({ args: [], timeUs: startUs + 1.5 })];
  const call = "4123 openat()                                = 3 <12.3µs>";
  expect(text(records, { timestamps: "clock" })).toBe(`${clock}.123456 ${call}\n${clock}.123457 ${call}\n`);
});

test("relative time starts with the first record", () => {
  const records = [callRecord({ args: [] }), callRecord({ args: [], timeUs: startUs + 12_345_678 })];
  expect(text(records, { timestamps: "relative" })).toBe(`\
  0.000000 4123 openat()                                = 3 <12.3µs>
 12.345678 4123 openat()                                = 3 <12.3µs>
`);
});

test("colours only when told, and they change no character", () => {
  const coloured = text(run, { colour: true });
  // oxlint-disable-next-line no-control-regex -- the sequences themselves
  const sequence = /\u001b\[\d+m/g;
  expect(coloured).toMatch(sequence);
  expect(coloured.replace(sequence, "")).toBe(text(run));
  expect(coloured).toContain("\u001b[31m-1 ECONNREFUSED (Connection refused)\u001b[39m");
});
