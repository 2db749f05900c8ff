/** The sets on programs that nobody here wrote: Debian's caddy, and esbuild. */
import { readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Denial,
  type Fault,
  faults,
  type HookedProgram,
  type HookSet,
  latency,
  launch,
  sandbox,
} from "../../src/index.ts";
import { scratch } from "../matrix/cache.ts";
import { esbuildReleases } from "../programs/esbuild.ts";
import { mustRun, npmPackage } from "../programs/packages.ts";
import { writeProject } from "../programs/project.ts";
import { caddyServer, type Server } from "../programs/servers.ts";

describe("caddy, a file server", () => {
  let caddy: Server;
  beforeAll(async () => {
    caddy = await caddyServer();
  });
  afterAll(() => rmSync(caddy.directory, { recursive: true }));

  /** Starts it and waits until it answers. */
  async function start(hooks: HookSet | readonly HookSet[]): Promise<HookedProgram> {
    const [program = "", ...args] = caddy.command;
    // Its certificates and locks go where nobody else's are.
    const env = { PATH: process.env["PATH"], HOME: caddy.directory };
    const server = await launch(program, {
      args,
      cwd: caddy.directory,
      env,
      hooks,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let log = "";
    for await (const chunk of server.stderr?.iterator({ destroyOnReturn: false }) ?? []) {
      log += String(chunk);
      if (caddy.ready.test(log)) break;
    }
    server.stderr?.resume();
    if (!caddy.ready.test(log)) throw new Error(`caddy did not start: ${log}`);
    return server;
  }
  const fetched = async (path: string): Promise<string> => {
    const response = await fetch(`${caddy.url}${path}`, { headers: { connection: "close" } });
    return `${response.status} ${await response.text()}`;
  };
  const file = (): string => join(realpathSync(caddy.directory), "file.txt");

  test("faults: every third request finds no descriptor left", async () => {
    const told: Fault[] = [];
    const rules = [{ calls: "openat", path: file(), every: 3, error: "EMFILE" }] as const;
    await using _ = await start(faults({ rules, onFault: (fault) => told.push(fault) }));
    const statuses: string[] = [];
    for (let at = 0; at < 6; at++) statuses.push((await fetched("/file.txt")).slice(0, 3));
    // Not 503: caddy takes a file that is there and cannot be opened for a folder on the way to one (mapDirOpenError).
    expect(statuses).toEqual(["200", "200", "404", "200", "200", "404"]);
    expect(told).toMatchObject([{ nth: 3 }, { nth: 6 }]);
  });

  test("faults: everything is sent in parts of at most 100 bytes, and arrives", async () => {
    let parts = 0;
    const rules = [{ calls: ["write", "writev", "sendfile", "splice"], to: "127.0.0.1", short: 100 }] as const;
    await using _ = await start(faults({ rules, onFault: () => parts++ }));
    expect(await fetched("/file.txt")).toBe(`200 ${caddy.expected}`);
    expect(parts).toBeGreaterThan(caddy.expected.length / 100);
  });

  test("latency: clients get 400,000 bytes a second", async () => {
    const large = "0123456789".repeat(30_000);
    writeFileSync(join(caddy.directory, "large.txt"), large);
    await using _ = await start(latency({ rules: [{ to: "127.0.0.1", bytesPerSecond: 400_000 }] }));
    const startedMs = performance.now();
    expect(await fetched("/large.txt")).toBe(`200 ${large}`);
    const tookMs = performance.now() - startedMs;
    // 300,000 bytes less the first tenth of a second's
    expect(tookMs).toBeGreaterThan(600);
    expect(tookMs).toBeLessThan(2500);
  });

  test("sandbox: a file is hidden, others are served; it may not connect", async () => {
    writeFileSync(join(caddy.directory, "secret.txt"), "nobody shall know");
    const denied: Denial[] = [];
    const { port } = new URL(caddy.url ?? "");
    const set = sandbox({
      hide: join(caddy.directory, "secret.txt"),
      network: { allow: `127.0.0.1:${port}` },
      write: { allow: join(caddy.directory, ".*") },
      audit: (denial) => denied.push(denial),
    });
    await using _ = await start(set);
    expect(await fetched("/file.txt")).toBe(`200 ${caddy.expected}`);
    expect(await fetched("/secret.txt")).toMatch(/^404/);
    expect(denied).toContainEqual(
      expect.objectContaining({ policy: "hide", what: join(realpathSync(caddy.directory), "secret.txt") }),
    );
  });

  test("all three at once, while a hundred clients ask at the same time", async () => {
    const { port } = new URL(caddy.url ?? "");
    const told: Fault[] = [];
    const sets = [
      sandbox({ network: { allow: `127.0.0.1:${port}` }, exec: "deny", hide: "/nowhere" }),
      latency({
        rules: [
          { to: "127.0.0.1", delay: { from: 0, to: 20 } },
          { path: caddy.directory, delay: 5 },
        ],
      }),
      faults({
        rules: [{ calls: ["read", "write"], to: "127.0.0.1", probability: 0.2, short: 50 }],
        onFault: (fault) => told.push(fault),
      }),
    ];
    await using _ = await start(sets);
    const answers = await Promise.all(Array.from({ length: 100 }, () => fetched("/file.txt")));
    expect(new Set(answers)).toEqual(new Set([`200 ${caddy.expected}`]));
    expect(told.length).toBeGreaterThan(10);
  });

  test("sandbox: where it may not listen it does not start", async () => {
    await expect(start(sandbox({ network: { allow: "127.0.0.1:1" } }))).rejects.toThrow(/bind: permission denied/);
  });
});

describe("esbuild", () => {
  let esbuild: string;
  let folder: string;
  let native: string;
  const args = ["source/main.ts", "--bundle", "--outfile=out/main.js", "--log-level=error"];
  const output = (): string => readFileSync(join(folder, "out/main.js"), "utf8");

  beforeAll(async () => {
    esbuild = join(await npmPackage(esbuildReleases.at(-1)?.specifier ?? ""), "bin/esbuild");
    folder = realpathSync(scratch("sets-esbuild"));
    writeProject(folder, 20);
    await mustRun([esbuild, ...args], folder);
    native = output();
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  async function bundle(hooks: HookSet): Promise<{ exitCode: number | null; stderr: string }> {
    rmSync(join(folder, "out"), { recursive: true, force: true });
    await using program = await launch(esbuild, { args, cwd: folder, hooks, stdio: ["ignore", "ignore", "pipe"] });
    const stderr = program.stderr === null ? "" : await text(program.stderr);
    return { exitCode: (await program.exited).exitCode, stderr };
  }

  test("faults: a module that cannot be read is named", async () => {
    const set = faults({ rules: [{ calls: "read", path: `${folder}/source/module7.ts`, error: "EIO" }] });
    const { exitCode, stderr } = await bundle(set);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/module7.*input\/output error/s);
  });

  test("faults: files that come in parts of 10 bytes make the same bundle", async () => {
    const set = faults({ rules: [{ calls: "read", path: `${folder}/source`, short: 10 }] });
    expect(await bundle(set)).toMatchObject({ exitCode: 0 });
    expect(output()).toBe(native);
  });

  test("sandbox: it may write its output and nothing else, reach nobody and start nothing", async () => {
    const denied: Denial[] = [];
    const audit = (denial: Denial): void => void denied.push(denial);
    const rest = { network: "deny", exec: "deny", audit } as const;
    expect(await bundle(sandbox({ write: { allow: `${folder}/out` }, ...rest }))).toMatchObject({
      exitCode: 0,
      stderr: "",
    });
    expect({ output: output(), denied }).toEqual({ output: native, denied: [] });
    const { exitCode, stderr } = await bundle(sandbox({ write: { allow: `${folder}/elsewhere` }, ...rest }));
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/read-only file system/);
    expect(denied[0]).toMatchObject({ policy: "write", what: `${folder}/out`, program: realpathSync(esbuild) });
  });
});
