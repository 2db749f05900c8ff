import { expect, test } from "vitest";

import type { TraceRecord } from "../record.ts";
import { traceLine } from "../schema.ts";
import { JsonSink } from "./json.ts";
import { argument, callRecord, run, written } from "./sinks.fixture.ts";

const json = (records: readonly TraceRecord[]): string => written((output) => new JsonSink(output), records);
const parsed = (records: readonly TraceRecord[]): unknown[] =>
  json(records)
    .trimEnd()
    .split("\n")
    .map((line): unknown => JSON.parse(line));

test("a call, to the letter", () => {
  expect(json([callRecord()])).toBe(
    '{"kind":"call","pid":4123,"tid":4123,"call":"openat",' +
      '"args":{"dfd":-100,"filename":"/etc/hosts","flags":["O_RDONLY","O_CLOEXEC"],"mode":0},' +
      '"result":3,"errno":null,"timeUs":1700130030123456,"durationUs":12.34}\n',
  );
});

test("every line of a run keeps to the published schema", () => {
  const lines = parsed(run);
  expect(lines).toHaveLength(run.length);
  for (const line of lines) expect(traceLine.parse(line)).toEqual(line);
});

test("process records are as they were", () => {
  const processes = run.filter((record) => record.kind !== "call");
  expect(parsed(processes)).toEqual(processes);
});

test.each([
  [0n, "0"],
  [-1n, "-1"],
  [2n ** 53n - 1n, "9007199254740991"],
  [2n ** 53n, '"9007199254740992"'],
  [-(2n ** 53n), '"-9007199254740992"'],
  [2n ** 63n - 1n, '"9223372036854775807"'],
  [null, "null"],
])("result %s is %s", (result, written) => {
  expect(json([callRecord({ result })])).toContain(`"result":${written},`);
});

test("values come back as they were, names and strings that need escapes too", () => {
  const values = {
    plain: 1,
    fraction: 0.5,
    nothing: null,
    yes: true,
    text: 'a"b\\c\n\u2028é\u0000',
    deep: [{ a: [1, "2"] }],
  };
  const args = Object.entries(values).map(([name, value]) => argument(name, value, ""));
  expect(parsed([callRecord({ args })])).toMatchObject([{ args: values }]);
});
