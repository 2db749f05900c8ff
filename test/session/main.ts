/**
 * Simulates sessions, a seed each.
 *
 *     node test/session/main.ts                       10,000 seeds from 1 on
 *     node test/session/main.ts --seeds 500 --from 7
 *     node test/session/main.ts --seed 4711           one, and everything that happens in it
 */
import { parseArgs } from "node:util";
import { simulate } from "./simulation.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "10000" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
  },
});

if (values.seed !== undefined) {
  const { broken, events } = await simulate(Number(values.seed));
  console.log([...events, ...broken.map((fact) => `BROKEN: ${fact}`)].join("\n"));
  process.exitCode = broken.length === 0 ? 0 : 1;
} else {
  const from = Number(values.from);
  const count = Number(values.seeds);
  const began = performance.now();
  let failed = 0;
  for (let seed = from; seed < from + count; seed++) {
    const { broken } = await simulate(seed);
    if (broken.length === 0) continue;
    failed++;
    console.log(`seed ${seed}: ${broken.join("; ")}`);
  }
  console.log(`${count} seeds, ${failed} broken, ${Math.round((performance.now() - began) / 1000)} s`);
  process.exitCode = failed === 0 ? 0 : 1;
}
