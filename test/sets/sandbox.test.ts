/** sandbox: what is denied, what is not, and no way round by links, dots and descriptors. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Denial, launch, sandbox, type SandboxOptions } from "../../src/index.ts";
import { goProgram } from "../engine/programs.ts";
import { all, answer, driverProgram, hooked, natively } from "../hooks/driver.ts";
import { repository } from "../matrix/cache.ts";
import { run } from "../matrix/run.ts";
import { answering } from "./server.ts";

const folder: string = realpathSync(mkdtempSync(join(tmpdir(), "elsewhere-sandbox-")));
/** May be written. */
const open: string = join(folder, "open");
/** May not. */
const closed: string = join(folder, "closed");
/** A link whose name is not UTF-8: not every release of Node.js removes it with its folder. */
const odd: Buffer = Buffer.concat([Buffer.from(`${open}/`), Buffer.of(0xff)]);
let raw: string;

afterAll(() => {
  rmSync(odd, { force: true });
  rmSync(folder, { recursive: true });
});
beforeAll(async () => {
  await driverProgram();
  raw = realpathSync(await goProgram(join(repository, "test/sets/raw")));
}, 300_000);
/** Both folders as they are at first. */
function setUp(): void {
  rmSync(odd, { force: true });
  for (const each of [open, closed]) {
    rmSync(each, { recursive: true, force: true });
    mkdirSync(join(each, "sub"), { recursive: true });
    writeFileSync(join(each, "file"), each);
    chmodSync(join(each, "file"), 0o644);
  }
  symlinkSync(closed, join(open, "to-closed"));
  symlinkSync(join(closed, "file"), join(open, "to-file"));
  symlinkSync(join(closed, "new"), join(open, "to-new"));
  symlinkSync(join(closed, "file"), odd);
  symlinkSync(open, join(closed, "to-open"));
}
beforeEach(setUp);

/** The results of raw calls, natively or in a sandbox, in `open`. */
async function calls(text: string, options?: SandboxOptions): Promise<{ said: string[]; denied: Denial[] }> {
  const denied: Denial[] = [];
  setUp();
  const lines = (stdout: string): string[] =>
    stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.replace(/^.*: /, ""));
  if (options === undefined)
    return { said: lines((await run([raw, text], { cwd: open, timeoutMs: 20_000 })).stdout), denied };
  const hooks = sandbox({ audit: (denial) => denied.push(denial), ...options });
  await using program = await launch(raw, { args: [text], cwd: open, hooks });
  const stdout = await all(program.stdout);
  await program.exited;
  return { said: lines(stdout), denied };
}

describe("a read-only file system", () => {
  const policy: SandboxOptions = { write: { allow: open } };
  const EROFS = "errno 30";

  test.each([
    ["to write a file", `openat -100 ${closed}/file 1 0`],
    ["to read and write it", `openat -100 ${closed}/file 2 0`],
    ["to empty it", `openat -100 ${closed}/file 0x200 0`],
    ["to make one", `openat -100 ${closed}/new 0x41 0644`],
    ["to make one without a name", `openat -100 ${closed} 0x410002 0644`],
    ["by openat2", `openat2 -100 ${closed}/file x:${"01".padEnd(48, "0")} 24`],
    ["through a link", `openat -100 ${open}/to-file 1 0`],
    ["through a link that leads nowhere yet", `openat -100 ${open}/to-new 0x41 0644`],
    ["through a link to its folder", `openat -100 ${open}/to-closed/file 1 0`],
    ["by ..", `openat -100 ${open}/sub/../../closed/file 1 0`],
    ["by .. behind a link", `openat -100 ${open}/to-closed/../closed/file 1 0`],
    ["relative to the working directory", `openat -100 ../closed/file 1 0`],
    ["relative to another one", `chdir ${closed} , openat -100 file 1 0`],
    ["relative to a folder", `openat -100 ${closed} 0x10000 0 , openat $0 file 1 0`],
    ["relative to the root", `openat -100 / 0x10000 0 , openat $0 ${closed.slice(1)}/file 1 0`],
    ["by /proc/self/fd", `openat -100 ${closed}/file 0 0 , dup 0 , openat -100 /proc/self/fd/3 1 0`],
    ["by /proc/self/root", `openat -100 /proc/self/root${closed}/file 1 0`],
    ["by /proc/self/cwd", `openat -100 /proc/self/cwd/../closed/file 1 0`],
    ["by /proc/thread-self", `openat -100 /proc/thread-self/root${closed}/file 1 0`],
    ["through a link whose name is no text", `openat -100 x:ff00 1 0`],
    [
      "in a root of openat2's own",
      `openat -100 ${closed} 0x10000 0 , openat2 $0 /file x:${"01".padEnd(32, "0")}10${"0".repeat(14)} 24`,
    ],
    ["to truncate", `truncate ${closed}/file 0`],
    ["to remove", `unlinkat -100 ${closed}/file 0`],
    ["to remove a folder", `unlinkat -100 ${open}/to-closed/sub 0x200`],
    ["to make a folder", `mkdirat -100 ${closed}/new 0755`],
    ["to make a pipe", `mknodat -100 ${closed}/new 0x11ff 0`],
    ["to rename into it", `renameat2 -100 ${open}/file -100 ${closed}/new 0`],
    ["to rename out of it", `renameat2 -100 ${closed}/file -100 ${open}/new 0`],
    ["a second name for it", `linkat -100 ${closed}/file -100 ${open}/new 0`],
    ["to link from it", `symlinkat ${open} -100 ${closed}/new`],
    ["to change its mode", `fchmodat -100 ${closed}/file 0600`],
    ["to change its mode through a link", `fchmodat -100 ${open}/to-file 0600`],
    ["to change its mode, open for reading", `openat -100 ${closed}/file 0 0 , fchmod $0 0600`],
    ["to change its owner, by its descriptor", `openat -100 ${closed}/file 0 0 , fchownat $0 x:00 0 0 0x1000`],
    ["to change its times, by its descriptor", `openat -100 ${closed}/file 0 0 , utimensat $0 0 0 0`],
    ["to change its attributes", `setxattr ${closed}/file user.a b 1 0`],
    [
      "a Unix socket",
      `socket 1 1 0 , bind $0 x:0100${Buffer.from(`${closed}/new`).toString("hex")}00 ${closed.length + 7}`,
    ],
  ])("denies %s", async (_, text) => {
    const native = await calls(text);
    expect(native.said.at(-1)).toBe("ok");
    const { said, denied } = await calls(text, policy);
    expect(said.at(-1)).toBe(EROFS);
    expect(said.slice(0, -1)).toEqual(native.said.slice(0, -1));
    expect(denied).toMatchObject([{ policy: "write", error: "EROFS", program: raw }]);
    expect(denied[0]?.what).toMatch(text.includes("x:ff") ? "\uFFFD" : closed);
  });

  test.each([
    [
      "to write, make and remove",
      `openat -100 file 0x201 0 , write $0 ab 2 , openat -100 new 0x41 0644 , unlinkat -100 new 0`,
    ],
    ["to come back by a link", `openat -100 ${closed}/to-open/file 1 0 , openat -100 ${closed}/to-open/new 0x41 0644`],
    ["to remove a link", `unlinkat -100 to-file 0 , unlinkat -100 to-closed 0`],
    ["to rename a link", `renameat2 -100 to-file -100 other 0`],
    [
      "to read elsewhere",
      `openat -100 ${closed}/file 0 0 , faccessat -100 ${closed}/file 4 , openat -100 ${closed}/file 0x40 0`,
    ],
    ["devices", `openat -100 /dev/null 1 0 , openat -100 /dev/zero 2 0`],
    ["what has no path", `memfd_create name 0 , write $0 ab 2 , openat -100 /proc/self/fd/1 1 0`],
    [
      "what the kernel itself denies",
      `openat -100 ${closed}/missing/file 0 0 , mkdirat -100 ${closed}/sub 0755 , unlinkat -100 ${closed}/missing 0 , openat 99 x 0 0`,
    ],
  ])("allows %s, as it is natively", async (_, text) => {
    const { said, denied } = await calls(text, policy);
    expect({ said, denied }).toEqual({ said: (await calls(text)).said, denied: [] });
  });

  test.runIf(process.getuid?.() === 0)("holds in another root, by the paths outside", async () => {
    const text = `chroot ${folder} , openat -100 /closed/file 1 0 , openat -100 /../open/file 1 0 , openat -100 /open/to-file 1 0`;
    const { said, denied } = await calls(text, policy);
    expect(said).toEqual(["ok", EROFS, "ok", EROFS]);
    expect(denied.map(({ what }) => what)).toEqual([`${closed}/file`, `${folder}${closed}/file`]);
  });

  test("nothing was changed by what was denied", async () => {
    await calls(
      `openat -100 ${closed}/file 0x201 0 , truncate ${open}/to-file 0 , unlinkat -100 ${closed}/file 0`,
      policy,
    );
    expect(readFileSync(join(closed, "file"), "utf8")).toBe(closed);
  });

  test("deny is everywhere", async () => {
    expect((await calls(`openat -100 ${open}/file 1 0 , openat -100 /dev/null 1 0`, { write: "deny" })).said).toEqual([
      EROFS,
      "ok",
    ]);
  });
});

describe("hidden files", () => {
  const policy: SandboxOptions = { hide: [join(closed, "sub"), join(folder, "*/file")] };

  test.each([
    ["by its path", `openat -100 ${closed}/file 0 0`],
    ["through a link", `openat -100 ${open}/to-file 0 0`],
    ["below it", `mkdirat -100 ${closed}/sub/new 0755`],
    ["to go there", `chdir ${closed}/sub`],
    ["to see whether it is there", `faccessat -100 ${open}/to-closed/file 0`],
    ["to remove it", `unlinkat -100 ${open}/file 0`],
  ])("are not there: %s", async (_, text) => {
    expect((await calls(text)).said).toEqual(["ok"]);
    const { said, denied } = await calls(text, policy);
    expect(said).toEqual(["errno 2"]);
    expect(denied).toMatchObject([{ policy: "hide", error: "ENOENT" }]);
  });

  test("are in no listing, also where whole parts of it are hidden", async () => {
    for (let at = 0; at < 3000; at++)
      writeFileSync(join(open, "sub", `${at % 1000 === 0 ? "seen" : "unseen"}-${at}`), "");
    const { stdout } = await hooked(
      `ls ${open}/sub , ls ${closed}`,
      sandbox({ hide: [join(open, "sub/unseen*"), join(closed, "sub"), join(closed, "file")] }),
    );
    const native = await natively(`ls ${open}/sub`);
    const seen = answer(native)
      .split(" ")
      .filter((name) => name.startsWith("seen"));
    expect(seen).toHaveLength(3);
    expect(stdout).toBe(`ls ${open}/sub: ${seen.join(" ")}\nls ${closed}: to-open\n`);
  });
});

describe("the network", () => {
  test("is denied, but where it is allowed", async () => {
    await using server = await answering("hello\n");
    await using other = await answering("hello\n");
    const operations = `dial ${server.address} , dial ${other.address}`;
    const denied: Denial[] = [];
    const set = sandbox({ network: { allow: server.address }, audit: (denial) => denied.push(denial) });
    const { stdout } = await hooked(operations, set);
    expect(stdout).toBe(`dial ${server.address}: "hello\\n"\ndial ${other.address}: errno 13\n`);
    expect(denied.map(({ call, what, error }) => [call, what, error])).toContainEqual([
      "connect",
      other.address,
      "EACCES",
    ]);
  });

  const EACCES = "errno 13";
  const loopback = "x:02000009 7f000001 0000000000000000".replaceAll(" ", "");
  test.each([
    ["connect", `socket 2 1 0 , connect $0 ${loopback} 16`, EACCES],
    ["bind", `socket 2 1 0 , bind $0 x:02000000${"00".repeat(12)} 16`, EACCES],
    ["bind without a family", `socket 2 2 0 , bind $0 x:00000000${"00".repeat(12)} 16`, EACCES],
    ["listen without bind", `socket 2 1 0 , listen $0 1`, EACCES],
    ["sendto", `socket 2 2 0 , sendto $0 ab 2 0 ${loopback} 16`, EACCES],
    ["sendto without a family", `socket 2 2 0 , sendto $0 ab 2 0 ${loopback.replace("0200", "0000")} 16`, EACCES],
    ["an abstract Unix socket", `socket 1 1 0 , bind $0 x:0100006162 5`, EACCES],
  ])("%s is denied", async (_, text, said) => {
    expect((await calls(text, { network: "deny" })).said.at(-1)).toBe(said);
  });

  test("a talk with the kernel is not", async () => {
    const text = `socket 16 3 0 , bind $0 x:100000000000000000000000 12`;
    const { said } = await calls(text, { network: "deny" });
    expect(said).toEqual((await calls(text)).said);
  });

  test("Unix sockets are allowed by path, links resolved", async () => {
    const socket = join(open, "socket");
    const operations = `unix ${closed}/to-open/socket`;
    expect((await hooked(operations, sandbox({ network: { allow: socket } }))).stdout).toBe(await natively(operations));
    expect(answer((await hooked(operations, sandbox({ network: { allow: "127.0.0.1" } }))).stdout)).toBe(EACCES);
  });
});

describe("programs", () => {
  test("are not started, but those that are allowed", async () => {
    const driver = await driverProgram();
    const operations = "child pgid";
    expect(answer((await hooked(operations, sandbox({ exec: "deny" }))).stdout)).toBe("errno 13");
    const { stdout } = await hooked(operations, sandbox({ exec: { allow: driver } }));
    expect(stdout).toBe(await natively(operations));
  });

  test("what is started is in the sandbox as well", async () => {
    const set = sandbox({ write: { allow: open } });
    const { stdout } = await hooked(`child write ${closed}/new text , child write ${open}/new text`, set);
    expect(stdout).toContain("errno 30");
    expect([existsSync(join(closed, "new")), existsSync(join(open, "new"))]).toEqual([false, true]);
  });
});

test("ways round are closed", async () => {
  const { said } = await calls(`io_uring_setup 8 @120 , open_by_handle_at -100 @16 0`, { network: "deny" });
  expect(said).toEqual(["errno 38", "errno 1"]);
});

test("what cannot be judged is denied, and an audit that fails changes nothing", async () => {
  const broken = Object.defineProperty(/x/, Symbol.search, {
    value: () => {
      throw new Error("broken");
    },
  });
  const { said, denied } = await calls(`openat -100 ${closed}/file 1 0`, { write: { allow: broken } });
  expect(said).toEqual(["errno 13"]);
  expect(denied).toMatchObject([{ policy: "write", what: "cannot be judged: Error: broken", error: "EACCES" }]);
  const audit = (): void => {
    throw new Error("no room");
  };
  expect((await calls(`openat -100 ${closed}/file 1 0`, { write: "deny", audit })).said).toEqual(["errno 30"]);
});

test("only told of, where that is wanted", async () => {
  const text = `openat -100 ${closed}/file 1 0`;
  const { said, denied } = await calls(text, { write: "deny", enforce: false });
  expect(said).toEqual(["ok"]);
  expect(denied).toMatchObject([{ call: "openat", what: `${closed}/file` }]);
});

test("the log is a file of JSON lines", async () => {
  const audit = join(folder, "audit.jsonl");
  await calls(`openat -100 ${closed}/file 1 0 , unlinkat -100 ${closed}/file 0`, { write: "deny", audit });
  const lines = readFileSync(audit, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Denial);
  expect(lines).toMatchObject([
    { call: "openat", policy: "write", what: `${closed}/file`, error: "EROFS", program: raw },
    { call: "unlinkat", policy: "write", what: `${closed}/file`, error: "EROFS", program: raw },
  ]);
  expect(Math.abs(Date.parse(lines[0]?.time ?? "") - Date.now())).toBeLessThan(60_000);
});

test.each<[object, RegExp]>([
  [{ network: "allow" }, /network: must be "deny" or \{ allow \}/],
  [{ network: { allow: "example.org" } }, /network\.allow: "example\.org" is no destination/],
  [{ write: { allow: ["tmp"] } }, /write\.allow\[0\]: must be a RegExp or a pattern/],
  [{ hide: [] }, /hide: must not be empty/],
  [{ audit: 1 }, /audit: must be a file or a function/],
  [{ reads: "deny" }, /options: .*reads/],
])("%j is refused", (options, problem) => {
  let context: unknown;
  try {
    sandbox(options);
  } catch (error) {
    ({ context } = error as { context: string[] });
  }
  expect(String(context)).toMatch(problem);
});

test("a log that cannot be written is refused", () => {
  expect(() => sandbox({ write: "deny", audit: "/proc/no/such/file" })).toThrow(/log cannot be written/);
});
