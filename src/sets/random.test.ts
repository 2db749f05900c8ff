import { expect, test } from "vitest";
import { Random } from "./random.ts";

const draw = (random: Random, count: number): number[] => Array.from({ length: count }, () => random.next());

test("a seed is always the same numbers: these", () => {
  expect(draw(new Random(7, 0, 0), 3).map((number) => number.toFixed(6))).toMatchInlineSnapshot(`
    [
      "0.000339",
      "0.170239",
      "0.234771",
    ]
  `);
});

test("each part of the seed counts", () => {
  const firsts = [new Random(1, 0, 0), new Random(2, 0, 0), new Random(1, 1, 0), new Random(1, 0, 1), new Random("1")];
  expect(new Set(firsts.map((random) => random.next())).size).toBe(firsts.length);
});

test("numbers are spread evenly over 0 to 1, and normal ones around 0", () => {
  const numbers = draw(new Random("even"), 10_000);
  const tenths = numbers.reduce((counts: number[], number) => {
    counts[Math.floor(number * 10)] = (counts[Math.floor(number * 10)] ?? 0) + 1;
    return counts;
  }, []);
  expect(tenths).toHaveLength(10);
  for (const count of tenths) expect(Math.abs(count - 1000)).toBeLessThan(150);
  const random = new Random("normal");
  const normal = Array.from({ length: 10_000 }, () => random.normal());
  const mean = normal.reduce((sum, number) => sum + number, 0) / normal.length;
  const variance = normal.reduce((sum, number) => sum + (number - mean) ** 2, 0) / normal.length;
  expect(Math.abs(mean)).toBeLessThan(0.05);
  expect(Math.abs(variance - 1)).toBeLessThan(0.1);
});
