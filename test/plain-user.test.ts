/** Whoever is not root: what doctor says of the machine is true of them, and the demo runs. */
import { chownSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Outcome, run } from "./matrix/run.ts";
import { root } from "./sources.ts";

/** nobody and nogroup on Debian; a user whom no account stands for would do as well. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "elsewhere-plain-"));
  if (isRoot) chownSync(home, NOBODY, NOBODY);
});
afterAll(async () => {
  // Podman, which doctor asks, leaves a process behind that holds the user's namespaces.
  if (isRoot && existsSync("/usr/bin/podman")) await plainly(["/usr/bin/podman", "system", "migrate"]);
  rmSync(home, { recursive: true });
});

/** A command of somebody who is not root. */
function plainly(command: readonly string[]): Promise<Outcome> {
  const plain = isRoot ? ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"] : [];
  const environment = { HOME: home, PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, TERM: "dumb" };
  return run([...plain, ...command], { cwd: home, environment, timeoutMs: 60_000 });
}

/** As users have it. */
const elsewhere = (...args: readonly string[]): Promise<Outcome> =>
  plainly([process.execPath, join(root, "dist/cli/main.js"), ...args]);

interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly isOptional?: boolean;
  readonly found: string;
  readonly fix?: string;
}

test("doctor says what this user may do, and how to mend what they may not", { timeout: 90_000 }, async () => {
  const { stdout, exitCode } = await elsewhere("doctor", "--json");
  const findings = JSON.parse(stdout) as Finding[];
  expect(exitCode).toBe(0);
  expect(findings.filter(({ ok, isOptional }) => !ok && isOptional !== true)).toEqual([]);
  const without = findings.filter(({ ok, fix }) => !ok && fix === undefined);
  expect(without).toEqual([]);
  expect(findings.find(({ name }) => name === "cache directory")?.found).toContain(`${home}/.cache/elsewhere`);
});

test("the demo runs where doctor says that it does", { timeout: 90_000 }, async () => {
  const { stdout: json } = await elsewhere("doctor", "--json");
  const mayMake = (JSON.parse(json) as Finding[]).find(({ name }) => name === "user namespaces")?.ok === true;
  const { stdout, stderr, exitCode } = await elsewhere("demo");
  expect({ exitCode, stderr }).toMatchObject({ exitCode: mayMake ? 0 : 125 });
  if (mayMake) expect(stdout).toMatch(/far-away only: \S+, \d+ bytes/);
  else expect(stderr).toMatch(/user namespaces?/);
});
