/** The packages of Go's standard library that live on system calls, judged on every change. */
import { expect, test } from "vitest";
import { askedQuietly } from "../matrix/elsewhere.ts";
import { releases } from "../matrix/releases.ts";
import { isGood, judgePackage } from "./judge.ts";
import { testToolchain } from "./packages.ts";

const newest = releases.at(-1)?.version ?? "";
const packages = ["os", "os/exec", "os/signal", "net", "syscall", "time", "path/filepath", "internal/poll"];

for (const name of packages) {
  test(`the tests of ${name} (go${newest}) give the same verdicts hooked`, { timeout: 240_000 }, async () => {
    const go = await testToolchain(newest);
    const result = await judgePackage(name, { go, prefix: askedQuietly, reuseNative: true, timeoutMs: 200_000 });
    expect(result.skipped).toBeUndefined();
    expect(result.nativePasses).toBeGreaterThan(0);
    expect(result).toSatisfy(isGood);
  });
}
