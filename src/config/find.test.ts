/** Which file is meant. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findConfig, repositoryOf } from "./find.ts";

let top: string;
beforeEach(() => {
  top = realpathSync(mkdtempSync(join(tmpdir(), "elsewhere-find-")));
  mkdirSync(join(top, "home/repository/inner"), { recursive: true });
});
afterEach(() => rmSync(top, { recursive: true }));

const put = (path: string): string => {
  writeFileSync(join(top, path), "");
  return join(top, path);
};
const found = (): string | undefined => findConfig(join(top, "home/repository/inner"), [join(top, "home")]);

test("the nearest, of any kind", () => {
  put("home/repository/elsewhere.config.ts");
  const nearest = put("home/repository/inner/elsewhere.config.yaml");
  expect(found()).toBe(nearest);
});

test("up to home, and not beyond", () => {
  put("elsewhere.config.json");
  expect(found()).toBeUndefined();
  const atHome = put("home/elsewhere.config.json");
  expect(found()).toBe(atHome);
});

test("up to the repository's root, and not beyond", () => {
  put("home/elsewhere.config.json");
  put("home/repository/.git"); // of a worktree it is a file
  expect(found()).toBeUndefined();
  const atRoot = put("home/repository/elsewhere.config.mjs");
  expect(found()).toBe(atRoot);
  expect(repositoryOf(join(top, "home/repository/inner"))).toBe(join(top, "home/repository"));
});

test("with neither above, where you are and nowhere else", () => {
  put("home/repository/elsewhere.config.ts");
  expect(findConfig(join(top, "home/repository/inner"), ["/nowhere"])).toBeUndefined();
  const here = put("home/repository/inner/elsewhere.config.ts");
  expect(findConfig(join(top, "home/repository/inner"), [])).toBe(here);
});

test("two in one folder are one too many", () => {
  put("home/elsewhere.config.ts");
  put("home/elsewhere.config.yaml");
  expect(() => found()).toThrow(expect.objectContaining({ code: "config-unusable" }));
});
