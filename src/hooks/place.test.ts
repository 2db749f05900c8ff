import { expect, test } from "vitest";
import { placeOf } from "./place.ts";

const stack = (...frames: readonly string[]): string =>
  ["Error: no", ...frames.map((frame) => `    at ${frame}`)].join("\n");
const own = new URL("./journey.ts", import.meta.url);

test.each([
  ["openat (file:///home/me/hooks.ts:12:5)", { file: "/home/me/hooks.ts", line: 12, column: 5 }],
  ["file:///home/me/hooks.ts?elsewhere=3:12:5", { file: "/home/me/hooks.ts", line: 12, column: 5 }],
  ["async Object.openat (file:///home/a%20b/hooks.ts:1:2)", { file: "/home/a b/hooks.ts", line: 1, column: 2 }],
  ["Object.<anonymous> (/home/me/hooks.cjs:1:2)", { file: "/home/me/hooks.cjs", line: 1, column: 2 }],
  ["listOnTimeout (node:internal/timers:574:21)", undefined],
  [`enter (${own.href}:1:2)`, undefined],
  ["new Promise (<anonymous>)", undefined],
])("%s", (frame, place) => {
  expect(placeOf(stack(frame))).toEqual(place);
});

test("the first frame that is the user's", () => {
  const frames = [`run (${own.href}:1:2)`, "node:fs:1:1", "a (file:///u/a.ts:3:4)", "b (file:///u/b.ts:5:6)"];
  expect(placeOf(stack(...frames))).toEqual({ file: "/u/a.ts", line: 3, column: 4 });
  expect(placeOf(stack(...frames), 3)).toEqual({ file: "/u/b.ts", line: 5, column: 6 });
  expect(placeOf(undefined)).toBeUndefined();
});
