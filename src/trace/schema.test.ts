import { expect, test } from "vitest";
import { z } from "zod";

import { traceLine } from "./schema.ts";

test("docs/trace.schema.json is the schema (npx vitest run -u src/trace/schema.test.ts writes it)", async () => {
  const schema = z.toJSONSchema(traceLine, { target: "draft-2020-12" });
  await expect(`${JSON.stringify(schema, undefined, 2)}\n`).toMatchFileSnapshot("../../docs/trace.schema.json");
});

const call = {
  kind: "call",
  pid: 1,
  tid: 2,
  call: "openat",
  args: { dfd: -100, filename: "/etc/hosts", how: { flags: ["O_RDONLY"], mode: null } },
  result: 3,
  errno: null,
  timeUs: 1_700_000_000_000_000.5,
  durationUs: 12.3,
};

test("a call is accepted", () => {
  expect(traceLine.parse(call)).toEqual(call);
});

test.each([
  ["a key too many", { ...call, comm: "x" }],
  ["a key missing", { ...call, errno: undefined }],
  ["another kind", { ...call, kind: "signal" }],
  ["a result that is not whole", { ...call, result: 1.5 }],
  ["a result that is no number", { ...call, result: "0x7f" }],
  ["an errno that is no name", { ...call, errno: "2" }],
])("%s is refused", (_what, line) => {
  expect(traceLine.safeParse(line).success).toBe(false);
});
