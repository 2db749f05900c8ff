/** The walk, against the kernel's own: what open(2) opens, /proc/self/fd names. */
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { array, assert, constantFrom, property, tuple } from "fast-check";
import { afterAll, expect, test } from "vitest";
import { AT_FDCWD } from "../process/paths.ts";
import { descriptorTarget, plainPath, realPath as realPathOf, type Thread } from "./real-path.ts";

const self: Thread = { tid: process.pid, pid: process.pid, programOf: () => undefined };
const realPath = (thread: Thread, dirfd: number, path: string, follow: boolean): string | undefined =>
  realPathOf(thread, { ...plainPath(path), dirfd, follow });
const folder = realpathSync(mkdtempSync(join(tmpdir(), "elsewhere-path-")));
afterAll(() => rmSync(folder, { recursive: true }));

/** Where the kernel ends up; undefined where it does not. */
function kernelPath(path: string): string | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, "r");
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

const name = constantFrom("a", "b", "c", "d", "..", ".", "");
const path = array(name, { maxLength: 7 }).map((names) => names.join("/"));
/** Links by where they stand and what they say; some go in circles. */
const links = array(tuple(constantFrom("a", "a/b", "a/b/c", "d", "c", "a/d"), path), { maxLength: 5 });

test("leads where the kernel leads, through any links and dots", () => {
  let compared = 0;
  const asTheKernel = property(links, array(path, { minLength: 5, maxLength: 20 }), (made, asked) => {
    const root = mkdtempSync(join(folder, "tree-"));
    mkdirSync(join(root, "a/b"), { recursive: true });
    mkdirSync(join(root, "b/c"), { recursive: true });
    writeFileSync(join(root, "b/file"), "");
    for (const [at, text] of made)
      try {
        symlinkSync(text.startsWith("/") ? root + text : text || ".", join(root, at));
      } catch {
        // something is there already
      }
    for (const each of asked) {
      const kernel = kernelPath(`${root}/${each}`);
      if (kernel === undefined) continue;
      compared++;
      expect(realPath(self, AT_FDCWD, `${root}/${each}`, true)).toBe(kernel);
    }
    rmSync(root, { recursive: true });
  });
  assert(asTheKernel, { numRuns: 300 });
  expect(compared).toBeGreaterThan(500);
});

test("what does not exist yet is below the folder that does", () => {
  mkdirSync(join(folder, "real"));
  symlinkSync("real", join(folder, "link"));
  symlinkSync("real/new", join(folder, "dangling"));
  expect(realPath(self, AT_FDCWD, `${folder}/link/x/y`, true)).toBe(`${folder}/real/x/y`);
  expect(realPath(self, AT_FDCWD, `${folder}/dangling`, true)).toBe(`${folder}/real/new`);
  expect(realPath(self, AT_FDCWD, `${folder}/dangling`, false)).toBe(`${folder}/dangling`);
  expect(realPath(self, AT_FDCWD, `${folder}/link/`, false)).toBe(`${folder}/real`);
});

test("the program's own /proc/self, folders, descriptors and path", () => {
  const fd = openSync(folder, "r");
  expect(realPath(self, AT_FDCWD, `/proc/self/fd/${fd}/x`, true)).toBe(`${folder}/x`);
  expect(realPath(self, AT_FDCWD, `/proc/thread-self/fd/${fd}/x`, true)).toBe(`${folder}/x`);
  expect(realPath(self, AT_FDCWD, `/dev/fd/${fd}/x`, true)).toBe(`${folder}/x`);
  expect(realPath(self, fd, "x/../y", true)).toBe(`${folder}/y`);
  expect(realPath(self, fd, "", true)).toBe(folder);
  expect(descriptorTarget(self.tid, fd)).toBe(folder);
  closeSync(fd);
  expect(realPath(self, fd, "x", true)).toBeUndefined();
  expect(realPath(self, AT_FDCWD, "x", true)).toBe(`${process.cwd()}/x`);
  expect(realPath(self, AT_FDCWD, "/../..", true)).toBe("/");
  expect(realPath({ ...self, programOf: () => "/p" }, AT_FDCWD, "/proc/self/exe", true)).toBe("/p");
});

test("links in circles lead nowhere", () => {
  symlinkSync("circle", join(folder, "circle"));
  expect(realPath(self, AT_FDCWD, `${folder}/circle`, true)).toBeUndefined();
});
