/** Every set on programs that nobody here wrote: hugo, rclone, esbuild, and SQLite's driver for Go. docs/sets.md has the table. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { faults, type HookSet, latency, launch, sandbox, virtualFiles } from "../../src/index.ts";
import { goProgram } from "../engine/programs.ts";
import { all } from "../hooks/driver.ts";
import { contentHash, repository, scratch } from "../matrix/cache.ts";
import { npmPackage } from "../programs/packages.ts";
import { writeProject } from "../programs/project.ts";
import { writeSite } from "../world/site.ts";
import { installed } from "../world/visit.ts";
import { recorded, replayed, type Run } from "./replaying.ts";

let folder: string;
beforeAll(() => void (folder = realpathSync(scratch("sets"))));
afterAll(() => rmSync(folder, { recursive: true }));

async function run(program: string, args: readonly string[], hooks: HookSet | readonly HookSet[] = []): Promise<Run> {
  const stdio = ["ignore", "pipe", "pipe"] as const;
  const env = { PATH: "/usr/bin:/bin", HOME: join(folder, "home"), TMPDIR: folder };
  await using running = await launch(program, { args, cwd: folder, env, hooks, stdio: [...stdio] });
  const [stdout, stderr, { exitCode }] = await Promise.all([all(running.stdout), all(running.stderr), running.exited]);
  return { stdout, stderr, exitCode };
}

/** What it leaves is the material of a test. */
async function prepare(program: string, args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await run(program, args);
  if (exitCode !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
}

/** Names, and what is in them. */
const tree = (below: string): string[] =>
  readdirSync(join(folder, below), { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => {
      const path = join(folder, below, name);
      return statSync(path).isDirectory() ? name : `${name} ${contentHash([readFileSync(path)])}`;
    });

const empty = (below: string): void => rmSync(join(folder, below), { recursive: true, force: true });

describe("hugo", () => {
  const hugo = installed("hugo");
  const args = ["--source", "site", "--destination", "../public", "--quiet"];
  const config = (): string => join(folder, "site/config.toml");
  let native: string[];
  beforeAll(async () => {
    writeSite(join(folder, "site"), 8);
    await prepare(hugo, args);
    native = tree("public");
  });
  beforeEach(() => empty("public"));

  test("virtual files: a configuration that is not on the disk", async () => {
    const content = readFileSync(config(), "utf8");
    rmSync(config());
    try {
      expect(await run(hugo, args, virtualFiles({ [config()]: content }))).toMatchObject({ exitCode: 0 });
      expect(native.length).toBeGreaterThan(20);
      expect(tree("public")).toEqual(native);
    } finally {
      writeFileSync(config(), content);
    }
  });

  test("faults: a post that cannot be read is named", async () => {
    const post = join(folder, "site/content/posts/post-3/index.md");
    const { exitCode, stdout, stderr } = await run(
      hugo,
      args,
      faults({ rules: [{ calls: ["read", "pread64"], path: post, error: "EIO" }] }),
    );
    expect(exitCode).not.toBe(0);
    expect(stdout + stderr).toMatch(/post-3.*input\/output error/s);
  });

  test("sandbox: it needs nothing but its site, and says what it may not do", async () => {
    const rest = { network: "deny", exec: "deny" } as const;
    const allow = ["public", "site/resources", "site/.hugo_build.lock", "hugo_cache"].map((name) => join(folder, name));
    expect(await run(hugo, args, sandbox({ ...rest, write: { allow } }))).toMatchObject({ exitCode: 0 });
    expect(tree("public")).toEqual(native);
    empty("public");
    const denied = await run(hugo, args, sandbox({ ...rest, write: "deny" }));
    expect(denied.exitCode).not.toBe(0);
    expect(denied.stdout + denied.stderr).toMatch(/read-only file system/);
  });

  test("record and replay: the same site from a site that is gone", async () => {
    const file = join(folder, "hugo.elsewhere");
    const start = { program: hugo, args, cwd: folder };
    expect(await recorded(file, start)).toMatchObject({ exitCode: 0 });
    expect(tree("public")).toEqual(native);
    empty("public");
    empty("site");
    const { exitCode, differences } = await replayed(file, start);
    expect({ exitCode, differences }).toEqual({ exitCode: 0, differences: [] });
    expect(existsSync(join(folder, "public"))).toBe(false);
  });
});

describe("rclone", () => {
  const rclone = installed("rclone");
  const copy = ["copy", "from", "to", "--config", "", "--quiet"];
  beforeAll(() => {
    mkdirSync(join(folder, "from/below"), { recursive: true });
    writeFileSync(join(folder, "from/large"), "0123456789".repeat(30_000));
    writeFileSync(join(folder, "from/below/secret"), "hush");
  });
  beforeEach(() => empty("to"));

  test("virtual files: its remotes and their passwords never touch the disk", async () => {
    const conf = "/nowhere/rclone.conf";
    const content = `[far]\ntype = alias\nremote = ${join(folder, "from")}\n`;
    const args = ["copy", "far:", "to", "--config", conf, "--quiet"];
    expect(await run(rclone, args, virtualFiles({ [conf]: content }))).toMatchObject({ exitCode: 0 });
    expect(tree("to")).toEqual(tree("from"));
  });

  test("faults: files that come and go in small parts are the same; a full disk is tried again", async () => {
    const rules = [
      { calls: ["read", "write"], path: [join(folder, "from"), join(folder, "to")], short: 5000 },
      { calls: "write", path: join(folder, "to"), first: 2, error: "ENOSPC" },
    ] as const;
    const { exitCode } = await run(rclone, copy, faults({ rules }));
    expect(exitCode).toBe(0);
    expect(tree("to")).toEqual(tree("from"));
  });

  test("latency: 300,000 bytes from a disk that gives 400,000 a second", async () => {
    const startedMs = performance.now();
    const set = latency({ rules: [{ path: join(folder, "from"), bytesPerSecond: 400_000 }] });
    expect(await run(rclone, copy, set)).toMatchObject({ exitCode: 0 });
    expect(performance.now() - startedMs).toBeGreaterThan(600); // less the first tenth of a second's
    expect(tree("to")).toEqual(tree("from"));
  });

  test("sandbox: what is hidden is not copied", async () => {
    const set = sandbox({
      hide: join(folder, "from/below/secret"),
      write: { allow: join(folder, "to") },
      network: "deny",
    });
    expect(await run(rclone, copy, set)).toMatchObject({ exitCode: 0 });
    expect(tree("to").map((line) => line.split(" ")[0])).toEqual(["large"]);
  });
});

describe("SQLite's driver", () => {
  let ledger: string;
  const transfers = (count: number, mode = "delete"): string[] => ["run", "ledger.db", mode, String(count)];
  const check = async (): Promise<string> => (await run(ledger, ["check", "ledger.db"])).stdout;
  beforeAll(async () => {
    ledger = await goProgram(join(repository, "test/world/ledger"));
  }, 300_000);
  beforeEach(async () => {
    for (const name of ["ledger.db", "ledger.db-journal", "ledger.db-wal"]) rmSync(join(folder, name), { force: true });
    await prepare(ledger, transfers(2));
  });

  test("faults: a commit that cannot be synced fails, and the database is whole", async () => {
    const rules = [{ calls: ["fsync", "fdatasync"], path: `${folder}/ledger.db*`, every: 3, error: "EIO" }] as const;
    const { exitCode, stderr } = await run(ledger, transfers(3), faults({ rules }));
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(/disk I\/O error/);
    expect(await check()).toMatch(/^ok true \d+\n$/);
  });

  test("latency: a disk that takes 20 ms to sync", async () => {
    const startedMs = performance.now();
    const set = latency({ rules: [{ calls: ["fsync", "fdatasync"], path: `${folder}/ledger.db*`, delay: 20 }] });
    expect(await run(ledger, transfers(5), set)).toMatchObject({ exitCode: 0, stdout: "3\n4\n5\n6\n7\n" });
    // Each transaction syncs its journal and the database.
    expect(performance.now() - startedMs).toBeGreaterThan(5 * 2 * 20);
  });

  test("sandbox: where it may not write, the database is read-only", async () => {
    const { exitCode, stderr } = await run(ledger, transfers(1), sandbox({ write: "deny" }));
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(/readonly database/);
    expect(await run(ledger, ["check", "ledger.db"], sandbox({ write: "deny" }))).toMatchObject({
      stdout: "ok true 2\n",
    });
  });

  test("record and replay: the same transactions on a database that is gone", async () => {
    const file = join(folder, "ledger.elsewhere");
    const start = { program: ledger, args: transfers(3), cwd: folder };
    expect(await recorded(file, start)).toMatchObject({ exitCode: 0, stdout: "3\n4\n5\n" });
    rmSync(join(folder, "ledger.db"));
    const { exitCode, stdout, differences } = await replayed(file, start);
    expect({ exitCode, stdout, differences }).toEqual({ exitCode: 0, stdout: "3\n4\n5\n", differences: [] });
  });
});

describe("esbuild", () => {
  let esbuild: string;
  const args = ["project/source/main.ts", "--bundle", "--outfile=out/main.js", "--log-level=error"];
  let native: string[];
  beforeAll(async () => {
    esbuild = join(await npmPackage("@esbuild/linux-x64@0.28.2"), "bin/esbuild");
    writeProject(join(folder, "project"), 10);
    await prepare(esbuild, args);
    native = tree("out");
  }, 120_000);
  beforeEach(() => empty("out"));

  test("virtual files: a module that exists for it alone", async () => {
    const path = join(folder, "project/source/main.ts");
    const content = 'import { secret } from "./generated/secret";\nconsole.log(secret);\n';
    const set = virtualFiles({
      [path]: content,
      [join(path, "../generated/secret.ts")]: 'export const secret = "hush";\n',
    });
    expect(await run(esbuild, args, set)).toEqual({ stdout: "", stderr: "", exitCode: 0 });
    expect(readFileSync(join(folder, "out/main.js"), "utf8")).toContain('"hush"');
  });

  test("record and replay: the same bundle from a project that is gone", async () => {
    const file = join(folder, "esbuild.elsewhere");
    const start = { program: esbuild, args, cwd: folder };
    expect(await recorded(file, start)).toMatchObject({ exitCode: 0 });
    expect(tree("out")).toEqual(native);
    empty("out");
    empty("project");
    const { exitCode, differences } = await replayed(file, start);
    expect({ exitCode, differences }).toEqual({ exitCode: 0, differences: [] });
  });
});
