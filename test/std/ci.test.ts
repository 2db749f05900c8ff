/** The packages of Go's standard library that live on system calls, judged on every change. */
import { expect, test } from "vitest";
import { through, type Way } from "../matrix/elsewhere.ts";
import { releases } from "../matrix/releases.ts";
import { isGood, judgePackage } from "./judge.ts";
import { testToolchain } from "./packages.ts";

const newest = releases.at(-1)?.version ?? "";
const few = ["os/exec", "os/signal", "net", "syscall", "internal/poll"];
const packages = {
  asked: ["os", "time", "path/filepath", ...few],
  watched: few,
  hooks: few,
};

const cases: readonly (readonly [name: string, way: Way])[] = (["asked", "watched", "hooks"] as const).flatMap((way) =>
  packages[way].map((name) => [name, way] as const),
);

test.each(cases)(
  `the tests of %s (go${newest}) give the same verdicts, calls %s`,
  { timeout: 240_000 },
  async (name, way) => {
    const go = await testToolchain(newest);
    const result = await judgePackage(name, { go, prefix: through(way), reuseNative: true, timeoutMs: 120_000 });
    expect(result.skipped).toBeUndefined();
    expect(result.nativePasses).toBeGreaterThan(0);
    expect(result).toSatisfy(isGood);
  },
);

test("the tests of net give the same verdicts, connected by an agent", { timeout: 240_000 }, async () => {
  const options = { go: await testToolchain(newest), reuseNative: true, timeoutMs: 120_000, by: "agent" };
  // Copies gigabytes; `node test/std/main.ts --by agent` has it.
  const flags = ["-test.skip=^TestSplice$"];
  const result = await judgePackage("net", { ...options, prefix: through("agent"), flags });
  expect(result.nativePasses).toBeGreaterThan(0);
  expect(result).toSatisfy(isGood);
});
