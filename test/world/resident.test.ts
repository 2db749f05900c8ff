/** A program of which everything is in the target: under each kind of target it says here what it says there. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { goProgram } from "../engine/programs.ts";
import { repository } from "../matrix/cache.ts";
import { canRun } from "../target/engines.ts";
import { canHaveSsh } from "../target/ssh-host.ts";
import { type Finished, textOf } from "./homes.ts";
import { type Residence, residences } from "./residences.ts";

let program: string;
let folder: string;
beforeAll(async () => {
  program = await goProgram(join(repository, "test/world/resident"), ["-ldflags=-s -w"]);
  folder = mkdtempSync(join(tmpdir(), "elsewhere-resident-"));
  // As far away as it gets: who it is, its whole environment, where it starts.
  writeFileSync(
    join(folder, "there.json"),
    JSON.stringify({
      files: { readWrite: ["/srv"] },
      env: { local: false, include: ["*", "PATH", "HOME"] },
      identity: true,
      workdir: "target",
    }),
  );
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe.each([
  ["embedded" as const, true],
  ["process" as const, true],
  ["docker" as const, canRun("docker")],
  ["podman" as const, canRun("podman")],
  ["ssh" as const, canHaveSsh],
])("%s", (kind, isHere) => {
  test.runIf(isHere)("here, as if it were there, it says the same to the byte", { timeout: 120_000 }, async () => {
    await using residence: Residence = await residences[kind](program);
    const args = ["/srv", "/run/secrets/token"];
    const expected = await finished(residence.inside(args));
    expect(expected).toMatchObject({ stderr: "", exitCode: 0 });
    expect(expected.stdout).toMatch(/^host (faraway|elsewhere) <nil>\ncwd \/srv <nil>$/m);
    expect(expected.stdout).toContain('secret "hush\\n" <nil>\n');
    expect(expected.stdout).not.toContain("FAILED");
    const { target, env } = residence;
    const flags = [
      "--config",
      join(folder, "there.json"),
      "--target",
      target,
      ...(kind === "embedded" || kind === "ssh" ? ["--workdir", "/srv"] : []),
    ];
    const command = [join(repository, "src/cli/main.ts"), "exec", ...flags, "--", program, ...args];
    const here = await finished(
      spawn(process.execPath, command, {
        env: { ...process.env, NOBODY_SAYS: "here", ...env },
        stdio: ["ignore", "pipe", "pipe"],
      }),
    );
    expect(here.stdout.split("\n")).toEqual(expected.stdout.split("\n"));
    expect(here).toMatchObject({ stderr: "", exitCode: 0 });
  });
});

async function finished(child: ChildProcess): Promise<Finished> {
  const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [stdout, stderr, exitCode] = await Promise.all([textOf(child.stdout), textOf(child.stderr), exited]);
  return { stdout, stderr, exitCode };
}
