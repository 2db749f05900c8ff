/** The README's commands work as printed, in a checkout that is set up. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { repository } from "./matrix/cache.ts";
import { run } from "./matrix/run.ts";

const readme = readFileSync(join(repository, "README.md"), "utf8");
const shellBlocks = [...readme.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text = ""]) => text.trim().split("\n"));
// The test command would run this test again; the set-up is done once a test can run.
const commands = shellBlocks.flat().filter((command) => command !== "script/test");

test("has the two commands of a newcomer and the one-liners", () => {
  expect(shellBlocks).toHaveLength(4);
  expect(commands.length).toBeGreaterThanOrEqual(6);
});

describe("works as printed:", () => {
  test.each(commands)("%s", { timeout: 120_000 }, async (command) => {
    const outcome = await run(["bash", "-c", command], { cwd: repository, timeoutMs: 110_000 });
    expect({ ...outcome, durationMs: 0 }).toMatchObject({ exitCode: 0, timedOut: false });
  });
});

test("links lead to files that are there", () => {
  const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map(([, target = ""]) => target);
  expect(links.length).toBeGreaterThan(3);
  expect(links.filter((link) => !existsSync(join(repository, link)))).toEqual([]);
});
