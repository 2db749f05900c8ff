import { expect, test } from "vitest";

import { formatDuration } from "./duration.ts";

test.each([
  [0, "0µs"],
  [-5, "0µs"],
  [0.0004, "0ns"],
  [0.85, "850ns"],
  [0.9996, "1.00µs"],
  [1, "1.00µs"],
  [9.994, "9.99µs"],
  [9.996, "10.0µs"],
  [12.34, "12.3µs"],
  [999.4, "999µs"],
  [999.7, "1.00ms"],
  [4560, "4.56ms"],
  [1_200_000, "1.20s"],
  [999_700_000, "1000s"],
  [3_600_000_000, "3600s"],
])("%f microseconds read %s", (us, text) => {
  expect(formatDuration(us)).toBe(text);
});
