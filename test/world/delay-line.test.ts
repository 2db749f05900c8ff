import { once } from "node:events";
import { duplexPair } from "node:stream";
import { expect, test } from "vitest";
import { delayLine } from "./delay-line.ts";

test("what is written arrives whole, in order, and not before its time", async () => {
  const [here, there] = duplexPair();
  const line = delayLine(here, 40);
  const arrived: string[] = [];
  there.on("data", (chunk: Buffer) => arrived.push(...chunk.toString().split(";").slice(0, -1)));
  const startedMs = performance.now();
  for (let index = 0; index < 100; index++) line.write(`${index};`);
  line.end();
  await once(there, "end");
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(20);
  expect(arrived).toEqual(Array.from({ length: 100 }, (_, index) => String(index)));
});

test("an answer takes the whole round trip", async () => {
  const [here, there] = duplexPair();
  const line = delayLine(here, 40);
  there.on("data", (chunk: Buffer) => there.write(chunk));
  const startedMs = performance.now();
  line.write("hello");
  const [answer] = (await once(line, "data")) as [Buffer];
  expect({ answer: answer.toString(), inTime: performance.now() - startedMs >= 40 }).toEqual({
    answer: "hello",
    inTime: true,
  });
  line.destroy();
});

test("the end of either side is the end of both, later", async () => {
  const [here, there] = duplexPair();
  const line = delayLine(here, 10);
  line.resume();
  there.end();
  await once(line, "end");
  line.end();
  there.resume();
  await once(there, "end");
  expect([line.readableEnded, there.readableEnded]).toEqual([true, true]);
});
