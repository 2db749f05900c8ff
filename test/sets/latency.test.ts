/** latency: how long calls take, and how many bytes pass. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { latency, type LatencyOptions, type LatencyRule } from "../../src/index.ts";
import { answer, driverProgram, hooked, natively } from "../hooks/driver.ts";
import { answering } from "./server.ts";

const folder: string = mkdtempSync(join(tmpdir(), "elsewhere-latency-"));
const file: string = join(folder, "file");
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(async () => {
  await driverProgram();
  writeFileSync(file, "the quick brown fox");
}, 300_000);

/** What the last operation said, and the milliseconds that the driver lived. */
async function timed(operations: string, ...rules: LatencyRule[]): Promise<{ said: string; tookMs: number }> {
  const set = latency({ rules, seed: 1 });
  const startedMs = performance.now();
  const { stdout, failures } = await hooked(operations, set);
  expect(failures).toEqual([]);
  return { said: answer(stdout), tookMs: performance.now() - startedMs };
}

/** Milliseconds that starting a program may take on a machine that has much to do. */
const STARTING_MS = 1500;

describe("a delay", () => {
  test("of connections, and of those alone", async () => {
    await using server = await answering("hello\n");
    const rule: LatencyRule = { to: server.address, calls: "connect", delay: 2000 };
    const slow = await timed(`dial ${server.address}`, rule);
    expect(slow.said).toBe('"hello\\n"');
    expect(slow.tookMs).toBeGreaterThan(2000);
    const other = await timed(`dial ${server.address}`, { ...rule, to: `127.0.0.1:${server.port - 1}` });
    expect(other).toMatchObject({ said: slow.said });
    expect(other.tookMs).toBeLessThan(STARTING_MS);
  });

  test("of what is received, not of what is not there yet", async () => {
    await using server = await answering("hello\n");
    const { said, tookMs } = await timed(`dial ${server.address}`, { to: "127.0.0.1", calls: "read", delay: 500 });
    expect(said).toBe('"hello\\n"');
    expect(tookMs).toBeGreaterThan(500);
    expect(tookMs).toBeLessThan(500 + STARTING_MS);
  });

  test("of files: to open one and to read it", async () => {
    const { said, tookMs } = await timed(`cat ${file}`, { path: folder, delay: { from: 300, to: 301 } });
    expect(said).toBe('"the quick brown fox"');
    expect(tookMs).toBeGreaterThan(600);
    const other = await timed(`cat ${file}`, { path: "/nowhere", delay: 2000 });
    expect(other.tookMs).toBeLessThan(STARTING_MS);
  });

  test("the first rule that is about a call counts", async () => {
    const { tookMs } = await timed(`cat ${file}`, { path: file, delay: 1 }, { path: folder, delay: 3000 });
    expect(tookMs).toBeLessThan(STARTING_MS);
  });

  test("a thread waits for itself alone", async () => {
    const { said, tookMs } = await timed(`opens 30 ${file}`, { path: file, delay: { mean: 500, deviation: 10 } });
    expect(said).toBe("map[opened:30]");
    expect(tookMs).toBeGreaterThan(450);
    expect(tookMs).toBeLessThan(500 + STARTING_MS);
  });
});

describe("bytes per second", () => {
  test("of a connection, in small parts", async () => {
    const line = `${"x".repeat(99_999)}\n`;
    await using server = await answering(line);
    const { said, tookMs } = await timed(`dial ${server.address}`, { to: "*", bytesPerSecond: 100_000 });
    expect(said).toBe(JSON.stringify(line));
    expect(tookMs).toBeGreaterThan(900);
    expect(tookMs).toBeLessThan(900 + STARTING_MS);
  });

  test("of a file, cut where more is asked for at once", async () => {
    writeFileSync(join(folder, "large"), "x".repeat(60_000));
    const operations = `cat ${folder}/large`;
    const { said, tookMs } = await timed(operations, {
      path: `${folder}/large`,
      calls: "read",
      bytesPerSecond: 100_000,
      burst: 1000,
    });
    expect(said).toBe(answer(await natively(operations)));
    expect(tookMs).toBeGreaterThan(590);
  });

  test("messages stay whole", async () => {
    const { said } = await timed("udp 127.0.0.1:0 hello", { to: "127.0.0.1", bytesPerSecond: 1000, burst: 2 });
    expect(said).toBe('"hello" from itself: true');
  });
});

test.each<[object, RegExp]>([
  [{ rules: [{ to: "::1" }] }, /rules\[0\]: needs delay or bytesPerSecond/],
  [{ rules: [{ to: "::1", delay: -1 }] }, /rules\[0\]\.delay: must be milliseconds, \{ from, to \}/],
  [{ rules: [{ to: "::1", delay: { from: 2, to: 1 } }] }, /rules\[0\]\.delay: must be milliseconds/],
  [{ rules: [{ to: "::1", bytesPerSecond: 0 }] }, /rules\[0\]\.bytesPerSecond/],
  [{ rules: [{ to: "::1", delay: 1, burst: 5 }] }, /burst needs bytesPerSecond/],
])("%j is refused", (options, problem) => {
  let context: unknown;
  try {
    latency(options as LatencyOptions);
  } catch (error) {
    ({ context } = error as { context: string[] });
  }
  expect(String(context)).toMatch(problem);
});
