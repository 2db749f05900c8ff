/**
 * Holds the world against the kernel: random sequences of file calls, played inside a sandbox and here as if in it.
 *
 *     node test/world/main.ts [--sequences 20000] [--seed N]
 *     node test/world/main.ts --network 2000 [--seed N]      calls about sockets
 *
 * Exit code 1 at the first difference, which is printed.
 */
import { parseArgs } from "node:util";
import { compare } from "./compare.ts";
import { compareNetwork } from "./network-sequences.ts";

const { values } = parseArgs({
  options: {
    network: { type: "string" },
    sequences: { type: "string", default: "20000" },
    seed: { type: "string", default: "1" },
  },
});
const seed = Number(values.seed);
const progress = (played: number): void => void process.stderr.write(`\r${played} sequences`);
const difference =
  values.network === undefined
    ? await compare({ sequences: Number(values.sequences), seed, progress })
    : await compareNetwork({ sequences: Number(values.network), seed, progress });
process.stderr.write("\n");
if (difference !== undefined) {
  console.log(difference);
  process.exitCode = 1;
}
