/** What `node test/session/main.ts` does; ELSEWHERE_TEST_SEEDS asks for fewer or more. */
import { expect, test } from "vitest";
import { simulate } from "./simulation.ts";

const seeds = Number(process.env["ELSEWHERE_TEST_SEEDS"] ?? 10_000);

test(`${seeds} sessions in a world that fails: nothing is lost, nothing done twice, every call ends`, async () => {
  const broken: string[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const outcome = await simulate(seed);
    broken.push(...outcome.broken.map((fact) => `node test/session/main.ts --seed ${seed}: ${fact}`));
  }
  expect(broken).toEqual([]);
}, 1_200_000);

test("a seed always goes the same way", async () => {
  const [first, second] = [await simulate(77), await simulate(77)];
  expect(first.events.length).toBeGreaterThan(30);
  expect(second).toEqual(first);
});
