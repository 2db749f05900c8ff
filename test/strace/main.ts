/**
 * `elsewhere trace` against strace, for every fixture.
 *
 *   node test/strace/main.ts [--releases 1.13,1.27] [--modes static,pie,cgo] [--fixtures files,tcp] [--json]
 *
 * Exit code 0 when the multisets are equal.
 */
import { parseArgs } from "node:util";
import { buildFixtures } from "../matrix/build.ts";
import { modeNamed } from "../matrix/modes.ts";
import { releaseNamed, releases } from "../matrix/releases.ts";
import { comparableRuns, compareWithStrace, type Differential } from "./differential.ts";

const { values } = parseArgs({
  options: {
    releases: { type: "string", default: releases.map((release) => release.minor).join(",") },
    modes: { type: "string", default: "static,pie,cgo" },
    fixtures: { type: "string" },
    json: { type: "boolean", default: false },
  },
});

const rows: (Differential & { readonly release: string; readonly mode: string })[] = [];
for (const release of values.releases.split(",").map(releaseNamed)) {
  for (const mode of values.modes.split(",").map(modeNamed)) {
    const build = await buildFixtures(release, mode);
    if ("reason" in build) continue;
    for (const fixture of comparableRuns) {
      if (fixture.cgo && !mode.cgo) continue;
      if (values.fixtures !== undefined && !values.fixtures.split(",").includes(fixture.name)) continue;
      const result = await compareWithStrace(build.program, fixture.args);
      rows.push({ release: release.version, mode: mode.name, ...result });
      const verdict = result.problems.length === 0 ? "equal" : result.problems.join("\n    ");
      console.error(`go${release.version} ${mode.name} ${fixture.args.join(" ")}: ${result.calls} calls, ${verdict}`);
    }
  }
}

if (values.json) console.log(JSON.stringify(rows, null, 2));
else {
  console.log("| Go | link mode | fixture | calls | strace and elsewhere |\n|---|---|---|---|---|");
  for (const row of rows)
    console.log(
      `| ${row.release} | ${row.mode} | ${row.fixture} | ${row.calls} | ${row.problems.join("; ") || "equal"} |`,
    );
}
if (rows.some((row) => row.problems.length > 0)) process.exitCode = 1;
