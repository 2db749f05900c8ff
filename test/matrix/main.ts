/**
 * The test matrix: every Go release × every link mode × every fixture, hooked and unhooked.
 *
 *   node test/matrix/main.ts [--releases 1.13,1.27] [--modes static,pie] [--fixtures files,tcp]
 *                            [--json] [--markdown FILE] [--native] [--jobs 2]
 *
 * Exit code 0 when no cell differs.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { judgeCell } from "./cell.ts";
import { modeNamed, modes } from "./modes.ts";
import { releaseNamed, releases } from "./releases.ts";
import { type JudgedCell, markdownTable, summary } from "./table.ts";

const { values } = parseArgs({
  options: {
    releases: { type: "string" },
    modes: { type: "string" },
    fixtures: { type: "string" },
    json: { type: "boolean", default: false },
    markdown: { type: "string" },
    native: { type: "boolean", default: false },
    jobs: { type: "string", default: "2" },
  },
});

const wanted = {
  releases: values.releases?.split(",").map(releaseNamed) ?? releases,
  modes: values.modes?.split(",").map(modeNamed) ?? modes,
};
const queue = wanted.releases.flatMap((release) => wanted.modes.map((mode) => ({ release, mode })));
const cells = new Map<(typeof queue)[number], JudgedCell>();
const waiting = queue.values();

/** Takes cells from the common queue until it is empty. */
async function worker(): Promise<void> {
  for (const cell of waiting) {
    const result = await judgeCell(cell.release, cell.mode, {
      nativeOnly: values.native,
      ...(values.fixtures === undefined ? {} : { fixtures: values.fixtures.split(",") }),
    });
    cells.set(cell, { ...cell, result });
    const details =
      result.verdict === "differs"
        ? result.problems.map((problem) => `\n    ${problem}`).join("")
        : result.verdict === "impossible"
          ? ` (${result.reason})`
          : "";
    console.error(`go${cell.release.version} ${cell.mode.name}: ${result.verdict}${details}`);
  }
}

await Promise.all(Array.from({ length: Number(values.jobs) }, worker));

const judged = queue.flatMap((cell) => cells.get(cell) ?? []);
if (values.json) console.log(JSON.stringify(judged, null, 2));
else console.log(markdownTable(judged, new Date()));
if (values.markdown !== undefined) writeFileSync(values.markdown, markdownTable(judged, new Date()));
console.error(summary(judged));
if (judged.some((cell) => cell.result.verdict === "differs")) process.exitCode = 1;
