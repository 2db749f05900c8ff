/** Processes of this machine as targets, and what a target's text means. */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { ElsewhereError } from "../../src/errors.ts";
import { findTarget } from "../../src/target/kinds.ts";
import { all } from "../hooks/driver.ts";
import { eventually, heldSession, startTarget, teller, type Told, toldBySession } from "./told.ts";

const NAMESPACES = ["--user", "--map-root-user", "--net", "--uts", "--pid", "--fork", "--kill-child"];

interface Inside {
  /** The process that waits there, as this machine numbers it. */
  readonly pid: number;
  tell(path: string): Promise<Told>;
}

/** A teller that waits in namespaces and a root of its own, with nothing but itself and a file there. */
async function inside(): Promise<Inside> {
  const root = mkdtempSync(join(tmpdir(), "elsewhere-root-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  cpSync(await teller(), join(root, "teller"));
  mkdirSync(join(root, "srv"));
  writeFileSync(join(root, "srv/file"), "content\n");
  const env = { ONLY: "there" };
  // A shell of this machine names the host and enters the root.
  const script = 'hostname there && exec unshare --root="$0" --wd=/srv /teller wait';
  const child = spawn("unshare", [...NAMESPACES, "/bin/sh", "-c", script, root], {
    env: { ...env, PATH: process.env["PATH"] },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const pid = firstChild(child);
  return {
    pid,
    tell: async (path) => {
      const entered = ["--user", "--net", "--uts", "--pid", `--target=${pid}`];
      const environ = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").filter(Boolean);
      const found = Object.fromEntries(environ.map((each) => each.split(/=(.*)/s).slice(0, 2) as [string, string]));
      const told = spawn(
        "nsenter",
        [...entered, "--preserve-credentials", "--", "unshare", `--root=${root}`, "--wd=/srv", "/teller", "tell", path],
        {
          env: found,
          stdio: ["ignore", "pipe", "inherit"],
        },
      );
      return JSON.parse(await all(told.stdout)) as Told;
    },
  };
}

function firstChild({ pid }: ChildProcess): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0]);
}

/** Whether a process has this in its command line. */
function running(text: string): boolean {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.some((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(text);
    } catch {
      return false; // gone meanwhile
    }
  });
}

describe("process", () => {
  test("a session tells what a program in its namespaces and root finds", async () => {
    const there = await inside();
    const expected = await there.tell("/srv/file");
    expect(expected).toMatchObject({ hostname: "there", workdir: "/srv", uid: 0, content: "content\n" });
    expect(expected.environment).toContain("ONLY=there");
    const agent = await startTarget(`process:${there.pid}`);
    expect(await toldBySession(agent, "/srv/file")).toEqual(expected);
    expect(await agent.ended).toBe("");
  });

  test("files are read with the process's rights, not with ours", { skip: process.getuid?.() !== 0 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "elsewhere-secret-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    chmodSync(folder, 0o755);
    const [secret, program] = [join(folder, "secret"), join(folder, "teller")];
    writeFileSync(secret, "root's\n", { mode: 0o600 });
    cpSync(await teller(), program);
    const child = spawn(program, ["wait"], { uid: 65534, gid: 65534, stdio: ["ignore", "pipe", "inherit"] });
    onTestFinished(() => void child.kill());
    await new Promise((resolve) => child.stdout.once("data", resolve));
    const agent = await startTarget(`process:${child.pid}`);
    expect(await toldBySession(agent, secret)).toMatchObject({ uid: 65534, content: "", error: "permission denied" });
    await agent.ended;
  });

  test("no agent is left when the supervisor is killed, and the other end hears when the process ends", async () => {
    const there = await inside();
    const mark = `/proc/${there.pid}/root`;
    const holder = await heldSession(`process:${there.pid}`);
    expect(running(mark)).toBe(true);
    process.kill(holder.pid, "SIGKILL");
    await eventually(() => !running(mark));

    await using agent = await startTarget(`process:${there.pid}`);
    process.kill(there.pid, "SIGKILL"); // the first of its namespace: the kernel ends all the others
    expect(await agent.ended).toBe("");
  });

  test.each([
    ["process:", "which process?"],
    ["process:abc", "abc is no process number"],
    ["process:-1", "-1 is no process number"],
    ["process:4194305", "there is no process 4194305"],
    ["process:2", /process 2 \(kthreadd\) has no memory|may not look into/],
  ])("%s: %s", async (target, message) => {
    await expect(startTarget(target)).rejects.toThrow(message);
    await expect(startTarget(target)).rejects.toMatchObject({ code: "target-unusable" });
  });
});

describe("a target's text", () => {
  test("kind and name, which may have colons", () => {
    expect(findTarget("embedded")).toMatchObject({ kind: { name: "embedded" }, name: "" });
    expect(findTarget("ssh:[::1]")).toMatchObject({ kind: { name: "ssh" }, name: "[::1]" });
  });

  test("an unknown kind gets a suggestion and the list", () => {
    const failure = thrownBy(() => findTarget("contaner:api"));
    expect(failure).toMatchObject({ code: "target-unusable", hint: "did you mean container:NAME?" });
    expect(failure.context.join("\n")).toMatch(/embedded[^]*process:PID[^]*container:NAME[^]*ssh:HOST/);
    expect(thrownBy(() => findTarget("kubernetes:x")).hint).toMatch("elsewhere ls");
  });
});

function thrownBy(what: () => unknown): ElsewhereError {
  try {
    what();
  } catch (error) {
    if (error instanceof ElsewhereError) return error;
  }
  throw new Error("it throws no ElsewhereError");
}
