/** Folders that are reached by links count under both names. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { filePolicy } from "./file-policy.ts";
import { hereFor, ownEnvironment } from "./here.ts";
import { settle } from "./settings.ts";

const before = process.cwd();
let top: string;
beforeEach(() => {
  top = realpathSync(mkdtempSync(join(tmpdir(), "elsewhere-here-")));
  mkdirSync(join(top, "disk/me/shop/.git"), { recursive: true });
  symlinkSync("disk/me", join(top, "me"));
  vi.stubEnv("HOME", `${join(top, "me")}/`);
  vi.stubEnv("PWD", join(top, "me/shop"));
  vi.stubEnv("TMPDIR", "/elsewhere-tmp");
  process.chdir(join(top, "me/shop"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  process.chdir(before);
  rmSync(top, { recursive: true });
});

const settings = settle([], { file: undefined, homes: [] });

test("home, working directory and project", () => {
  expect(hereFor(settings, undefined)).toMatchObject({
    homes: [join(top, "me"), join(top, "disk/me")],
    workingDirectories: [join(top, "disk/me/shop"), join(top, "me/shop")],
    projectFolders: [join(top, "disk/me/shop"), join(top, "me/shop")],
  });
  const policy = filePolicy(settings, hereFor(settings, undefined));
  const absent = ["me/.aws/credentials", "disk/me/.kube"].map((path) => policy.decide(join(top, path)).mode);
  expect(absent).toEqual(["absent", "absent"]);
});

test("a PWD that leads elsewhere is none", () => {
  vi.stubEnv("PWD", "/usr");
  expect(hereFor(settings, undefined).workingDirectories).toEqual([join(top, "disk/me/shop")]);
});

test("this process's environment", () => {
  const names = ownEnvironment().map((entry) => Buffer.from(entry).toString().replace(/=.*/s, ""));
  expect(names).toContain("PATH");
});
