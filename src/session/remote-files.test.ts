import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runAgent } from "../agent/agent.ts";
import { nobody } from "../agent/target.fixture.ts";
import { errnoNumber } from "../linux/errno.ts";
import { connectedPair } from "../wire/pair.fixture.ts";
import { type Opened, type RemoteFiles } from "./remote-files.ts";
import { Session } from "./session.ts";

const O_RDWR = 2;
const O_CREAT = 0o100;
const O_EXCL = 0o200;

let root: string;
let session: Session;
let files: RemoteFiles;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "elsewhere-files-"));
  session = await Session.open({
    release: "elsewhere test",
    connect: () => {
      const [here, there] = connectedPair();
      void runAgent(there, {
        root,
        target: nobody,
        release: "elsewhere test",
        report: (error) => expect.fail(String(error)),
      });
      return Promise.resolve(here);
    },
  });
  files = session.files;
});

afterEach(() => {
  session[Symbol.dispose]();
  rmSync(root, { recursive: true });
});

const got = <T>(value: T | number): T => {
  if (typeof value === "number") expect.fail(`errno ${-value}`);
  return value;
};
const failed = (name: string): number => -(errnoNumber(name) ?? 0);

describe("files of a target", () => {
  test("are opened, read and written by place", async () => {
    writeFileSync(join(root, "a"), "hello");
    const { file, content, statx } = got<Opened>(
      await files.open({ path: "/a" }, { flags: O_RDWR, contentLimit: 100 }),
    );
    if (file === undefined) expect.fail("no file");
    expect({ content, size: statx.length }).toEqual({ content: undefined, size: 256 });
    expect(Buffer.from(got(await files.read(file, 1n, 100))).toString()).toBe("ello");
    expect(await files.write(file, 5n, Buffer.from(" there"))).toEqual({ written: 6, size: 11n, stopped: 0 });
    expect(await files.truncate({ directory: file, path: "" }, 7n)).toBe(0);
    expect(await files.close(file)).toBe(0);
    expect(await files.close(file)).toBe(failed("EBADF"));
    expect(readFileSync(join(root, "a"), "utf8")).toBe("hello t");
  });

  test("come with their content in one call", async () => {
    writeFileSync(join(root, "a"), "hello");
    const opened = got<Opened>(await files.open({ path: "a" }, { flags: 0, contentLimit: 5, closeWhenComplete: true }));
    expect(opened.file).toBeUndefined();
    expect(Buffer.from(opened.content ?? []).toString()).toBe("hello");
  });

  test("fail with the kernel's errno", async () => {
    writeFileSync(join(root, "a"), "hello");
    expect(await files.open({ path: "/missing" }, { flags: 0 })).toBe(failed("ENOENT"));
    expect(await files.open({ path: "/a" }, { flags: O_CREAT | O_EXCL, mode: 0o600 })).toBe(failed("EEXIST"));
    expect(await files.readLink({ path: "/a" })).toBe(failed("EINVAL"));
    expect(await files.makeDirectory({ path: "/a/b" }, 0o700)).toBe(failed("ENOTDIR"));
  });

  test("are named from open directories", async () => {
    expect(await files.makeDirectory({ path: "/d" }, 0o755)).toBe(0);
    const { file: directory } = got<Opened>(await files.open({ path: "/d" }, { flags: 0o200000 }));
    if (directory === undefined) expect.fail("no file");
    const { file } = got<Opened>(await files.open({ directory, path: "f" }, { flags: O_RDWR | O_CREAT, mode: 0o600 }));
    expect(Buffer.from(file?.path ?? []).toString()).toBe("/d/f");
    expect(await files.rename({ directory, path: "f" }, { path: "/g" })).toBe(0);
    const listed = got(await files.readDirectory(directory, 0n));
    expect(listed.entries.map(({ name }) => Buffer.from(name).toString()).sort()).toEqual([".", ".."]);
  });
});
