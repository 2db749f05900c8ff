/** `elsewhere exec` and `trace --hook`: hook files, as users write them. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TraceRecord } from "../../src/index.ts";
import { elsewhere } from "../matrix/elsewhere.ts";
import { repository } from "../matrix/cache.ts";
import { type Outcome, run } from "../matrix/run.ts";
import { driverProgram } from "./driver.ts";

let driver: string;
const folder: string = mkdtempSync(join(tmpdir(), "elsewhere-cli-hooks-"));
afterAll(() => rmSync(folder, { recursive: true }));

const put = (name: string, text: string): void => writeFileSync(join(folder, name), text);
const answering = (answer: number): string => `import { defineHooks, type HookCall } from "elsewhere";
export default defineHooks({
  getpgid(call: HookCall<"getpgid">): number { return call.args.pid + ${answer}; },
});
`;

beforeAll(async () => {
  driver = await driverProgram();
  mkdirSync(join(folder, "below"));
  put("answer.ts", answering(4242));
  put("other.ts", answering(77));
  put("upper.ts", "export const upper = (bytes: Uint8Array): string => Buffer.from(bytes).toString().toUpperCase();\n");
  put(
    "shout.ts",
    `import { defineHooks } from "elsewhere";
import { upper } from "./upper.ts";
export default defineHooks({
  write: (call) => (call.fd === 1 ? call.proceed({ buffer: upper(call.buffer.read()) }) : undefined),
});
`,
  );
  put(
    "script.mjs",
    `import { defineHooks } from "elsewhere";
export default defineHooks({ getpgid: (call) => call.fail("EPERM") });
`,
  );
}, 300_000);

const built: readonly string[] = [process.execPath, join(repository, "dist/cli/main.js")];

const exec = (...args: readonly string[]): Promise<Outcome> =>
  run(elsewhere("exec", ...args), { cwd: folder, timeoutMs: 20_000 });

describe("exec", () => {
  test("runs a program under a hook file, its output and exit code its own", async () => {
    expect(await exec("--hook", "answer.ts", "--", driver, "pgid")).toMatchObject({
      exitCode: 0,
      stdout: "pgid: 4242\n",
      stderr: "",
    });
    expect(await exec("--hook", "answer.ts", "--", driver, "nothing")).toMatchObject({ exitCode: 2 });
    expect(await exec(driver, "pgid")).toMatchObject({ exitCode: 0, stdout: "pgid: own\n", stderr: "" });
  });

  test("what is installed finds itself, too", async () => {
    const outcome = await run([...built, "exec", "--hook", "answer.ts", driver, "pgid"], {
      cwd: folder,
      timeoutMs: 20_000,
    });
    expect(outcome).toMatchObject({ exitCode: 0, stdout: "pgid: 4242\n", stderr: "" });
  });

  test("several files: the first one is the outermost; they may be JavaScript, and import others", async () => {
    const both = await exec("--hook", "script.mjs", "--hook", "answer.ts", "--hook", "shout.ts", "--", driver, "pgid");
    expect(both.stdout).toBe("PGID: ERRNO 1\n");
  });

  test("children are hooked, unless that is not wanted", async () => {
    expect((await exec("--hook", "answer.ts", "--", driver, "child", "pgid")).stdout).toContain("pgid: 4242");
    expect((await exec("--no-follow", "--hook", "answer.ts", "--", driver, "child", "pgid")).stdout).toContain(
      "pgid: own",
    );
  });

  test("a signal that ends the program ends elsewhere", async () => {
    put(
      "kill.ts",
      `import { defineHooks } from "elsewhere";
export default defineHooks({ getpgid(call) { process.kill(call.process.pid, "SIGTERM"); } });
`,
    );
    expect(await exec("--hook", "kill.ts", "--", driver, "pgid", ",", "sleep")).toMatchObject({ signal: "SIGTERM" });
  });
});

describe("a hook file that is wrong", () => {
  test.each([
    [
      "syntax.ts",
      "const a: number = 1;\nconst = 2;\n",
      /^elsewhere: syntax\.ts cannot be loaded: SyntaxError.*\n {2}at .*\/syntax\.ts:2\n$/,
    ],
    [
      "syntax.mjs",
      "const a = 1;\nconst = 2;\n",
      /^elsewhere: syntax\.mjs cannot be loaded: SyntaxError.*\n {2}at .*\/syntax\.mjs:2\n$/,
    ],
    ["enum.ts", "export enum A { B }\n", /enum is not supported.*\n {2}at .*\/enum\.ts:1\n$/],
    ["throws.ts", "\n\nthrow new Error('no');\n", /cannot be loaded: Error: no\n {2}at .*\/throws\.ts:3\n$/],
    ["absent.ts", 'import "./absent-too.ts";\n', /cannot be loaded: .*absent-too\.ts/],
    ["empty.ts", "", /has no hooks as its default export\n.*defineHooks/],
    [
      "name.ts",
      'import { defineHooks } from "elsewhere";\nexport default defineHooks({ opneat() {} });\n',
      /no call or group "opneat".*\n {2}defined at .*\/name\.ts:2\n/,
    ],
  ])("%s", async (name, text, message) => {
    put(name, text);
    const outcome = await exec("--hook", name, "--", driver, "pgid");
    expect(outcome).toMatchObject({ exitCode: 125, stdout: "" });
    expect(outcome.stderr).toMatch(message);
    expect(outcome.stderr).not.toMatch(/\n\s+at .*\(/);
  });

  test("is not there", async () => {
    expect(await exec("--hook", "gone.ts", "--", driver)).toMatchObject({
      exitCode: 125,
      stderr: `elsewhere: gone.ts: no such file\n  path: ${folder}/gone.ts\n`,
    });
  });

  test("only while it runs: the program lives, and the line is told", async () => {
    put(
      "late.ts",
      `import { defineHooks } from "elsewhere";
setTimeout(() => {
  throw new Error("in a timer");
}, 1);
export default defineHooks({
  async getpgid(call) {
    await call.delay({ milliseconds: 20 });
    throw new Error("in a hook");
  },
});
`,
    );
    const outcome = await exec("--hook", "late.ts", "--", driver, "pgid", ",", "pgid");
    expect(outcome).toMatchObject({ exitCode: 0, stdout: "pgid: own\npgid: own\n" });
    expect(outcome.stderr).toMatch(/failed outside its hooks: Error: in a timer\n {2}at .*\/late\.ts:3:9\n/);
    expect(outcome.stderr.match(/hook getpgid failed: Error: in a hook\n {2}at .*\/late\.ts:8:11\n/g)).toHaveLength(1);
  });

  test("nothing is started when the program cannot be hooked either", async () => {
    expect(await exec("--hook", "answer.ts", "./missing")).toMatchObject({ exitCode: 127 });
    expect(await exec("--hook", "answer.ts", "/bin/ls")).toMatchObject({ exitCode: 126 });
  });
});

test("trace --hook shows what the program saw", async () => {
  const command = elsewhere(
    "trace",
    "--json",
    "-o",
    "trace.jsonl",
    "-e",
    "getpgid,write",
    "--hook",
    "answer.ts",
    "--hook",
    "shout.ts",
  );
  const outcome = await run([...command, "--", driver, "pgid"], { cwd: folder, timeoutMs: 20_000 });
  expect(outcome).toMatchObject({ exitCode: 0, stdout: "PGID: 4242\n" });
  const records = readFileSync(join(folder, "trace.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as TraceRecord);
  expect(records).toContainEqual(expect.objectContaining({ call: "getpgid", result: 4242 }));
  expect(records).toContainEqual(
    expect.objectContaining({
      call: "write",
      args: { fd: 1, buf: { text: "pgid: 4242\n", length: 11 }, count: 11 },
      result: 11,
    }),
  );
});

test("trace --hook asks for what hooks name, and shows only what is wanted", async () => {
  const command = elsewhere("trace", "-e", "write", "--hook", "answer.ts");
  const outcome = await run([...command, "--", driver, "pgid"], { cwd: folder, timeoutMs: 20_000 });
  expect(outcome.stdout).toBe("pgid: 4242\n");
  expect(outcome.stderr).not.toContain("getpgid");
});

describe("--watch-hooks", () => {
  type Running = ChildProcessByStdio<Writable, Readable, Readable>;

  /** Waits until standard error says so. */
  async function said(program: Running, pattern: RegExp): Promise<void> {
    let text = "";
    for await (const chunk of program.stderr.iterator({ destroyOnReturn: false })) {
      text += String(chunk);
      if (pattern.test(text)) return;
    }
    throw new Error(`it ended and said only ${text}`);
  }

  async function line(program: Running): Promise<string> {
    let text = "";
    for await (const chunk of program.stdout.iterator({ destroyOnReturn: false })) {
      text += String(chunk);
      if (text.endsWith("\n")) return text;
    }
    return text;
  }

  test("a changed file, or one that it imports, counts at once; a broken one leaves the old hooks", async () => {
    put("number.ts", "export const number = 1;\n");
    put(
      "watched.ts",
      `import { defineHooks } from "elsewhere";
import { number } from "./number.ts";
export default defineHooks({ getpgid: () => number });
`,
    );
    const [program = "", ...args] = elsewhere("exec", "--watch-hooks", "--hook", "watched.ts", "--", driver);
    const steps = ["pgid", ",", "wait", ","];
    const child: Running = spawn(program, [...args, ...steps, ...steps, ...steps, ...steps, "pgid"], {
      cwd: folder,
      stdio: ["pipe", "pipe", "pipe"],
    });
    const next = async (): Promise<string> => {
      child.stdin.write("x\n");
      let text = "";
      while (!/wait: x\npgid: .*\n$/.test(text)) text += await line(child);
      return text;
    };
    expect(await line(child)).toBe("pgid: 1\n");

    put("number.ts", "export const number = 2;\n");
    await said(child, /watched\.ts loaded again/);
    expect(await next()).toBe("wait: x\npgid: 2\n");

    put("watched.ts", "const = 3;\n");
    await said(
      child,
      /watched\.ts cannot be loaded: SyntaxError.*\n {2}at .*watched\.ts:1\n {2}the hooks that watched\.ts had before go on\n/s,
    );
    expect(await next()).toBe("wait: x\npgid: 2\n");

    put("watched.ts", 'import { defineHooks } from "elsewhere";\nexport default defineHooks({ opneat: () => 1 });\n');
    await said(child, /"opneat"/);
    expect(await next()).toBe("wait: x\npgid: 2\n");

    put("watched.ts", answering(3));
    await said(child, /watched\.ts loaded again/);
    expect(await next()).toBe("wait: x\npgid: 3\n");
    child.stdin.end();
  });
});
