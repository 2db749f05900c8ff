/** Go's own tests of packages about files and users, their files far away: what is quick of `node test/std/target.ts`. */
import { expect, test } from "vitest";
import { releases } from "../matrix/releases.ts";
import { judgeInTarget } from "./target.ts";

test.each([
  ["io/fs", undefined],
  ["os/user", undefined],
  ["io/ioutil", undefined],
  ["os", "^Test(Append|CopyFS|Chtimes|FIFONonBlockingEOF|LargeCopyViaNetwork|Readdir|Rename|RootOpen)"],
])("the tests of %s (%s) give the same verdicts as inside the target", { timeout: 120_000 }, async (name, only) => {
  const result = await judgeInTarget(name, releases.at(-1)?.version ?? "", only === undefined ? {} : { only });
  expect(result.differences).toEqual([]);
  expect(result.failures).toEqual([]);
  expect(result.hookedPasses).toBeGreaterThan(10);
});
