/**
 * What programs of others take with their files in a target: `node test/world/cost.ts [--files N] [--round-trip MS]`
 * prints how long each runs inside the target, here with an agent beside it, and with one that is far away, and how
 * many calls the agent gets.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { goProgram } from "../engine/programs.ts";
import { repository } from "../matrix/cache.ts";
import { npmPackage } from "../programs/packages.ts";
import { writeProject } from "../programs/project.ts";
import { tscProgram } from "../programs/tsc.ts";
import { writeSite } from "./site.ts";
import { installed, type Cost, Visit, type Visiting } from "./visit.ts";

const { values } = parseArgs({
  options: {
    files: { type: "string", default: "10000" },
    "round-trip": { type: "string", default: "20" },
    only: { type: "string", default: "" },
    /** Every program with every question asked, as well. */
    strict: { type: "boolean", default: false },
  },
});
const roundTripMs = Number(values["round-trip"]);

interface Job extends Visiting {
  readonly name: string;
  readonly prepare: (root: string) => void;
}

const jobs: Job[] = [
  {
    name: `walk, stat and read ${values.files} files`,
    program: await goProgram(join(repository, "test/world/walker")),
    args: ["tree"],
    prepare: (root) => {
      for (let index = 0; index < Number(values.files); index++) {
        const folder = join(root, "tree", `folder-${Math.floor(index / 100)}`);
        if (index % 100 === 0) mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, `file-${index}.txt`), `file ${index};`.repeat(1 + (index % 400)));
      }
    },
  },
  {
    name: "esbuild, 60 modules",
    program: join(await npmPackage("@esbuild/linux-x64@0.28.2"), "bin/esbuild"),
    args: ["project/source/main.ts", "--bundle", "--minify", "--sourcemap", "--outdir=out", "--log-level=error"],
    prepare: (root) => writeProject(join(root, "project"), 60),
  },
  {
    name: "tsc, 60 modules",
    program: tscProgram(),
    args: ["-p", "project", "--pretty", "false"],
    prepare: (root) => writeProject(join(root, "project"), 60),
  },
  {
    name: "hugo, 60 posts",
    program: installed("hugo"),
    args: ["--source", "/srv/site", "--quiet"],
    workdir: "/",
    prepare: (root) => writeSite(join(root, "site"), 60),
  },
  {
    name: "rclone copy, 60 files",
    program: installed("rclone"),
    args: ["--config", "", "--quiet", "copy", "from", "to"],
    prepare: (root) => writeSite(join(root, "from"), 40),
  },
  {
    name: "sqlite, 20 transactions",
    program: await goProgram(join(repository, "test/world/ledger")),
    args: ["run", "ledger.db", "delete", "20"],
    prepare: () => undefined,
  },
];

const calls = ({ calls }: Cost): string => {
  const sorted = [...calls].sort(([, a], [, b]) => b - a);
  return `${sorted.reduce((sum, [, count]) => sum + count, 0)} (${sorted.map(([name, count]) => `${name} ${count}`).join(", ")})`;
};

for (const { name, prepare, ...command } of jobs.filter((job) => job.name.includes(values.only))) {
  const row = [name];
  let cost = "";
  for (const far of values.strict ? [0, roundTripMs, -roundTripMs] : [0, roundTripMs]) {
    await using visit = await Visit.start({ roundTripMs: Math.abs(far), ...(far < 0 && { freshMs: 0 }) });
    prepare(visit.path("/srv"));
    const here = await visit.run(command);
    if (far === 0 && command.program !== tscProgram()) {
      await using there = await Visit.start();
      prepare(there.path("/srv"));
      const inside = await there.runInside(command);
      row.push(`inside ${inside.milliseconds.toFixed(0)} ms`);
      if (inside.exitCode !== here.exitCode) row.push(`ended with ${inside.exitCode} and ${here.exitCode}`);
    }
    row.push(`${far < 0 ? "strict " : ""}${Math.abs(far)} ms away ${here.cost.milliseconds.toFixed(0)} ms`);
    cost = calls(here.cost);
    if (visit.failures.length > 0) console.error(visit.failures);
  }
  console.log(`${row.join(" · ")} · ${cost}`);
}
