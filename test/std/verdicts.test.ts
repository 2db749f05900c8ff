import { expect, test } from "vitest";
import { compareVerdicts, parseVerdicts, passes } from "./verdicts.ts";

const output = [
  "=== RUN   TestOpen",
  "some output without a newline\u0016--- PASS: TestOpen (0.00s)",
  "=== RUN   TestMany",
  "    --- PASS: TestMany/one (0.00s)",
  "    --- FAIL: TestMany/0xc000123456 (0.00s)",
  "--- FAIL: TestMany (0.00s)",
  "--- SKIP: TestLong (0.00s)",
  "not a verdict: --- PASS: TestNothing",
].join("\n");

test("verdicts are read wherever testing wrote them", () => {
  expect(Object.fromEntries(parseVerdicts(output))).toEqual({
    TestOpen: "PASS",
    "TestMany/one": "PASS",
    "TestMany/0xN": "FAIL",
    TestMany: "FAIL",
    TestLong: "SKIP",
  });
  expect(passes(parseVerdicts(output))).toBe(2);
});

test("a difference names both sides, a missing test included", () => {
  const native = parseVerdicts("--- PASS: TestA\n--- PASS: TestB\n--- SKIP: TestC");
  const hooked = parseVerdicts("--- PASS: TestA\n--- FAIL: TestB");
  expect(compareVerdicts(native, hooked)).toEqual([
    { test: "TestB", native: "PASS", hooked: "FAIL" },
    { test: "TestC", native: "SKIP", hooked: "absent" },
  ]);
});
