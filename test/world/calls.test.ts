/** Calls that few programs make, each in the sandbox itself and here as if in it. */
import { createHash } from "node:crypto";
import { chmodSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Embedded } from "../../src/target/embedded.ts";
import { goProgram } from "../engine/programs.ts";
import { repository } from "../matrix/cache.ts";
import { asIf, type Finished, home, inside, startHome } from "./homes.ts";

let program: string;
beforeAll(async () => {
  program = await goProgram(join(repository, "test/world/calls"));
}, 120_000);

const open: Embedded[] = [];
afterAll(async () => {
  for (const each of open) await each[Symbol.asyncDispose]();
});

/** A sandbox that has programs. */
async function homeWithPrograms(): Promise<Embedded> {
  const made = await startHome({
    ...home,
    files: {
      ...home.files,
      "/srv/bin/tool": readFileSync(program),
      "/srv/bin/plain": "no program\n",
      "/srv/bin/empty": "",
      "/srv/bin/text": "neither\n",
      "/srv/bin/script": "#! /srv/bin/tool  with spaces \nbody\n",
      "/srv/bin/nested": "#!/srv/bin/script\nbody\n",
      "/srv/bin/noint": "#!/srv/bin/nobody\n",
      "/srv/bin/loop": "#!\n",
      "/srv/bin/self": "#!/srv/bin/self\n",
    },
  });
  open.push(made);
  for (const name of ["tool", "empty", "text", "script", "nested", "noint", "loop", "self"])
    chmodSync(join(made.root, "srv/bin", name), 0o755);
  symlinkSync("tool", join(made.root, "srv/bin/link"));
  return made;
}

/** What is left behind: regular files by name, and what is in them. */
const contentsOf = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => [
        name,
        createHash("sha256")
          .update(readFileSync(join(folder, name)))
          .digest("hex"),
      ]),
  );

/** What the program says there and here. */
async function both(what: string): Promise<{ there: Finished; here: Finished & { failures: unknown[] } }> {
  const [one, other] = [await homeWithPrograms(), await homeWithPrograms()];
  const args = [what, "/srv"];
  const [there, here] = [await inside(one, { program, args }), await asIf(other, { program, args })];
  expect(contentsOf(join(other.root, "srv/data"))).toEqual(contentsOf(join(one.root, "srv/data")));
  return { there, here };
}

test.for(["programs", "pipes", "mappings", "watches", "links", "transfers"])(
  "%s: here, as if it were there, it says the same",
  { timeout: 60_000 },
  async (what) => {
    const { there, here } = await both(what);
    expect(here.failures).toEqual([]);
    expect(here.stdout.split("\n")).toEqual(there.stdout.split("\n"));
    expect(here).toMatchObject({ stderr: there.stderr, exitCode: there.exitCode });
    expect(there.stdout).not.toBe("");
  },
);
