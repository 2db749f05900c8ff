/** `elsewhere config`, as users run it. */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { repository } from "../matrix/cache.ts";
import { elsewhere } from "../matrix/elsewhere.ts";
import { type Outcome, run } from "../matrix/run.ts";

const top: string = realpathSync(mkdtempSync(join(tmpdir(), "elsewhere-config-")));
/** A repository in somebody's home. */
const shop = join(top, "shop");
beforeEach(() => {
  rmSync(shop, { recursive: true, force: true });
  mkdirSync(join(shop, ".git"), { recursive: true });
  mkdirSync(join(shop, "cmd"));
});
afterAll(() => rmSync(top, { recursive: true }));

function put(name: string, text: string): string {
  mkdirSync(dirname(join(shop, name)), { recursive: true });
  writeFileSync(join(shop, name), text);
  return join(shop, name);
}

interface Where {
  readonly cwd?: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly command?: readonly string[];
}

function config(args: readonly string[], { cwd = shop, variables = {}, command }: Where = {}): Promise<Outcome> {
  const { PATH } = process.env;
  const environment = { PATH, HOME: top, NO_COLOR: "1", ...variables };
  return run(command ? [...command, "config", ...args] : elsewhere("config", ...args), {
    cwd,
    environment,
    timeoutMs: 20_000,
  });
}

async function json(args: readonly string[], where?: Where): Promise<unknown> {
  const { exitCode, stdout, stderr } = await config(["--json", ...args], where);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return JSON.parse(stdout);
}

const typescript = `import { defineConfig, type ElsewhereConfig } from "elsewhere";
import { port } from "./port.ts";
const config: ElsewhereConfig = defineConfig({
  target: "container:api",
  files: { readWrite: ["/var/lib/shop", /\\.sqlite$/] },
  env: { override: { PORT: port } },
});
export default config;
`;

describe("a file", () => {
  test("in TypeScript, found from a folder below, importing another and this package", async () => {
    put("port.ts", 'export const port: string = "8080";\n');
    const file = put("elsewhere.config.ts", typescript);
    expect(await json([], { cwd: join(shop, "cmd") })).toMatchObject({
      file,
      target: { value: "container:api", origin: { by: "file", file } },
      env: { override: { PORT: { value: "8080" } } },
    });
    const decided = await json(["/var/lib/shop/a", "/x/y.sqlite", "./go.mod"]);
    expect(decided).toMatchObject([
      { mode: "remote", pattern: "/var/lib/shop", origin: { file } },
      { mode: "remote", pattern: "/\\.sqlite$/" },
      { path: join(shop, "go.mod"), mode: "local", pattern: shop, origin: { by: "default" } },
    ]);
  });

  test("in TypeScript, by what users install", async () => {
    put("port.ts", 'export const port: string = "8080";\n');
    put("elsewhere.config.ts", typescript);
    const command = [process.execPath, join(repository, "dist/cli/main.js")];
    expect(await json([], { command })).toMatchObject({ target: { value: "container:api" } });
  });

  test.each([
    ["elsewhere.config.yaml", "# where\ntarget: container:api\n", 2],
    ["elsewhere.config.yml", "target: container:api\n", 1],
    ["elsewhere.config.json", '{\n  "$schema": "x",\n  "target": "container:api"\n}\n', 3],
  ])("%s, with the line", async (name, text, line) => {
    const file = put(name, text);
    expect(await json([])).toMatchObject({
      file,
      target: { value: "container:api", origin: { by: "file", file, line } },
    });
  });

  test("there is none", async () => {
    expect(await json([])).toMatchObject({ file: null, target: { value: null, origin: { by: "default" } } });
  });

  test("named, or not wanted", async () => {
    put("elsewhere.config.yaml", "target: container:api\n");
    const other = put("other/staging.yaml", "target: ssh:staging\n");
    expect(await json(["--config", "other/staging.yaml"])).toMatchObject({
      file: other,
      target: { value: "ssh:staging" },
    });
    const variables = { ELSEWHERE_CONFIG: other };
    expect(await json([], { variables })).toMatchObject({ file: other });
    expect(await json(["--no-config"], { variables })).toMatchObject({ file: null, target: { value: null } });
    expect((await config(["--config", "no.yaml"])).stderr).toMatch(/no\.yaml: there is no such file/);
  });
});

describe("flags", () => {
  test("come before variables, and these before the file", async () => {
    put("elsewhere.config.yaml", "target: container:file\nworkdir: /app\n");
    const variables = { ELSEWHERE_TARGET: "container:variable" };
    expect(await json([], { variables })).toMatchObject({
      target: { value: "container:variable", origin: { by: "variable", variable: "ELSEWHERE_TARGET" } },
      workdir: { value: "/app", origin: { by: "file", line: 2 } },
    });
    expect(await json(["--target", "container:flag", "--workdir", "target"], { variables })).toMatchObject({
      target: { value: "container:flag", origin: { by: "flag", flag: "--target" } },
      workdir: { value: "target", origin: { by: "flag", flag: "--workdir" } },
    });
  });

  test("about files stand on the folder where you are", async () => {
    const flags = [
      "--files-read-write",
      "/etc/app",
      "--files-local",
      "./x/*",
      "--files-read-only",
      "/tmp/in",
      "--files-absent",
      "~/.npmrc",
    ];
    const paths = ["/etc/app/a", "x/b", "/tmp/in", join(top, ".npmrc"), "/tmp/out"];
    const decided = (await json([...flags, ...paths], { cwd: join(shop, "cmd") })) as {
      mode: string;
      origin: unknown;
    }[];
    expect(decided.map(({ mode }) => mode)).toEqual(["remote", "local", "remote-read", "absent", "local"]);
    expect(decided[1]?.origin).toEqual({ by: "flag", flag: "--files-local" });
  });

  test("about variables; a file's values are not shown", async () => {
    put("secrets.env", '# comment\nTOKEN="s3cret value"\nMODE=file\n');
    const args = ["--env-file", "secrets.env", "--env", "MODE=a=b"];
    expect(await json(args)).toMatchObject({
      env: {
        file: { TOKEN: { origin: { by: "file", file: join(shop, "secrets.env") } } },
        override: { MODE: { value: "a=b", origin: { by: "flag", flag: "--env" } } },
      },
    });
    const shown = await config(args);
    expect(shown.stdout).toMatch(/from a file +TOKEN/);
    expect(shown.stdout).not.toContain("s3cret");
  });

  test("about connections come before the file's, and the defaults are told", async () => {
    put("elsewhere.config.yaml", "network:\n  outgoing:\n    default: local\n    refuse: [':25']\n");
    const { outgoing } = (await json(["--outgoing-remote", "*.corp", "--outgoing-local", "localhost:3000"])) as {
      outgoing: { rules: { pattern: string; mode: string; origin: { by: string; line?: number } }[] };
    };
    expect(
      outgoing.rules.map(({ pattern, mode, origin }) => `${mode} ${pattern} ${origin.by} ${origin.line ?? ""}`),
    ).toEqual([
      "local localhost:3000 flag ",
      "remote *.corp flag ",
      "refuse :25 file 4",
      "local localhost default ",
      "local udp://224.0.0.0/4 default ",
      "local * file 3",
    ]);
    expect((await config(["--no-outgoing"])).stdout).toMatch(
      /^connections: all begin here\n {2}local +\* +--no-outgoing$/m,
    );
    expect((await config(["--outgoing-local", "db:"])).stderr).toMatch(
      /--outgoing-local: wanted a destination such as/,
    );
  });

  test("that are wrong are named", async () => {
    expect(await config(["--env", "=x"])).toMatchObject({
      exitCode: 125,
      stderr: expect.stringMatching(/NAME=value/) as unknown,
    });
    const wrong = await config(["--files-local", "data"]);
    expect(wrong).toMatchObject({ exitCode: 125, stdout: "" });
    expect(wrong.stderr).toMatch(/^ {2}--files-local: wanted a path or glob .*, found "data"$/m);
  });
});

describe("mistakes", () => {
  test("an unknown key: file, line, path, and what may be meant", async () => {
    const file = put("elsewhere.config.yaml", "files:\n  readonly: [/etc]\n");
    const { exitCode, stdout, stderr } = await config([]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 125, stdout: "" });
    expect(stderr.split("\n").slice(0, 2)).toEqual([
      "elsewhere: the configuration has a mistake",
      `  ${file}:2:3: files.readonly: there is no such key; did you mean "readOnly"?`,
    ]);
  });

  test("in TypeScript the path of the key", async () => {
    const file = put("elsewhere.config.ts", "export default { files: { local: [5] } };\n");
    expect((await config([])).stderr).toContain(`  ${file}: files.local[0]: wanted a path or glob`);
  });

  test.each([
    ["throws", '\nthrow new Error("no");\n', /cannot be loaded: Error: no\n {2}at .*elsewhere\.config\.ts:2\n/],
    [
      "is no TypeScript",
      "export default {\n  target: ,\n};\n",
      /cannot be loaded: SyntaxError.*\n {2}at .*elsewhere\.config\.ts:2\n/,
    ],
    ["exports nothing", "export const target = 5;\n", /elsewhere\.config\.ts: wanted an object, found nothing/],
  ])("a module that %s", async (_, text, message) => {
    put("elsewhere.config.ts", text);
    const { exitCode, stderr } = await config([]);
    expect(exitCode).toBe(125);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/a bug of/);
  });
});

test("what people read", async () => {
  put("elsewhere.config.yaml", "target: container:api\nfiles:\n  readWrite:\n    - /var/lib/shop\n");
  const { stdout } = await config(["--env", "A=1"]);
  const file = join(shop, "elsewhere.config.yaml");
  expect(stdout).toContain(`configuration  ${file}\n`);
  expect(stdout).toMatch(/^target +container:api +.*elsewhere\.config\.yaml:1$/m);
  expect(stdout).toMatch(/^ {2}remote +\/var\/lib\/shop +.*elsewhere\.config\.yaml:4$/m);
  expect(stdout).toMatch(/^ {2}local +.*\/dev \/proc \/sys +default: of this machine's kernel$/m);
  expect(stdout).toMatch(/^ {2}set +A=1 +--env$/m);
});

describe("docs/configuration.md", () => {
  const page = readFileSync(join(repository, "docs/configuration.md"), "utf8");

  test("every example is a configuration", async () => {
    put(".env.local", "A=1\n");
    const examples = [...page.matchAll(/^```(ts|yaml|json)\n(.*?)^```$/gms)];
    expect(examples).toHaveLength(7);
    for (const [, language = "", text = ""] of examples) {
      const file = put(`example.${language}`, text);
      expect(await json(["--config", file])).toMatchObject({ file });
    }
  });

  test("its table has the defaults in their order", async () => {
    const variables = { PATH: "/bin", TMPDIR: "", GOROOT: "", GOPATH: "" };
    const { files } = (await json([], { variables })) as { files: { pattern: string; mode: string }[] };
    const table = page.slice(page.indexOf("**Defaults**"), page.indexOf("So `/etc/shop"));
    const rows = table.split("\n").filter((line) => /^\| `[~/]/.test(line));
    const told = rows.flatMap((row) => {
      const [, paths = "", mode = ""] = row
        .split(" | ")
        .map((cell) => cell.replace(/^\| /, ""))
        .toSpliced(0, 0, "");
      return [...paths.matchAll(/`([^`]+)`/g)].map(([, pattern]) => `${mode} ${pattern}`);
    });
    const known = files.filter(({ pattern }) => !pattern.startsWith(top) && pattern !== "/");
    expect(told).toEqual(known.map(({ mode, pattern }) => `${mode} ${pattern}`));
  });
});
