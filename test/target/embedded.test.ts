/** Sandboxes of this machine: what is told of one is what a program inside finds. */
import { execFile } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { type Embedded, type EmbeddedOptions, startEmbedded } from "../../src/target/embedded.ts";
import { repository } from "../matrix/cache.ts";
import { all } from "../hooks/driver.ts";
import { eventually, heldSession, startTarget, teller, type Told, toldBySession } from "./told.ts";

/** Where sandboxes are made, by these tests alone. */
const home = mkdtempSync(join(tmpdir(), "elsewhere-test-"));
chmodSync(home, 0o755);
process.env["TMPDIR"] = home;
afterAll(() => rmSync(home, { recursive: true }));

const sandboxes = (): string[] => readdirSync(home).filter((name) => name.startsWith("elsewhere-sandbox-"));

function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), "elsewhere-root-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

async function sandbox(options: EmbeddedOptions): Promise<Embedded> {
  const made = await startEmbedded(options, { progress: () => undefined });
  copyFileSync(await teller(), join(made.root, "teller"));
  return made;
}

async function toldInside(made: Embedded, path: string): Promise<Told> {
  const child = made.run("/teller", ["tell", path], { stdio: ["ignore", "pipe", "inherit"] });
  return JSON.parse(await all(child.stdout)) as Told;
}

const described: EmbeddedOptions = {
  hostname: "there",
  env: { PATH: "/bin", NODE_OPTIONS: "--no-such-option", LD_PRELOAD: "/no/such/library", EMPTY: "" },
  workdir: "/srv/app",
  files: { "/etc/app/secret": "a secret\n" },
};

test("a session tells what a program inside finds, and nothing of the directory is left", async () => {
  const made = await sandbox(described);
  const inside = await toldInside(made, "/etc/app/secret");
  expect(await toldBySession(made, "/etc/app/secret")).toEqual(inside);
  expect(inside).toMatchObject({ hostname: "there", workdir: "/srv/app", uid: 0, content: "a secret\n" });
  expect(await made.ended).toBe("");
  expect(existsSync(made.root)).toBe(false);
});

test("its own processes, devices, network and temporary files", async () => {
  await using made = await sandbox({});
  const child = made.run("/teller", ["tell", "/proc/1/comm"], { stdio: ["ignore", "pipe", "inherit"] });
  expect(JSON.parse(await all(child.stdout))).toMatchObject({
    hostname: "elsewhere",
    content: expect.stringMatching(/^node/) as unknown,
  });
  expect(await toldInside(made, "/dev/null")).toMatchObject({ content: "", error: "" });
  const { content } = await toldInside(made, "/proc/net/dev");
  expect(content.match(/^\s*\w+:/gm)?.map((name) => name.trim())).toEqual(["lo:"]);
});

test("a directory of the user's stays as it is, but for what was written there", async () => {
  const root = temporary();
  writeFileSync(join(root, "mine"), "mine\n");
  const made = await startTarget(`embedded:${root}`);
  expect(readdirSync(root)).toContain("proc");
  expect(await toldBySession(made, "/mine")).toMatchObject({ content: "mine\n" });
  await made.ended;
  expect(readdirSync(root)).toEqual(["mine"]);
});

test("what is killed leaves nothing: the supervisor, the agent", async () => {
  const holder = await heldSession("embedded");
  expect(sandboxes()).toHaveLength(1);
  process.kill(holder.pid, "SIGKILL");
  await eventually(() => sandboxes().length === 0);

  const made = await sandbox({});
  const stays = made.run("/teller", ["wait"], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = new Promise((resolve) => stays.once("exit", (...how) => resolve(how)));
  await new Promise((resolve) => stays.stdout?.once("data", resolve));
  process.kill(made.pid ?? 0, "SIGKILL");
  await made.ended;
  expect(await exited).not.toEqual([0, null]); // the kernel ended it with its namespace
  expect(existsSync(made.root)).toBe(false);
});

test("it takes no root", { skip: process.getuid?.() !== 0 }, async () => {
  const folder = temporary();
  chmodSync(folder, 0o777);
  const script = join(repository, "test/target/tell.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [script, "embedded", "/proc/self/uid_map"], {
    uid: 65534,
    gid: 65534,
    env: { ...process.env, HOME: folder, TMPDIR: folder },
  });
  expect(JSON.parse(stdout)).toMatchObject({ hostname: "elsewhere", uid: 0, error: "" });
  expect(readdirSync(folder).filter((name) => name.startsWith("elsewhere-"))).toEqual([]);
});

test("what cannot be a root is told before anything is made", async () => {
  const file = join(temporary(), "file");
  writeFileSync(file, "");
  await expect(startTarget(`embedded:${file}`)).rejects.toMatchObject({ code: "target-unusable" });
  await expect(startTarget("embedded:/no/such/directory")).rejects.toMatchObject({
    code: "target-unusable",
    message: "/no/such/directory cannot be a sandbox's root",
  });
});

test("a start that is given up leaves nothing", async () => {
  const abort = new AbortController();
  const progress = (): void => queueMicrotask(() => abort.abort(new Error("given up")));
  await expect(startTarget("embedded", { progress, signal: abort.signal })).rejects.toThrow("given up");
  expect(sandboxes()).toEqual([]);
});
