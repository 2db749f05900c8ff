/** Debuggers and profilers see a patched program as they see the original. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { elsewhere } from "../matrix/elsewhere.ts";
import { run } from "../matrix/run.ts";
import { answered, probeProgram } from "./programs.ts";

let probe: string;
let copy: string;
const folder: string = mkdtempSync(join(tmpdir(), "elsewhere-tools-"));
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  probe = await probeProgram();
  const environment = { ...process.env, ELSEWHERE_CACHE_DIR: folder };
  await run(elsewhere("trace", "-o", "/dev/null", probe, "ask", "1"), { cwd: folder, environment, timeoutMs: 60_000 });
  const found = readdirSync(folder, { recursive: true, encoding: "utf8" }).find((name) => name.endsWith("/probe"));
  if (found === undefined) throw new Error("no copy was made");
  copy = join(folder, found);
}, 300_000);

const gdb = (program: string): string =>
  execFileSync(
    "gdb",
    [
      "-nx",
      "-batch",
      "-ex",
      "info line main.stress",
      "-ex",
      "break main.main",
      "-ex",
      "run ask 1",
      "-ex",
      "bt",
      program,
    ],
    {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    },
  );

test("gdb finds lines, stops at a function and shows where it is", { timeout: 60_000 }, () => {
  const normal = (text: string): string =>
    text.replaceAll(/\[New LWP \d+\]\n|process \d+|LWP \d+|argc?=.*|Thread 0x[0-9a-f]+/g, "");
  const patched = gdb(copy);
  expect(patched).toMatch(/Breakpoint 1, main\.main \(\)/);
  expect(normal(patched).split("\n")[0]).toBe(normal(gdb(probe)).split("\n")[0]);
});

test("Go's own tools name functions and lines of the copy as of the original", { timeout: 120_000 }, () => {
  const address = /([0-9a-f]+) T main\.stress$/m.exec(
    execFileSync("go", ["tool", "nm", probe], { encoding: "utf8" }),
  )?.[1];
  const line = (program: string): string =>
    execFileSync("go", ["tool", "addr2line", program], { encoding: "utf8", input: `0x${address}\n` });
  expect(line(copy)).toBe(line(probe));
  expect(line(copy)).toMatch(/^main\.stress\n.*main\.go:\d+$/m);
});

/** Share of a CPU profile's samples by the function they were in, in per cent. */
function leaves(profile: string): ReadonlyMap<string, number> {
  const top = execFileSync("go", ["tool", "pprof", "-top", "-nodecount=1000", probe, profile], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return new Map(
    [...top.matchAll(/^\s*\S+\s+([\d.]+)%\s+\S+%\s+\S+\s+\S+%\s+(.*)$/gm)].map(([, share, name = ""]) => [
      name,
      Number(share),
    ]),
  );
}

test("a CPU profile names the same functions for calls that go to the kernel", { timeout: 240_000 }, async () => {
  const profiles: ReadonlyMap<string, number>[] = [];
  for (const [name, command] of [
    ["native", [probe]],
    ["patched", answered([], [probe])],
  ] as const) {
    const file = join(folder, `${name}.prof`);
    const outcome = await run([...command, "profile", file, "3"], { cwd: folder, timeoutMs: 60_000 });
    expect(outcome).toMatchObject({ exitCode: 0, stdout: "written\n" });
    profiles.push(leaves(file));
  }
  const [native, patched] = profiles;
  const [mostly = "", share = 0] = [...(native ?? [])].toSorted(([, a], [, b]) => b - a)[0] ?? [];
  expect(mostly).toMatch(/Syscall6/);
  expect(share).toBeGreaterThan(40);
  expect(patched?.get(mostly)).toBeGreaterThan(share * 0.7);
  expect(patched?.get("runtime._ExternalCode") ?? 0).toBeLessThan(10);
});
