/**
 * The way to a target is cut, and stalls, under load: what docs/ promise, once or twice each. faults/main.ts does it a
 * hundred times, and everything else that takes long.
 */
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { goProgram } from "../engine/programs.ts";
import { repository } from "../matrix/cache.ts";
import { faults } from "./faults/faults.ts";
import { peers } from "./faults/peers.ts";
import { soak } from "./faults/soaking.ts";

let courier: string;
beforeAll(async () => void (courier = await goProgram(join(repository, "test/world/courier"))), 120_000);

// Cuts and kills of the agent are in the last test.
const quick = ["supervisor killed"];

for (const { name, promise, run } of [...faults.filter((fault) => quick.includes(fault.name)), ...peers(200)])
  test(`${name}: ${promise}`, { timeout: 300_000 }, async () => {
    const { wrong, ms } = await run(courier, 1, 1);
    expect(wrong).toEqual([]);
    expect(ms.length).toBe(1);
  });

test("one disturbance after another: no wrong byte, nothing stuck, nothing left", { timeout: 400_000 }, async () => {
  const { wrong } = await soak(courier, { seconds: 8, seed: 1, tell: () => undefined });
  expect(wrong).toEqual([]);
});
