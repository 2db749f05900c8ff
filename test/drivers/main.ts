/**
 * Real drivers and real servers in a target of every kind: what a service finds there, and here as if it were there.
 *
 *   node test/drivers/main.ts [--kinds embedded,process,ssh,docker,podman] [--count 1] [--verbose]
 *
 * It takes root, but for `embedded` and `process`. Exit code 0 when nothing differs.
 */
import { parseArgs } from "node:util";
import { type Kind, kinds } from "./places.ts";
import { visit } from "./visit.ts";

const { values } = parseArgs({
  options: {
    kinds: { type: "string", default: kinds.join(",") },
    count: { type: "string", default: "1" },
    verbose: { type: "boolean", default: false },
  },
});
const wanted = kinds.filter((kind: Kind) => values.kinds.split(",").includes(kind));

for (const kind of wanted)
  for (let times = 0; times < Number(values.count); times++) {
    const { inside, asIf, failures } = await visit(kind);
    const isSame = inside === asIf && failures.length === 0;
    console.log(`${kind}: ${inside.split("\n").length} lines, ${isSame ? "the same" : "DIFFERENT"}`);
    if (values.verbose) console.log(inside);
    if (isSame) continue;
    process.exitCode = 1;
    const here = asIf.split("\n");
    for (const [index, line] of inside.split("\n").entries())
      if (line !== here[index]) console.log(`  there: ${line}\n  here:  ${here[index]}`);
    console.log(...failures);
  }
