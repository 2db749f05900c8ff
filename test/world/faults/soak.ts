/**
 * Mixed work in a target while its way is cut, stalls, and its agents are killed, by a schedule that a seed tells.
 *
 *     node test/world/faults/soak.ts [--minutes 30] [--seed N]
 *
 * Exit code 1 when a byte was wrong, a call was stuck, memory grew, or something was left.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { goProgram } from "../../engine/programs.ts";
import { repository } from "../../matrix/cache.ts";
import { soak } from "./soaking.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    seed: { type: "string", default: String(Date.now() % 10_000) },
  },
});
console.log(`seed ${values.seed}`);
const courier = await goProgram(join(repository, "test/world/courier"));
const { wrong, table } = await soak(courier, {
  seconds: Number(values.minutes) * 60,
  seed: Number(values.seed),
  tell: (line) => console.log(line),
});
console.log(table.join("\n"));
for (const fact of wrong) console.log(`WRONG: ${fact}`);
process.exitCode = wrong.length > 0 ? 1 : 0;
