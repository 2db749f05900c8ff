/** Programs that nobody here wrote, their files in a target: what they say and leave there is what they do inside it. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { npmPackage } from "../programs/packages.ts";
import { writeProject } from "../programs/project.ts";
import { tscProgram } from "../programs/tsc.ts";
import type { Command } from "./homes.ts";
import { Visit } from "./visit.ts";

const visits: Visit[] = [];
afterEach(async () => {
  for (const visit of visits.splice(0)) await visit[Symbol.asyncDispose]();
});

/** A sandbox of its own for each of the two runs, alike to the byte. */
async function both(prepare: (root: string) => void): Promise<{ readonly there: Visit; readonly here: Visit }> {
  for (const _ of ["there", "here"]) {
    const visit = await Visit.start();
    visits.push(visit);
    prepare(visit.path("/srv"));
  }
  const [there, here] = visits as [Visit, Visit];
  return { there, here };
}

/** Runs it in one sandbox and as if it were in the other; gives what it said. */
async function compare({ there, here }: { readonly there: Visit; readonly here: Visit }, command: Command) {
  const { milliseconds, ...expected } = await there.runInside(command);
  const { cost, ...found } = await here.run(command);
  console.log(command.program, milliseconds, cost);
  expect(found).toEqual(expected);
  expect(here.failures).toEqual([]);
  expect(here.tree("/srv")).toEqual(there.tree("/srv"));
  return found;
}

test("esbuild bundles the same bytes", async () => {
  const program = join(await npmPackage("@esbuild/linux-x64@0.28.2"), "bin/esbuild");
  const visit = await both((root) => writeProject(join(root, "project"), 60));
  const args = ["project/source/main.ts", "--bundle", "--minify", "--sourcemap", "--outdir=out", "--log-level=error"];
  expect(await compare(visit, { program, args })).toEqual({ stdout: "", stderr: "", exitCode: 0 });
  expect(readFileSync(visit.here.path("/srv/out/main.js"), "utf8").length).toBeGreaterThan(1000);
});

test("TypeScript's compiler finds the same errors", async () => {
  const visit = await both((root) => writeProject(join(root, "project"), 60));
  const lib = join(tscProgram(), "..");
  mkdirSync(visit.there.path("/bin"));
  // cp of its libraries beside the executable
  const { cpSync } = await import("node:fs");
  cpSync(lib, visit.there.path("/bin"), { recursive: true });
  const found = await compare(visit, { program: tscProgram(), args: ["-p", "project", "--pretty", "false"] });
  expect(found.stdout).toContain("project/source/wrong.ts(1,14): error TS2322");
});
