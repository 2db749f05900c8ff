/**
 * Holds the world against the kernel: random sequences of file calls, played inside a sandbox and here as if in it.
 *
 *     node test/world/main.ts [--sequences 20000] [--seed N]
 *
 * Exit code 1 at the first difference, which is printed.
 */
import { parseArgs } from "node:util";
import { compare } from "./compare.ts";

const { values } = parseArgs({
  options: { sequences: { type: "string", default: "20000" }, seed: { type: "string", default: "1" } },
});
const difference = await compare({
  sequences: Number(values.sequences),
  seed: Number(values.seed),
  progress: (played) => process.stderr.write(`\r${played} sequences`),
});
process.stderr.write("\n");
if (difference !== undefined) {
  console.log(difference);
  process.exitCode = 1;
}
