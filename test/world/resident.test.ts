/** A program of which everything is in the target: what it says here is what it says there. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Embedded } from "../../src/target/embedded.ts";
import { goProgram } from "../engine/programs.ts";
import { repository } from "../matrix/cache.ts";
import { asIf, type Finished, inside, startHome } from "./homes.ts";

let program: string;
let there: Embedded;
let other: Embedded;
let expected: Finished;
beforeAll(async () => {
  program = await goProgram(join(repository, "test/world/resident"));
  there = await startHome();
  other = await startHome();
  expected = await inside(there, { program, args: ["/srv"] });
}, 120_000);
afterAll(async () => {
  await there[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

test("in the sandbox it does what it is made for", () => {
  expect(expected).toMatchObject({ stderr: "", exitCode: 0 });
  expect(expected.stdout).toContain("host faraway <nil>\ncwd /srv <nil>\nAPP_NAME resident true\n");
  expect(expected.stdout).not.toContain("FAILED");
});

test("here, as if it were there, it says the same to the byte", async () => {
  const here = await asIf(other, { program, args: ["/srv"] });
  expect(here.failures).toEqual([]);
  expect(here.stdout.split("\n")).toEqual(expected.stdout.split("\n"));
  expect(here).toMatchObject({ stderr: expected.stderr, exitCode: 0 });
});
