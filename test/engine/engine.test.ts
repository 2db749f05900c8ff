/**
 * Situations in which a hook must still work. In each the probe makes calls that TypeScript
 * answers, once with only these asked and once with every call asked and made by its thread.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { run } from "../matrix/run.ts";
import { answered, probeProgram } from "./programs.ts";

let probe: string;
beforeAll(async () => {
  probe = await probeProgram();
}, 300_000);

const isRoot = process.getuid?.() === 0;

interface Situation {
  readonly args: readonly string[];
  readonly prints: RegExp;
  /** Why it cannot be tried here, if so. */
  readonly unless?: string | false;
}

const needsRoot = !isRoot && "the probe must be root for this";

const situations: Readonly<Record<string, Situation>> = {
  "one after another": { args: ["ask", "2000"], prints: /^wrong 0$/m },
  "4,000 threads at once": { args: ["threads", "4000"], prints: /^wrong 0$/m },
  "3,000 threads blocked in one call": { args: ["blocked", "3000"], prints: /^all 3000$/m },
  "vfork children": { args: ["children", "200"], prints: /^wrong 0$/m },
  "collections, signals, deep stacks": { args: ["stress", "3"], prints: /^wrong 0 /m },
  "after setuid": { args: ["setuid"], prints: /^after setuid answered$/m, unless: needsRoot },
  "after chroot": { args: ["chroot"], prints: /^after chroot answered$/m, unless: needsRoot },
  "after unshare": { args: ["unshare"], prints: /^after unshare answered$/m, unless: needsRoot },
  "without a free descriptor": { args: ["no-descriptors"], prints: /^without descriptors answered$/m },
  "under the program's own seccomp filter": { args: ["seccomp"], prints: /^under seccomp answered$/m },
  "interrupted by signals": { args: ["restart"], prints: /^read 1 <nil>$/m },
};

describe.each([[[]], [["--all"]], [["--late"]], [["--slots", "4"]]])("answered with %j", (flags) => {
  for (const [name, situation] of Object.entries(situations)) {
    test.skipIf(Boolean(situation.unless))(
      `${name}${situation.unless ? ` (skipped: ${situation.unless})` : ""}`,
      async () => {
        const outcome = await run(answered(flags, [probe, ...situation.args]), { cwd: "/", timeoutMs: 60_000 });
        expect(outcome.stdout).toMatch(situation.prints);
        expect(outcome).toMatchObject({ exitCode: 0, timedOut: false });
      },
      70_000,
    );
  }
});

test("the program dies by a signal, and so does the tool", async () => {
  for (const signal of ["SIGKILL", "SIGTERM", "SIGABRT"] as const) {
    const numbers = { SIGKILL: 9, SIGTERM: 15, SIGABRT: 6 };
    const outcome = await run(answered([], [probe, "die", String(numbers[signal])]), { cwd: "/", timeoutMs: 20_000 });
    const native = await run([probe, "die", String(numbers[signal])], { cwd: "/", timeoutMs: 20_000 });
    expect([outcome.signal, outcome.exitCode]).toEqual([native.signal, native.exitCode]);
  }
});
