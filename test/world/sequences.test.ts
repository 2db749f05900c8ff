/**
 * Random sequences of calls end alike inside a sandbox and here, as if in it: results, errors, data, what is there
 * afterwards. `SEQUENCES_SEED=N` draws others; `node test/world/main.ts --sequences 20000 --seed N` draws many.
 */
import { expect, test } from "vitest";
import { compare } from "./compare.ts";
import { compareNetwork } from "./network-sequences.ts";

const seed = Number(process.env["SEQUENCES_SEED"] ?? 20261123);
const count = 1000;

test(`${count} sequences of file calls, seed ${seed}`, { timeout: 600_000 }, async () => {
  expect(await compare({ sequences: count, seed })).toBeUndefined();
});

test(`${count / 2} sequences of calls about sockets, seed ${seed}`, { timeout: 300_000 }, async () => {
  expect(await compareNetwork({ sequences: count / 2, seed })).toBeUndefined();
});
