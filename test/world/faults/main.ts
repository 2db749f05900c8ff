/**
 * Does to `elsewhere exec` what faults.ts lists, each so many times at random moments, and prints what came of it.
 *
 *     node test/world/faults/main.ts [--count 100] [--jobs 4] [--only WORDS] [--markdown docs/faults.md]
 *
 * Exit code 1 when something was not as promised.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { goProgram } from "../../engine/programs.ts";
import { repository } from "../../matrix/cache.ts";
import { type Fault, faults, type Outcome } from "./faults.ts";
import { peers } from "./peers.ts";

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "100" },
    jobs: { type: "string", default: "2" },
    only: { type: "string", default: "" },
    markdown: { type: "string" },
  },
});
const courier = await goProgram(join(repository, "test/world/courier"));

async function repeat(fault: Fault, count: number, jobs: number): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let left = count;
  let seed = 1;
  const work = async (): Promise<void> => {
    while (left > 0) {
      const times = Math.min(left, fault.timesARun);
      left -= times;
      const outcome = await fault.run(courier, (seed += 10), times);
      outcomes.push(outcome);
      for (const fact of outcome.wrong) console.log(`WRONG: ${fault.name}: ${fact}`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  return outcomes;
}

/** The table between its marks, of today. */
function withTable(page: string): string {
  const table = [
    `State of ${new Date().toISOString().slice(0, 10)}, \`node test/world/faults/main.ts --count ${values.count}\`:`,
    "",
    "| what is done | what is promised | times | otherwise | until it goes on, median, s | at most, s |",
    "| --- | --- | --: | --: | --: | --: |",
    ...rows,
  ];
  return page.replace(/(?<=<!-- table -->\n\n)[\s\S]*(?=\n\n<!-- \/table -->)/, table.join("\n"));
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1);

let isWrong = false;
const rows: string[] = [];
for (const fault of [...faults, ...peers(10_000)].filter(({ name }) => name.includes(values.only))) {
  const began = performance.now();
  const outcomes = await repeat(fault, Number(values.count), Number(values.jobs));
  const broken = outcomes.filter(({ wrong }) => wrong.length > 0).length;
  const times = outcomes.flatMap(({ ms }) => ms).sort((a, b) => a - b);
  isWrong ||= broken > 0 || times.length < Number(values.count);
  const errors: Record<string, number> = {};
  for (const outcome of outcomes)
    for (const [error, count] of Object.entries(outcome.errors)) errors[error] = (errors[error] ?? 0) + count;
  console.log(
    `${fault.name} (${fault.promise}): ${times.length} times in ${outcomes.length} runs, ${broken} of them not as promised`,
  );
  console.log(
    `  until it went on: median ${seconds(times[times.length >> 1] ?? 0)} s, at most ${seconds(times.at(-1) ?? 0)} s`,
  );
  console.log(
    `  failed calls: ${
      Object.entries(errors)
        .map(([error, count]) => `${error}: ${count}`)
        .join(", ") || "none"
    }`,
  );
  console.log(`  (${seconds(performance.now() - began)} s)`);
  const [median, most] = [times[times.length >> 1] ?? 0, times.at(-1) ?? 0];
  rows.push(
    `| ${fault.name} | ${fault.promise} | ${times.length} | ${broken} | ${seconds(median)} | ${seconds(most)} |`,
  );
}
if (values.markdown !== undefined) writeFileSync(values.markdown, withTable(readFileSync(values.markdown, "utf8")));
process.exitCode = isWrong ? 1 : 0;
