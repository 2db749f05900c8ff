import { array, assert, integer, property, record } from "fast-check";
import { expect, test } from "vitest";
import { TokenBucket } from "./token-bucket.ts";

test("a burst passes at once, what comes then waits for its tokens, and a pause fills no more than the bucket", () => {
  const bucket = new TokenBucket(1000, 100, 0);
  expect(bucket.take(100, 0)).toBe(0);
  expect(bucket.take(50, 0)).toBe(50);
  expect(bucket.take(50, 50)).toBe(50);
  expect(bucket.take(100, 10_000)).toBe(0);
  expect(bucket.take(1, 10_000)).toBe(1);
});

test("whoever waits as told gets no more than the rate and one burst", () => {
  const sends = array(record({ bytes: integer({ min: 1, max: 5000 }), pause: integer({ min: 0, max: 300 }) }));
  assert(
    property(sends, integer({ min: 1, max: 10_000 }), (each, rate) => {
      const burst = Math.ceil(rate / 10);
      const bucket = new TokenBucket(rate, burst, 0);
      let now = 0;
      let total = 0;
      for (const { bytes, pause } of each) {
        now += pause;
        now += bucket.take(bytes, now);
        total += bytes;
      }
      expect(total).toBeLessThanOrEqual((now / 1000) * rate + burst + 0.001 * total);
    }),
  );
});
