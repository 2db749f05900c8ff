/**
 * What happens to a program in a target when something dies: at random moments, under load, `elsewhere exec` as it is.
 * ELSEWHERE_TEST_FAULTS says how often (`npm run test:full`: 100).
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { goProgram } from "../engine/programs.ts";
import { repository } from "../matrix/cache.ts";
import { eventually } from "../target/told.ts";

const times = Number(process.env["ELSEWHERE_TEST_FAULTS"] ?? 3);
const CLERKS = 4;
const EIO = 5;
const ENOSPC = 28;

let clerk: string;
beforeAll(async () => void (clerk = await goProgram(join(repository, "test/world/clerk"))), 120_000);

let root: string;
let temporary: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "elsewhere-faults-"));
  temporary = mkdtempSync(join(tmpdir(), "elsewhere-faults-tmp-"));
  mkdirSync(join(root, "far"));
});
afterEach(() => {
  for (const folder of [root, temporary]) rmSync(folder, { recursive: true, force: true });
});

interface Run {
  readonly supervisor: ChildProcess;
  readonly said: () => string;
  readonly ended: Promise<unknown>;
}

function start(milliseconds: number): Run {
  const args = ["exec", "--no-config", "--target", `embedded:${root}`, "--files-read-write", "/far/**", "--"];
  const command = [join(repository, "src/cli/main.ts"), ...args, clerk, "/far", String(CLERKS), String(milliseconds)];
  const supervisor = spawn(process.execPath, command, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, TMPDIR: temporary },
  });
  let said = "";
  supervisor.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  supervisor.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  return { supervisor, said: () => said, ended: once(supervisor, "close") };
}

/** Processes whose command line names the root: guard, agent, supervisor; and the program itself. */
const processes = (pattern: string): number[] => {
  try {
    return execFileSync("pgrep", ["-f", pattern], { encoding: "utf8" }).split("\n").filter(Boolean).map(Number);
  } catch {
    return []; // none
  }
};
const everything = (): number[] => [...processes(root), ...processes(`clerk /far ${CLERKS}`)];

/** Lines that were promised and are not there, or stand there more than once. */
function broken(said: string): string[] {
  const wrong: string[] = [];
  for (let each = 0; each < CLERKS; each++) {
    const lines = readFileSync(join(root, "far", `clerk-${each}`), "utf8")
      .split("\n")
      .slice(0, -1);
    const seen = new Set(lines);
    if (seen.size !== lines.length) wrong.push(`clerk ${each} has lines twice`);
    for (const [, first, last] of said.matchAll(new RegExp(`^safe ${each} (\\d+) (\\d+)$`, "gm")))
      for (let line = Number(first); line <= Number(last); line++)
        if (!seen.has(String(line))) wrong.push(`clerk ${each} lacks ${line}`);
  }
  return wrong.slice(0, 10);
}

const random = (most: number): number => Math.floor(Math.random() * most);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test(
  "agents that are killed: nothing that was promised is lost, and the program goes on",
  { timeout: 60_000 + times * 3000 },
  async () => {
    const run = start(2000 + times * 1000);
    await eventually(() => run.said().includes("safe"));
    for (let count = 0; count < times; count++) {
      await pause(200 + random(600));
      const agents = processes("agent --sandbox");
      for (const pid of agents.filter((each) => isBelow(each, run.supervisor.pid ?? 0))) process.kill(pid, "SIGKILL");
    }
    await run.ended;
    expect(run.said()).toMatch(/^over$/m);
    expect(run.supervisor.exitCode).toBe(0);
    expect(broken(run.said())).toEqual([]);
    // Writes at a file's end cannot be made twice: whether they were made nobody knows.
    const errors = [...run.said().matchAll(/^failed \d+ (\d+) /gm)].map(([, errno]) => Number(errno));
    expect(errors.filter((errno) => errno !== EIO)).toEqual([]);
    await eventually(() => everything().length === 0);
  },
);

test(
  "a supervisor that is killed: the program ends with it, and nothing is left",
  { timeout: 20_000 * times },
  async () => {
    for (let count = 0; count < times; count++) {
      const run = start(60_000);
      await eventually(() => run.said().includes("safe"));
      await pause(random(300));
      run.supervisor.kill("SIGKILL");
      await run.ended;
      await eventually(() => everything().length === 0, 2000);
      expect(broken(run.said())).toEqual([]);
      expect(readdirSync(temporary)).toEqual([]);
      for (const file of readdirSync(join(root, "far"))) rmSync(join(root, "far", file));
    }
  },
);

test.runIf(process.getuid?.() === 0)(
  "a disk of the target that is full is told, and what was promised is there",
  { timeout: 30_000 },
  async () => {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "none", join(root, "far")]);
    try {
      writeFileSync(join(root, "far", "ballast"), Buffer.alloc(57_344));
      const run = start(1500);
      await run.ended;
      expect(run.said()).toMatch(/^over$/m);
      const errors = new Set([...run.said().matchAll(/^failed \d+ (\d+) /gm)].map(([, errno]) => Number(errno)));
      expect([...errors]).toEqual([ENOSPC]);
      expect(broken(run.said())).toEqual([]);
    } finally {
      execFileSync("umount", ["-l", join(root, "far")]);
    }
  },
);

/** Whether `pid` descends from `ancestor`. */
function isBelow(pid: number, ancestor: number): boolean {
  try {
    const [, parent = "0"] = /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Number(parent) === ancestor || (Number(parent) > 1 && isBelow(Number(parent), ancestor));
  } catch {
    return false;
  }
}
