import * as fc from "fast-check";
import { expect, test } from "vitest";

import { Histogram } from "./histogram.ts";

function histogram(values: readonly number[]): Histogram {
  const made = new Histogram();
  for (const value of values) made.add(value);
  return made;
}

test("without values every quantile is 0", () => {
  expect(new Histogram().quantile(0.5)).toBe(0);
});

test("small values are exact", () => {
  const small = histogram([5, 1, 3, 2, 4]);
  expect([0, 0.2, 0.21, 0.5, 1].map((share) => small.quantile(share))).toEqual([1, 1, 2, 3, 5]);
});

test("values outside the range are clipped", () => {
  const clipped = histogram([-7, Number.NaN, 2 ** 60]);
  expect(clipped.count).toBe(3);
  expect(clipped.quantile(0.5)).toBe(0);
  expect(clipped.quantile(1) / Number.MAX_SAFE_INTEGER).toBeCloseTo(1, 2);
});

test("a quantile is within 1 % of the true one", () => {
  const value = fc.oneof(fc.nat(200), fc.nat(1_000_000), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));
  fc.assert(
    fc.property(fc.array(value, { minLength: 1 }), fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
      const sorted = values.toSorted((a, b) => a - b);
      const exact = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] ?? Number.NaN;
      expect(Math.abs(histogram(values).quantile(share) - exact)).toBeLessThanOrEqual(exact * 0.01);
    }),
  );
});

test("around every power of two too", () => {
  for (let power = 0; power <= 53; power++) {
    for (const value of [2 ** power - 1, 2 ** power, 2 ** power + 1].filter(Number.isSafeInteger))
      expect(Math.abs(histogram([value]).quantile(0.5) - value)).toBeLessThanOrEqual(value * 0.01);
  }
});
