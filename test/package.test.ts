/**
 * What a user gets: the packed package, installed from its file into an empty folder, without development
 * dependencies, install scripts or a compiler, runs under every Node release line that it promises.
 */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { root } from "./sources.ts";

const nodeReleases = [22, 24, 26];
/** Fetched once; `npm ci` throws them away with the rest of node_modules. */
const cache = join(root, "node_modules/.cache/elsewhere-test");

let folder: string;
let installed: string;
/** TypeScript's compiler: a static, stripped Go program. */
const tsc = join(root, `node_modules/@typescript/typescript-linux-${process.arch}/lib/tsc`);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "elsewhere-package-"));
  installed = join(folder, "installed");
  mkdirSync(installed);
  writeFileSync(join(installed, "package.json"), "{}\n");

  // dist/ is up to date: build.ts ran before.
  const packed = run(root, "npm", "pack", "--ignore-scripts", "--loglevel=error", "--pack-destination", folder);
  const tarball = join(folder, packed.stdout.trim());
  run(installed, "npm", "install", "--ignore-scripts", "--omit=dev", "--prefer-offline", "--loglevel=error", tarball);
}, 300_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("nothing of the development comes along", () => {
  const own = globSync("**/*", { cwd: join(installed, "node_modules/elsewhere") });
  expect(own.filter((file) => /\.test\.|\.fixture\.|(?<!\.d)\.ts$|\.S$/.test(file))).toEqual([]);
  expect(existsSync(join(installed, "node_modules/typescript"))).toBe(false);
});

describe.each(nodeReleases)("Node %i", (release) => {
  /** The PATH of a user who has this Node and nothing of ours. */
  let path: string;
  const elsewhere = (...args: readonly string[]): Finished =>
    spawn(installed, join(installed, "node_modules/.bin/elsewhere"), args, path);

  beforeAll(() => {
    path = [nodeFolder(release), "/usr/bin", "/bin"].join(delimiter);
  }, 300_000);

  test("is what runs", () => {
    expect(spawn(installed, "node", ["--version"], path).stdout).toMatch(new RegExp(`^v${release}\\.`));
  });

  test("elsewhere --help", () => {
    const help = elsewhere("--help");
    expect(help).toMatchObject({ status: 0, stderr: "" });
    expect(help.stdout).toMatch(/^Usage: elsewhere /m);
    expect(help.stdout).toMatch(/\btrace\b/);
  });

  test("elsewhere --version", () => {
    expect(elsewhere("--version").stdout).toBe(`${manifest.version}\n`);
  });

  test("elsewhere trace of a real program", () => {
    const native = spawn(installed, tsc, ["--version"], path);
    expect(native).toMatchObject({ status: 0, stderr: "" });

    const records = join(folder, `trace-${release}.jsonl`);
    const traced = elsewhere("trace", "--json", "-o", records, "--", tsc, "--version");
    expect(traced).toEqual(native);

    const calls = readFileSync(records, "utf8")
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    // The program's one line of output is a write to descriptor 1.
    expect(calls).toContainEqual(
      expect.objectContaining({
        call: "write",
        args: expect.objectContaining({
          fd: 1,
          buf: { text: native.stdout, length: native.stdout.length },
          count: native.stdout.length,
        }) as unknown,
        result: native.stdout.length,
        errno: null,
      }),
    );
  });

  test("elsewhere exec with hooks in TypeScript, and the library with the same hooks", () => {
    const hooks = `import { defineHooks } from "elsewhere";
const shout = (bytes: Uint8Array): string => Buffer.from(bytes).toString().toUpperCase();
export default defineHooks({
  write: (call) => (call.fd === 1 ? call.proceed({ buffer: shout(call.buffer.read()) }) : undefined),
});
`;
    const file = join(folder, "shout.ts"); // no package of ours above it
    writeFileSync(file, hooks);
    writeFileSync(join(installed, "shout.mts"), hooks);
    const loud = { status: 0, stderr: "", stdout: expect.stringMatching(/^VERSION /) as unknown };
    expect(elsewhere("exec", "--hook", file, "--", tsc, "--version")).toEqual(loud);
    const script = `import { launch } from "elsewhere";
import hooks from "./shout.mts";
const program = await launch(${JSON.stringify(tsc)}, { args: ["--version"], hooks, stdio: "inherit" });
await program.exited;`;
    writeFileSync(join(installed, "script.mjs"), script);
    expect(spawn(installed, "node", ["script.mjs"], path)).toEqual(loud);
  });

  test("elsewhere exec in a target, and the library in the same one", () => {
    const root = join(folder, `root-${release}`);
    mkdirSync(join(root, "srv"), { recursive: true });
    writeFileSync(join(root, "srv/one.ts"), "export const one: number = 'far away';\n");
    const args = ["--pretty", "false", "--noEmit", "/srv/one.ts"];
    const lib = join(realpathSync(dirname(tsc)), "**"); // what it knows of the language is beside it
    const found = {
      stdout: expect.stringMatching(/^(\.\.\/)*srv\/one\.ts\(1,14\): error TS2322/) as unknown,
      stderr: "",
    };
    expect(
      elsewhere("exec", "--target", `embedded:${root}`, "--no-config", "--files-local", lib, "--", tsc, ...args),
    ).toMatchObject(found);
    const script = `import { connect } from "elsewhere";
await using target = await connect(${JSON.stringify(`embedded:${root}`)}, { config: { files: { local: [${JSON.stringify(lib)}] } } });
await using program = await target.launch(${JSON.stringify(tsc)}, { args: ${JSON.stringify(args)}, stdio: "inherit" });
await program.exited;`;
    // Node 22 cannot read \`await using\`: those who compile their program get this.
    const plain = script.replaceAll("await using", "const");
    writeFileSync(join(installed, "target.mjs"), `${plain}\nawait target[Symbol.asyncDispose]();\n`);
    expect(spawn(installed, "node", ["target.mjs"], path)).toMatchObject(found);
  });

  test("elsewhere demo", () => {
    mkdirSync(join(installed, "node_modules/@esbuild"), { recursive: true });
    const esbuild = `@esbuild/linux-${process.arch}`;
    const beside = join(installed, "node_modules", esbuild);
    if (!existsSync(beside)) cpSync(join(root, "node_modules", esbuild), beside, { recursive: true });
    const { status, stdout } = elsewhere("demo");
    expect({ status, stdout }).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/far-away only: \S+, \d+ bytes/) as unknown,
    });
  });

  test("the library can be imported and required", () => {
    const imported = spawn(installed, "node", ["--input-type=module", "-e", 'import "elsewhere";'], path);
    expect(imported).toEqual({ status: 0, stdout: "", stderr: "" });
    const required = spawn(installed, "node", ["-e", 'require("elsewhere");'], path);
    expect(required).toMatchObject({ status: 0, stdout: "" });
  });
});

interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function spawn(cwd: string, program: string, args: readonly string[], path: string): Finished {
  const { HOME, XDG_RUNTIME_DIR } = process.env;
  const env = { PATH: path, ...(HOME && { HOME }), ...(XDG_RUNTIME_DIR && { XDG_RUNTIME_DIR }) };
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, env, encoding: "utf8", timeout: 60_000 });
  if (error) throw error;
  return { status, stdout, stderr };
}

/** Runs a tool of the development; it must succeed. */
function run(cwd: string, program: string, ...args: readonly string[]): Finished {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: "utf8" });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} exited with ${status}:\n${stderr}${stdout}`);
  return { status, stdout, stderr };
}

/** The folder of the newest `node` of a release line, from npm's package of that name. */
function nodeFolder(release: number): string {
  const home = join(cache, `node-${release}`);
  const node = join(home, "node_modules/node/bin/node");
  if (!existsSync(node)) {
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, "package.json"), JSON.stringify({ private: true, allowScripts: { node: true } }));
    run(home, "npm", "install", "--loglevel=error", `node@${release}`);
  }
  return dirname(node);
}
