/** Programs that nobody here wrote, their files in a target: what they say and leave there is what they do inside it. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { Readable } from "node:stream";
import { npmPackage } from "../programs/packages.ts";
import { writeProject } from "../programs/project.ts";
import { freePort } from "../programs/servers.ts";
import { tscProgram } from "../programs/tsc.ts";
import type { Finished } from "./homes.ts";
import { requestAll } from "./load.ts";
import { writeSite } from "./site.ts";
import { installed, Visit, type Visiting } from "./visit.ts";

/** A sandbox for each of the two runs, alike to the byte. */
interface Both {
  readonly there: Visit;
  readonly here: Visit;
}

const requests = 10_000;

const visits: Visit[] = [];
afterEach(async () => {
  for (const visit of visits.splice(0)) await visit[Symbol.asyncDispose]();
});

async function visit(prepare: (root: string) => void): Promise<Visit> {
  const made = await Visit.start();
  visits.push(made);
  prepare(made.path("/srv"));
  for (const name of readdirSync(made.path("/srv"), { recursive: true, encoding: "utf8" }))
    utimesSync(join(made.path("/srv"), name), when, when);
  return made;
}
const when = new Date("2021-05-05T05:05:05Z");

const both = async (prepare: (root: string) => void): Promise<Both> => ({
  there: await visit(prepare),
  here: await visit(prepare),
});

/** Runs it in one sandbox and as if it were in the other; gives what it said. */
async function compare({ there, here }: Both, command: Visiting): Promise<Finished> {
  const { milliseconds: _, ...expected } = await there.runInside(command);
  const { cost: __, ...found } = await here.run(command);
  const [mine, its] = [found, expected].map(({ stdout, stderr, exitCode }) => ({
    stdout: stdout.split("\n").sort(), // who of several threads speaks first is chance
    stderr: stderr
      .replaceAll(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /gm, "")
      .split("\n")
      .sort(),
    exitCode,
  }));
  expect(mine).toEqual(its);
  expect(here.failures).toEqual([]);
  expect(here.tree("/srv")).toEqual(there.tree("/srv"));
  return found;
}

test("esbuild bundles the same bytes", async () => {
  const program = join(await npmPackage("@esbuild/linux-x64@0.28.2"), "bin/esbuild");
  const where = await both((root) => writeProject(join(root, "project"), 60));
  const args = ["project/source/main.ts", "--bundle", "--minify", "--sourcemap", "--outdir=out", "--log-level=error"];
  expect(await compare(where, { program, args })).toEqual({ stdout: "", stderr: "", exitCode: 0 });
  expect(readFileSync(where.here.path("/srv/out/main.js"), "utf8").length).toBeGreaterThan(1000);
});

test("TypeScript's compiler finds the same errors", async () => {
  const where = await both((root) => writeProject(join(root, "project"), 60));
  // What it knows of the language is beside the executable: inside, it is there as well.
  cpSync(join(tscProgram(), ".."), where.there.path("/bin"), { recursive: true });
  const found = await compare(where, { program: tscProgram(), args: ["-p", "project", "--pretty", "false"] });
  expect(found.stdout).toContain("project/source/wrong.ts(1,14): error TS2322");
});

test("hugo builds the same site", { timeout: 60_000 }, async () => {
  const where = await both((root) => writeSite(join(root, "site"), 60));
  const program = installed("hugo");
  // Not from a directory of the target: its C code (libsass), which nobody hooks, wants to know the name of that.
  const hugo = (...args: string[]): Promise<Finished> =>
    compare(where, { program, args: ["--source", "/srv/site", "--quiet", ...args], workdir: "/" });
  const first = await hugo("--minify");
  expect(first).toEqual({ stdout: "", stderr: "", exitCode: 0 });
  expect(readFileSync(where.here.path("/srv/site/public/posts/post-7/index.html"), "utf8")).toContain("Ada");
  for (const { path } of [where.here, where.there].map((each) => ({ path: each.path("/srv/site/content/posts") })))
    rmSync(join(path, "post-3"), { recursive: true });
  await hugo("--cleanDestinationDir");
});

test("rclone copies, syncs and checks the same", { timeout: 60_000 }, async () => {
  const where = await both((root) => {
    writeSite(join(root, "from"), 40);
    mkdirSync(join(root, "from/empty"));
  });
  const program = installed("rclone");
  const rclone = (...args: string[]): Promise<Finished> =>
    compare(where, { program, args: ["--config", "", "--quiet", ...args] });
  const times = ({ path }: Visit): number[] =>
    ["config.toml", "static/big.dat"].map((name) => statSync(join(path.call(where.here, "/srv/to"), name)).mtimeMs);
  await rclone("copy", "from", "to");
  expect(times(where.here)).toEqual([when.getTime(), when.getTime()]);
  expect(await rclone("check", "from", "to", "--combined", "-")).toMatchObject({ exitCode: 0 });
  for (const each of [where.here, where.there]) {
    writeFileSync(each.path("/srv/from/config.toml"), "changed = true\n");
    rmSync(each.path("/srv/from/static/big.dat"));
    writeFileSync(each.path("/srv/from/new.txt"), "new\n");
    writeFileSync(each.path("/srv/to/theirs.txt"), "not in the source\n");
  }
  expect(await rclone("check", "from", "to", "--combined", "-")).toMatchObject({ exitCode: 1 });
  await rclone("sync", "from", "to");
  expect(await rclone("check", "from", "to", "--combined", "-", "--download")).toMatchObject({ exitCode: 0 });
  await rclone("move", "to/content", "moved", "--checksum");
  await rclone("lsf", "-R", "--files-only", "--format", "pst", "moved");
});

test(`caddy serves ${requests} requests, every byte right`, { timeout: 90_000 }, async () => {
  const port = await freePort();
  const files = Array.from({ length: 200 }, (_, index) => ({
    path: `/folder-${index % 7}/file-${index}.bin`,
    // Some larger than what is brought over when a file is opened.
    content: Buffer.alloc(index % 50 === 0 ? 700_000 + index : 100 + index * 37, `file ${index};`),
  }));
  const where = await visit((root) => {
    for (const { path, content } of files) {
      mkdirSync(join(root, "site", path, ".."), { recursive: true });
      writeFileSync(join(root, "site", path), content);
    }
    writeFileSync(
      join(root, "Caddyfile"),
      `{\n\tadmin off\n\tauto_https off\n}\nhttp://127.0.0.1:${port} {\n\tbind 127.0.0.1\n\troot * /srv/site\n\tfile_server\n}\n`,
    );
  });
  await using server = await where.launch({ program: installed("caddy"), args: ["run", "--config", "Caddyfile"] });
  await untilSaid(server.stderr, "serving initial configuration");
  expect(await requestAll(port, files, { requests, connections: 32 })).toEqual([]);
  process.kill(server.pid, "SIGTERM");
  expect(await server.exited).toMatchObject({ exitCode: 0 });
  expect(where.failures).toEqual([]);
});

/** Until the program has said it. @throws Error when it ends without */
async function untilSaid(output: Readable | null, text: string): Promise<void> {
  let said = "";
  for await (const chunk of output?.iterator({ destroyOnReturn: false }) ?? []) {
    said += String(chunk);
    if (said.includes(text)) break;
  }
  if (!said.includes(text)) throw new Error(`it ended: ${said}`);
  output?.resume();
}
