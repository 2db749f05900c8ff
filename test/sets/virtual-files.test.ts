/** Files that exist for the program only, compared with a file system that is there and cannot be written. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type HookSet, launch, virtualFiles } from "../../src/index.ts";
import { all, answer, driverProgram, hooked, natively } from "../hooks/driver.ts";
import { run } from "../matrix/run.ts";

const folder: string = realpathSync(mkdtempSync(join(tmpdir(), "elsewhere-virtual-")));
const tree: string = join(folder, "tree");
const contents: Readonly<Record<string, string>> = { a: "this is a", "sub/b": "and this is b" };
const below = (directory: string): HookSet =>
  virtualFiles(Object.fromEntries(Object.entries(contents).map(([name, text]) => [join(directory, name), text])));

beforeAll(async () => void (await natively("pid")), 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the driver says where `tree` is a file system that cannot be written; needs the right to mount. */
async function onReadOnlyDisk(operations: string): Promise<string> {
  mkdirSync(join(tree), { recursive: true });
  const script = `
    mount -t tmpfs none ${tree} && mkdir ${tree}/sub || exit 9
    printf %s '${contents["a"]}' > ${tree}/a; printf %s '${contents["sub/b"]}' > ${tree}/sub/b
    chmod 444 ${tree}/a ${tree}/sub/b; chmod 555 ${tree}/sub ${tree}
    mount -o remount,ro ${tree} && cd / && exec ${await driverProgram()} ${operations}`;
  const { stdout, stderr, exitCode } = await run(["unshare", "-m", "sh", "-c", script], {
    cwd: "/",
    timeoutMs: 20_000,
  });
  rmSync(tree, { recursive: true });
  if (exitCode !== 0) throw new Error(`the driver failed: ${stderr}`);
  return stdout;
}

test.runIf(process.getuid?.() === 0)("everything by path, as on a disk that cannot be written", async () => {
  const real = await onReadOnlyDisk(`tree ${tree}`);
  const { stdout, failures } = await hooked(`tree ${tree}`, below(tree));
  expect(failures).toEqual([]);
  expect(stdout.split("\n")).toEqual(real.split("\n"));
});

test.runIf(process.getuid?.() === 0)("everything that can be done with an open file", async () => {
  const real = await onReadOnlyDisk(`file ${tree}/sub/b`);
  const { stdout } = await hooked(`file ${tree}/sub/b`, below(tree));
  expect(stdout).toBe(real);
});

describe("in directories that are there", () => {
  const real: string = join(folder, "real");
  const linked: string = join(folder, "linked");
  beforeAll(() => {
    mkdirSync(join(real, "there"), { recursive: true });
    writeFileSync(join(real, "hidden"), "what the disk has");
    writeFileSync(join(real, "own"), "what the disk has");
    symlinkSync(real, linked);
  });

  /** The same on disk, natively. */
  async function withFiles(names: readonly string[], operations: string): Promise<string> {
    for (const name of names) {
      mkdirSync(join(real, name, ".."), { recursive: true });
      rmSync(join(real, name), { force: true });
      writeFileSync(join(real, name), "made up", { mode: 0o444 });
    }
    try {
      return await natively(operations);
    } finally {
      for (const name of names)
        rmSync(join(real, name.split("/")[0] === "there" ? name : (name.split("/")[0] ?? "")), { recursive: true });
      writeFileSync(join(real, "hidden"), "what the disk has");
    }
  }
  const names = ["hidden", "new", "there/new", "gone/deep/new"];
  const made = (): HookSet => virtualFiles(Object.fromEntries(names.map((name) => [join(linked, name), "made up"])));

  test("they are found, listed, and hide what is there", async () => {
    const operations = [
      ...["own", "hidden", "new", "there/new", "gone/deep/new", "gone/../own", "gone/none"].flatMap((name) => [
        `cat ${real}/${name}`,
        `cat ${linked}/${name}`,
        `stat ${real}/${name}`,
      ]),
      ...["", "/there", "/gone", "/gone/deep", "/gone/.."].map((name) => `entries ${linked}${name}`),
      `child cat ${linked}/gone/deep/new`,
    ].join(" , ");
    const natively = await withFiles(names, operations);
    const { stdout, failures } = await hooked(operations, made());
    expect(failures).toEqual([]);
    expect(stdout.split("\n")).toEqual(natively.split("\n"));
  });

  test("more of them than fit into a buffer", async () => {
    const many = Array.from({ length: 500 }, (_, index) => `${"x".repeat(60)}${index}`);
    const natively = await withFiles(many, `entries ${real}`);
    const { stdout } = await hooked(
      `entries ${real}`,
      virtualFiles(Object.fromEntries(many.map((name) => [join(real, name), ""]))),
    );
    expect(stdout).toBe(natively);
  });

  test("a function says what is in it each time", async () => {
    let count = 0;
    const counting = virtualFiles({ [join(real, "count")]: (call) => `${call.name} ${++count}` });
    const { stdout } = await hooked(`cat ${real}/count , cat ${real}/count`, counting);
    expect(stdout.match(/openat \d/g)).toEqual(["openat 1", "openat 2"]);
  });

  test("a program that has given up rights", async () => {
    const { stdout } = await hooked(`drop stat ${real}/new , cat ${real}/new`, made());
    expect(stdout).toMatch(/: 7 -r--r--r--\n/);
    expect(answer(stdout)).toBe('"made up"');
  });
});

test("Go builds a module that is nowhere", async () => {
  const { stdout: root } = await run(["go", "env", "GOROOT"], { cwd: "/", timeoutMs: 20_000 });
  const module = join(folder, "nowhere");
  const program = join(folder, "program");
  const files = virtualFiles({
    [`${module}/go.mod`]: "module example.test/nowhere\n\ngo 1.21\n",
    [`${module}/main.go`]: 'package main\n\nimport "example.test/nowhere/text"\n\nfunc main() { println(text.Of) }\n',
    [`${module}/text/text.go`]: 'package text\n\nimport _ "embed"\n\n//go:embed of.txt\nvar Of string\n',
    [`${module}/text/of.txt`]: `built at ${Date.now()}`, // never in Go's cache
  });
  await using go = await launch(join(root.trim(), "bin/go"), {
    args: ["build", "-C", module, "-o", program, "."],
    hooks: [files],
  });
  const [errors, { exitCode }] = await Promise.all([all(go.stderr), go.exited]);
  expect({ errors, exitCode }).toEqual({ errors: "", exitCode: 0 });
  expect(await run([program], { cwd: "/", timeoutMs: 20_000 })).toMatchObject({
    stderr: expect.stringMatching(/^built at \d+\n$/) as string,
  });
}, 120_000);

test.each(["relative", "/directory/"])("%s is no path of a file", (path) => {
  expect(() => virtualFiles({ [path]: "" })).toThrow(TypeError);
});
