/** Programs that a program of the user's runs in a target: `connect`, and the page about it. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { connect, defineHooks, type ElsewhereConfig, type RemoteTarget } from "../../src/index.ts";
import { all, driverProgram, words } from "../hooks/driver.ts";
import { repository } from "../matrix/cache.ts";
import { run } from "../matrix/run.ts";

const config: ElsewhereConfig = { files: { readWrite: ["/srv/**"] }, workdir: "/srv" };

let folder: string;
let root: string;
let driver: string;

beforeAll(async () => {
  driver = await driverProgram();
  folder = realpathSync(mkdtempSync(join(tmpdir(), "elsewhere-connect-")));
  root = join(folder, "root");
  mkdirSync(join(root, "srv/below"), { recursive: true });
  writeFileSync(join(root, "srv/app.conf"), "far away\n");
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** What the driver prints in the target. */
async function said(target: RemoteTarget, operations: string, options = {}): Promise<string> {
  await using program = await target.launch(driver, { args: words(operations), ...options });
  const [stdout, { exitCode }] = await Promise.all([all(program.stdout), program.exited]);
  expect(exitCode).toBe(0);
  return stdout;
}

test("a program finds the target's files, and its own are there when its end is told", async () => {
  await using target = await connect(`embedded:${root}`, { config });
  expect(target).toMatchObject({ hostname: "elsewhere", workingDirectory: "/" });
  await using program = await target.launch(driver, { args: words("cat app.conf , write state up") });
  const [stdout] = await Promise.all([all(program.stdout), program.exited]);
  expect(stdout).toBe('cat app.conf: "far away\\n"\nwrite state up: written\n');
  expect(readFileSync(join(root, "srv/state"), "utf8")).toBe("up");
  expect(program.report.files).toContainEqual({ path: "/srv/state", mode: "remote", pattern: "/srv/**", calls: 1 });
  expect(existsSync("/srv/app.conf")).toBe(false);
});

test("one target has several programs at the same time, each with its own directory and variables", async () => {
  await using target = await connect(`embedded:${root}`, { config });
  const both = [said(target, "write one 1 , cat one"), said(target, "write two 2 , cat two", { cwd: "/srv/below" })];
  expect(await Promise.all(both)).toEqual([
    'write one 1: written\ncat one: "1"\n',
    'write two 2: written\ncat two: "2"\n',
  ]);
  expect(readFileSync(join(root, "srv/below/two"), "utf8")).toBe("2");
  await expect(target.launch(driver, { cwd: "/srv/nowhere" })).rejects.toThrow("cannot start in /srv/nowhere");
});

test("the user's hooks stand in front of the target's, also those that come later", async () => {
  await using target = await connect(`embedded:${root}`, { config });
  const seen: string[] = [];
  const added = Promise.withResolvers<void>();
  const watch = (name: string): ReturnType<typeof defineHooks> =>
    defineHooks({
      async openat(call) {
        if (call.path === "begin") await added.promise;
        if (!call.path.endsWith(".conf")) return;
        seen.push(`${name}: ${call.path}`);
        const result = await call.proceed();
        seen.push(`${name} has ${result !== null && result >= 0 ? "a file" : result}`);
      },
    });
  await using program = await target.launch(driver, {
    args: words("open begin , open app.conf , open gone.conf"),
    hooks: watch("first"),
  });
  program.addHooks(watch("second"));
  added.resolve();
  await Promise.all([all(program.stdout), program.exited]);
  expect(seen).toEqual([
    "first: app.conf",
    "second: app.conf",
    "second has a file",
    "first has a file",
    "first: gone.conf",
    "second: gone.conf",
    "second has -2",
    "first has -2",
  ]);
});

describe("the end", () => {
  test("of the target ends the programs that still run in it", async () => {
    const target = await connect(`embedded:${root}`, { config });
    const program = await target.launch(driver, { args: words("sleep") });
    await target[Symbol.asyncDispose]();
    expect(await program.exited).toEqual({ exitCode: null, signal: "SIGKILL" });
    expect(await target.closed).toBeUndefined();
  });

  test("of a sandbox that was made leaves nothing", async () => {
    const own = join(folder, "temporary");
    mkdirSync(own);
    vi.stubEnv("TMPDIR", own);
    {
      await using target = await connect({ kind: "embedded", files: { "/srv/a": "b" } }, { config });
      expect(await said(target, "cat a")).toBe('cat a: "b"\n');
      expect(readdirSync(own)).toHaveLength(1);
      expect(await mountsIn(own)).not.toBe("");
    }
    vi.unstubAllEnvs();
    expect(readdirSync(own)).toEqual([]);
    expect(await mountsIn(own)).toBe("");
  });

  test("leaves a process nothing to wait for", async () => {
    const file = join(folder, "nothing-left.ts");
    writeFileSync(
      file,
      `import { connect } from ${JSON.stringify(join(repository, "src/index.ts"))};
{
  await using _ = await connect("embedded");
}
console.log(process.getActiveResourcesInfo().filter((kind) => kind === "Timeout"));
`,
    );
    expect(await run([process.execPath, file], { cwd: folder, timeoutMs: 20_000 })).toMatchObject({ stdout: "[]\n" });
  });

  const mountsIn = async (place: string): Promise<string> =>
    (
      await run(["sh", "-c", 'cat /proc/[0-9]*/mountinfo | grep -o "$0/[^ ]*" | sort -u', place], {
        cwd: "/",
        timeoutMs: 10_000,
      })
    ).stdout;
});

describe("what the user can mend is an error before anything is started", () => {
  test.each([
    ["a target of no kind", "nowhere:x", {}, "target-unusable"],
    ["a directory that is not there", "embedded:/no/such/root", {}, "target-unusable"],
    ["an unknown key", "embedded", { config: { flies: {} } as ElsewhereConfig }, "config-unusable"],
  ])("%s", async (_, name, options, code) => {
    await expect(connect(name, options)).rejects.toMatchObject({ code });
  });

  test("a program that is not there", async () => {
    await using target = await connect(`embedded:${root}`, { config });
    await expect(target.launch("./nothing")).rejects.toMatchObject({ code: "not-found" });
    await expect(target.launch("remote:/srv/nothing")).rejects.toMatchObject({ code: "not-found" });
  });

  test("nobody waits for it any more", async () => {
    await expect(connect("embedded", { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });
});

test("docs/library.md's example does what it says", async () => {
  const page = readFileSync(join(repository, "docs/library.md"), "utf8");
  const example = /^```ts\n(.*?)^```$/ms.exec(page)?.[1] ?? "";
  const file = join(folder, "example.ts");
  const index = join(repository, "src/index.ts");
  writeFileSync(
    file,
    example.replace('"./server"', JSON.stringify(driver)).replace('"elsewhere"', JSON.stringify(index)),
  );
  const { stdout, stderr, exitCode } = await run([process.execPath, file], { cwd: folder, timeoutMs: 20_000 });
  expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
  expect(stdout).toContain('cat app.conf: "port = 8080\\n"\nwrite app.log up: errno 28\nwrite app.state up: written\n');
  expect(stdout).toMatch(/^ended with 0$/m);
  expect(stdout).toMatch(/^\/srv\/app\.conf is remote by \/srv\/\*\*$/m);
});
