/** Real drivers and real servers that exist in a sandbox only; `node test/drivers/main.ts` has targets of every kind. */
import { expect, test } from "vitest";
import { visit, visitorProgram } from "./visit.ts";

test("drivers of databases, HTTP and gRPC find here what they find there", { timeout: 600_000 }, async () => {
  await visitorProgram(); // takes a minute to build, once
  const { inside, asIf, failures } = await visit("embedded");
  expect(inside).toContain("it is 10.77.0.2 5432 10.77.0.2:5432 and sees 10.77.0.2 true true\n");
  expect(inside).toContain("1005 10.77.0.7:1005");
  expect(asIf).toBe(inside);
  expect(failures).toEqual([]);
});
