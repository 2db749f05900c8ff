/** The cache of copies when runs meet, and when its file system says no. */
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { elsewhere } from "../matrix/elsewhere.ts";
import { type Outcome, run } from "../matrix/run.ts";
import { probeProgram } from "./programs.ts";

let probe: string;
let folder: string;
beforeAll(async () => {
  probe = await probeProgram();
}, 300_000);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "elsewhere-cache-test-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const isRoot = process.getuid?.() === 0;

function traceWith(cache: string, program: string = probe): Promise<Outcome> {
  return run(elsewhere("trace", "-o", "/dev/null", program, "ask", "1"), {
    cwd: folder,
    environment: { ...process.env, ELSEWHERE_CACHE_DIR: cache },
    timeoutMs: 60_000,
  });
}

const copies = (cache: string): string[] =>
  readdirSync(cache, { recursive: true, encoding: "utf8" }).filter((name) =>
    /copies\/[0-9a-f]{64}\/(?!plan\.json)/.test(name),
  );

test("ten runs at once make one copy, and the original is untouched", async () => {
  const program = join(folder, "server");
  copyFileSync(probe, program);
  chmodSync(program, 0o755);
  const cache = join(folder, "cache");
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => traceWith(cache, program)));
  for (const outcome of outcomes) expect(outcome).toMatchObject({ exitCode: 0, stdout: "wrong 1\n" });
  expect(copies(cache)).toHaveLength(1);
  expect(readdirSync(join(cache, readdirSync(cache)[0] ?? "")).filter((name) => name.startsWith("making-"))).toEqual(
    [],
  );
  expect(readFileSync(program).equals(readFileSync(probe))).toBe(true);
}, 120_000);

test("a program that changed gets a new copy", async () => {
  const program = join(folder, "server");
  copyFileSync(probe, program);
  chmodSync(program, 0o755);
  const cache = join(folder, "cache");
  await traceWith(cache, program);
  execFileSync("sh", ["-c", 'printf "\\0" >> "$1"', "sh", program]);
  expect(await traceWith(cache, program)).toMatchObject({ exitCode: 0 });
  expect(copies(cache)).toHaveLength(2);
}, 60_000);

describe.skipIf(!isRoot)(`refused by the file system${isRoot ? "" : " (skipped: mounting needs root)"}`, () => {
  const mounted = async (options: string, work: (cache: string) => Promise<void>): Promise<void> => {
    const cache = join(folder, "mounted");
    mkdirSync(cache);
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "elsewhere-test", cache]);
    try {
      await work(cache);
    } finally {
      execFileSync("umount", [cache]);
    }
  };

  test("a full disk: says so, starts nothing, leaves nothing half made", () =>
    mounted("size=200k", async (cache) => {
      const outcome = await traceWith(cache);
      expect(outcome).toMatchObject({ exitCode: 125, stdout: "" });
      expect(outcome.stderr).toMatch(/cache directory .* cannot be used\n.*ENOSPC/s);
      expect(outcome.stderr).toContain("ELSEWHERE_CACHE_DIR");
      expect(copies(cache)).toEqual([]);
    }));

  test("read-only", () =>
    mounted("ro", async (cache) => {
      const outcome = await traceWith(cache);
      expect(outcome).toMatchObject({ exitCode: 125, stdout: "" });
      expect(outcome.stderr).toMatch(/EROFS/);
      expect(outcome.stderr).toContain("ELSEWHERE_CACHE_DIR");
    }));

  test("noexec", () =>
    mounted("noexec", async (cache) => {
      const outcome = await traceWith(cache);
      expect(outcome).toMatchObject({ exitCode: 125, stdout: "" });
      expect(outcome.stderr).toMatch(/noexec/);
      expect(outcome.stderr).toContain("ELSEWHERE_CACHE_DIR");
    }));
});
