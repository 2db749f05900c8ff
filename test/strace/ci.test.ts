/** `elsewhere trace` against strace on every change: the oldest calling convention and the newest. */
import { expect, test } from "vitest";
import { buildFixtures } from "../matrix/build.ts";
import { modeNamed } from "../matrix/modes.ts";
import { releaseNamed } from "../matrix/releases.ts";
import { comparableRuns, compareWithStrace } from "./differential.ts";

for (const [release, mode] of [
  ["1.13", "static"],
  ["1.27", "cgo"],
] as const) {
  for (const fixture of comparableRuns.filter((each) => each.cgo === undefined || mode === "cgo")) {
    test(
      `${fixture.args.join(" ")} (go${release} ${mode}): the same calls as strace sees`,
      { timeout: 120_000 },
      async () => {
        const build = await buildFixtures(releaseNamed(release), modeNamed(mode));
        if ("reason" in build) throw new Error(build.reason);
        const result = await compareWithStrace(build.program, fixture.args);
        expect(result.problems).toEqual([]);
        expect(result.calls).toBeGreaterThan(0);
      },
    );
  }
}
