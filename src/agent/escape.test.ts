/** Nothing leads out of the target's root, whatever a path contains and whatever changes meanwhile. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RemoteFiles } from "../session/remote-files.ts";
import { Session } from "../session/session.ts";
import { connectedPair } from "../wire/pair.fixture.ts";
import { nobody } from "./target.fixture.ts";
import { runAgent } from "./agent.ts";

const O_RDWR = 2;
const AT_SYMLINK_NOFOLLOW = 0x100;

let outside: string;
let root: string;
let session: Session;
let files: RemoteFiles;

beforeEach(async () => {
  outside = mkdtempSync(join(tmpdir(), "elsewhere-outside-"));
  root = join(outside, "root");
  mkdirSync(join(root, "d"), { recursive: true });
  writeFileSync(join(outside, "secret"), "secret");
  mkdirSync(join(outside, "out"));
  writeFileSync(join(outside, "out", "secret"), "secret");
  symlinkSync("../secret", join(root, "up"));
  symlinkSync(join(outside, "secret"), join(root, "absolute"));
  symlinkSync(join(outside, "out"), join(root, "directory"));
  symlinkSync("../out", join(root, "relative"));
  chmodSync(outside, 0o700);
  chmodSync(join(outside, "out"), 0o700);
  session = await Session.open({
    release: "test",
    connect: () => {
      const [here, there] = connectedPair();
      void runAgent(there, { root, target: nobody, release: "test", report: (error) => expect.fail(String(error)) });
      return Promise.resolve(here);
    },
  });
  files = session.files;
});

afterEach(() => {
  session[Symbol.dispose]();
  rmSync(outside, { recursive: true });
});

const untouched = (): void => {
  expect(readFileSync(join(outside, "secret"), "utf8")).toBe("secret");
  expect(statSync(outside).mode & 0o777).toBe(0o700);
  expect(statSync(join(outside, "out")).mode & 0o777).toBe(0o700);
};

test.each([
  "../secret",
  "/../secret",
  "/d/../../secret",
  "up",
  "absolute",
  "directory/secret",
  "relative/secret",
  "/proc/self/root/etc/passwd",
])("open %s", async (path) => {
  expect(await files.open({ path }, { flags: O_RDWR })).toBeTypeOf("number");
  const opened = await files.open({ path: "/d" }, { flags: 0 });
  const directory = typeof opened === "number" ? undefined : opened.file;
  expect(directory).toBeDefined();
  expect(await files.open({ directory, path: `../../${path}` }, { flags: O_RDWR })).toBeTypeOf("number");
  untouched();
});

test.each(["..", "/..", "/d/../..", "directory/", "relative/", "directory/.", "relative/..", "/../"])(
  "attributes of %s, as a link or not",
  async (path) => {
    for (const flags of [0, AT_SYMLINK_NOFOLLOW]) {
      await files.setAttributes({ path }, { flags, mode: 0o755, modificationTime: { seconds: 1n, nanoseconds: 0 } });
      await files.setExtendedAttribute({ path }, "user.mark", Buffer.from("x"), 0, flags !== 0);
    }
    untouched();
    expect(statSync(outside).mtimeMs).toBeGreaterThan(2000);
    expect(statSync(join(outside, "out")).mtimeMs).toBeGreaterThan(2000);
  },
);

test.each(["../made", "relative/made", "directory/made", "d/../../made"])("making %s", async (path) => {
  await files.makeDirectory({ path }, 0o700);
  await files.makeSymbolicLink("x", { path: `${path}-link` });
  await files.rename({ path: "/d" }, { path: `${path}-renamed` });
  await files.open({ path: `${path}-file` }, { flags: 0o102, mode: 0o600 });
  for (const at of [outside, join(outside, "out")])
    for (const name of ["made", "made-link", "made-renamed", "made-file"])
      expect(() => statSync(join(at, name))).toThrow("ENOENT");
});

test("a directory that turns into a link and back while it is walked through, 10,000 times", async () => {
  mkdirSync(join(root, "s"));
  writeFileSync(join(root, "s", "secret"), "inside");
  const swapper = new Worker(
    `const { renameSync, symlinkSync } = require("node:fs");
     const { workerData: root } = require("node:worker_threads");
     symlinkSync("../out", root + "/l");
     for (;;) { renameSync(root + "/s", root + "/t"); renameSync(root + "/l", root + "/s");
                renameSync(root + "/s", root + "/l"); renameSync(root + "/t", root + "/s"); }`,
    { eval: true, workerData: root },
  );
  let found = 0;
  for (let left = 100; left > 0; left--) {
    const opens = Array.from({ length: 100 }, () =>
      files.open({ path: "/s/secret" }, { flags: 0, contentLimit: 100, closeWhenComplete: true }),
    );
    for (const opened of await Promise.all(opens)) {
      if (typeof opened === "number") continue;
      found++;
      expect(Buffer.from(opened.content ?? []).toString()).toBe("inside");
    }
  }
  await swapper.terminate();
  expect(found).toBeGreaterThan(0);
  untouched();
});
