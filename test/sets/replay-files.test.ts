/** record and replay: files. The recorded ones are gone when they are replayed. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { once } from "node:events";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { record, replay } from "../../src/index.ts";
import { run } from "../matrix/run.ts";
import { esbuildReleases } from "../programs/esbuild.ts";
import { npmPackage } from "../programs/packages.ts";
import { writeProject } from "../programs/project.ts";
import { tscProgram } from "../programs/tsc.ts";
import { recorded, replayed, replayedProgram, type Start } from "./replaying.ts";

const folder: string = realpathSync(mkdtempSync(join(tmpdir(), "elsewhere-replayed-")));
const file: string = join(folder, "run.elsewhere");
/** What the program works in. */
const work: string = join(folder, "work");
let program: string;

beforeAll(async () => {
  program = await replayedProgram();
}, 300_000);
beforeEach(() => {
  rmSync(work, { recursive: true, force: true });
  mkdirSync(join(work, "sub"), { recursive: true });
  writeFileSync(join(work, "a.txt"), "content of a");
  writeFileSync(join(work, "sub/b.txt"), "b");
  writeFileSync(join(work, "sub/c.txt"), "c");
  symlinkSync("sub/b.txt", join(work, "link"));
  symlinkSync(join(work, "a.txt"), join(work, "absolute"));
  symlinkSync("loop", join(work, "loop"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const running = (...args: readonly string[]): Start => ({ program, args });
const forget = (): void => rmSync(work, { recursive: true });

describe("files that are gone", () => {
  test("are looked at, listed, mapped, changed, renamed and removed as they were", async () => {
    const start = running("files", work);
    const before = await recorded(file, start);
    expect(before.stdout).toContain('absolute: "content of a" <nil>');
    expect(before.stdout).toContain('a.txt: "content of a and more" <nil>');
    forget();
    const { differences, ...after } = await replayed(file, start);
    expect({ ...after, differences }).toEqual({ ...before, differences: [] });
    expect(existsSync(work)).toBe(false);
  });

  test("with relative paths, started somewhere else", async () => {
    const before = await recorded(file, { ...running("read", "a.txt", "sub/../link", "nowhere"), cwd: work });
    expect(before.stdout).toContain('link: "b" <nil>');
    forget();
    const after = await replayed(file, { ...running("read", "a.txt", "sub/../link", "nowhere"), cwd: "/" });
    expect(after).toEqual({ ...before, differences: [] });
  });

  test("changed by somebody else in between, three times", async () => {
    const path = join(work, "a.txt");
    let reads = 0;
    const onLine = (_: string, input: NodeJS.WritableStream): void => {
      writeFileSync(path, `change ${++reads}`);
      input.write("\n");
    };
    const before = await recorded(file, { ...running("changed", path), onLine });
    expect(before.stdout).toBe('"content of a" <nil>\n"change 1" <nil>\n"change 2" <nil>\n');
    forget();
    expect(await replayed(file, running("changed", path))).toEqual({ ...before, differences: [] });
  });

  test("that the kernel makes up: /proc and /sys", async () => {
    const start = running(
      "read",
      "/proc/self/stat",
      "/proc/uptime",
      "/proc/self/comm",
      "/sys/kernel/mm/transparent_hugepage/enabled",
    );
    const before = await recorded(file, start);
    expect(await replayed(file, start)).toEqual({ ...before, differences: [] });
  });
});

test("errors that the files do not show come again", async () => {
  const path = join(work, "socket");
  await using server = createServer();
  server.listen(path);
  await once(server, "listening");
  const before = await recorded(file, running("read", path, join(work, "a.txt")));
  expect(before.stdout).toContain("no such device or address");
  await server[Symbol.asyncDispose]();
  forget();
  expect(await replayed(file, running("read", path, join(work, "a.txt")))).toEqual({ ...before, differences: [] });
});

test("a file that is too large is not recorded, and that is told", async () => {
  const path = join(work, "a.txt");
  await recorded(file, running("read", path), { maxFileBytes: 11 });
  const { stdout, differences } = await replayed(file, running("read", path));
  expect(stdout).toContain(String.raw`"\x00\x00`);
  expect(differences[0]).toEqual({
    kind: "unreproducible",
    call: "openat",
    what: path,
    wanted: "its content",
    found: "zeros: it has 12 bytes, more than 11",
  });
  const before = await recorded(file, running("read", path), { maxFileBytes: 12 });
  expect(await replayed(file, running("read", path))).toEqual({ ...before, differences: [] });
});

test("options that make no sense are told, and recordings that are none", () => {
  const wrong: object = { writes: "never" };
  expect(() => replay(file, wrong)).toThrow(/options of replay\(\) are wrong/);
  expect(() => record(file, { maxFileBytes: -1 })).toThrow(/options of record\(\) are wrong/);
  writeFileSync(file, '{"format":"elsewhere-recording","version":1}\n');
  expect(() => replay(file)).toThrow(/is no whole recording/);
});

describe("what was not recorded", () => {
  test("is not there, even if it is, and is told with what is most like it", async () => {
    await recorded(file, running("read", join(work, "a.txt")));
    const after = await replayed(file, running("read", join(work, "sub/b.txt")));
    expect(after.stdout).toMatch(/no such file or directory/);
    expect(after.differences).toContainEqual({
      kind: "unrecorded",
      call: "openat",
      what: join(work, "sub/b.txt"),
      nearest: join(work, "a.txt"),
      outcome: "ENOENT",
    });
  });

  test("is the real file, if that is asked for", async () => {
    await recorded(file, running("read", join(work, "a.txt")));
    const after = await replayed(file, running("read", join(work, "sub/b.txt")), { unknown: "real" });
    expect(after.stdout).toContain('"b" <nil>');
    expect(after.differences).toContainEqual(
      expect.objectContaining({ what: join(work, "sub/b.txt"), outcome: "the real one" }),
    );
  });
});

describe("what the program writes", () => {
  const path = join(work, "out.txt");

  test("stays off the disk, and is the same", async () => {
    const start = running("write", path, "some", "words");
    await recorded(file, start);
    expect(readFileSync(path, "utf8")).toBe("some words");
    forget();
    expect((await replayed(file, start)).differences).toEqual([]);
    expect(existsSync(work)).toBe(false);
  });

  test("is told where it differs, and goes to the disk if that is asked for", async () => {
    await recorded(file, running("write", path, "some", "words"));
    forget();
    const { differences } = await replayed(file, running("write", path, "some", "other", "words"), { writes: "real" });
    expect(differences.map(({ kind, what }) => [kind, what])).toEqual([
      ["start", "arguments"],
      ["written", path],
    ]);
    expect(differences[1]).toMatchObject({ offset: 5, wanted: '"words"', found: '"other words"' });
    expect(readFileSync(path, "utf8")).toBe("some other words");
  });

  test("is told where it is missing, or too much", async () => {
    await recorded(file, running("write", path, "words"));
    rmSync(path);
    const { differences } = await replayed(file, running("write", `${path}.other`, "words"));
    expect(differences.slice(1)).toEqual([
      { kind: "written", what: `${path}.other`, found: "a file" },
      { kind: "written", what: path, wanted: "file", found: "absent" },
    ]);
  });

  test("has another name in every run, if it is a temporary one", async () => {
    await recorded(file, running("temporary", work, "words"));
    forget();
    expect((await replayed(file, running("temporary", work, "words"))).differences).toEqual([]);
    mkdirSync(work);
    const { differences } = await replayed(file, running("temporary", work, "others"));
    expect(differences[1]).toMatchObject({ kind: "written", offset: 0, wanted: '"words"', found: '"others"' });
  });
});

describe("programs that nobody here wrote", () => {
  const project = join(work, "project");
  beforeEach(() => {
    mkdirSync(project);
    writeProject(project, 20);
  });

  test("tsc checks a project that is not there", async () => {
    const start = { program: tscProgram(), args: ["-p", ".", "--pretty", "false"], cwd: project };
    const native = await run([start.program, ...start.args], { cwd: project, timeoutMs: 30_000 });
    const before = await recorded(file, start);
    expect(before.stdout).toBe(native.stdout);
    expect(before.stdout).toContain("source/wrong.ts(1,14): error TS2322");
    forget();
    expect(await replayed(file, { ...start, cwd: "/" })).toEqual({ ...before, differences: [] });
  });

  test("esbuild bundles a project that is not there, to the same bytes", async () => {
    const esbuild = join(await npmPackage(esbuildReleases.at(-1)?.specifier ?? ""), "bin/esbuild");
    const args = ["source/main.ts", "--bundle", "--sourcemap", "--outdir=out", "--log-level=error"];
    const start = { program: esbuild, args, cwd: project };
    const before = await recorded(file, start);
    const bundle = readFileSync(join(project, "out/main.js"));
    forget();
    expect(await replayed(file, { ...start, cwd: "/" }, { writes: "real" })).toEqual({ ...before, differences: [] });
    expect(readFileSync(join(project, "out/main.js"))).toEqual(bundle);
    const { differences } = await replayed(file, { ...start, args: [...args, "--minify"], cwd: "/" });
    expect(differences.map(({ what }) => what)).toEqual([
      "arguments",
      join(project, "out/main.js"),
      join(project, "out/main.js.map"),
    ]);
  });
});

test("a recording is for the eyes of its owner, and a replay leaves nothing behind", async () => {
  const left = (): string[] =>
    readdirSync("/dev/shm")
      .filter((name) => name.startsWith("elsewhere-"))
      .toSorted();
  const before = left();
  await recorded(file, running("read", join(work, "a.txt")));
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await replayed(file, running("read", join(work, "a.txt")));
  expect(left()).toEqual(before);
});
