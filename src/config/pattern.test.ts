/** Patterns of paths. */
import { array, assert, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { compilePattern, literalPattern } from "./pattern.ts";

const places = { homes: ["/home/(me)", "/data/me"], folder: "/work/[shop]" };

test.each<[string, string[], string[]]>([
  ["/x/y", ["/x/y", "/x/y/z", "/x/y/z/w"], ["/x", "/x/yz", "/a/x/y"]],
  ["/x/y/", ["/x/y", "/x/y/z"], ["/x/yz"]],
  ["/", ["/", "/x"], []],
  ["/x/*", ["/x/y", "/x/y/z", "/x/.hidden"], ["/x", "/y"]],
  ["/x/*.go", ["/x/a.go", "/x/.go", "/x/a.go/b"], ["/x/a.got", "/x/a/b.go", "/x/agoo"]],
  ["/x/**/*.go", ["/x/a.go", "/x/a/b.go", "/x/..a/b/c.go"], ["/y/a/b.go"]],
  ["/x/**", ["/x", "/x/a", "/x/..data/..1/pw", "/x/a\nb"], ["/xy"]],
  ["**/b", ["/a/b", "/a/b/c", "/b/a", "/b"], ["/a/ab", "/a"]],
  ["**", ["/", "/x", "/x/y"], []],
  ["/x/?", ["/x/a", "/x/a/b"], ["/x/ab", "/x"]],
  ["/x/{a,b}/*", ["/x/a/c", "/x/b/c/d"], ["/x/c/c"]],
  ["/x/[a-c]?", ["/x/ab", "/x/cz"], ["/x/db", "/x/a"]],
  ["/x/[!a]", ["/x/b"], ["/x/a"]],
  ["/x/a.b+(c)", ["/x/a.b+(c)"], ["/x/aab", "/x/a.bc"]],
  ["/x/a+(c)!@|$^*", ["/x/a+(c)!@|$^z"], ["/x/ac"]],
  [String.raw`/x/\*`, ["/x/*"], ["/x/a"]],
  ["~/a*", ["/home/(me)/ab", "/data/me/ab"], ["/home/me/ab", "~/ab"]],
  ["~", ["/home/(me)", "/home/(me)/x", "/data/me"], ["/home/(me)x"]],
  ["./*.db", ["/work/[shop]/x.db"], ["/work/s/x.db", "/x.db"]],
  ["./data", ["/work/[shop]/data/x"], ["/data"]],
  [".", ["/work/[shop]", "/work/[shop]/x"], ["/work"]],
  ["^/etc/.*\\.ya?ml$", ["/etc/a/b.yml"], ["/etc/b.yml/c", "/x/etc/b.yml"]],
])("%s", (pattern, matching, others) => {
  const { matches } = compilePattern(pattern, places);
  expect(matching.filter((path) => !matches(path))).toEqual([]);
  expect(others.filter(matches)).toEqual([]);
});

test("a RegExp is what it is, at every call", () => {
  const { matches } = compilePattern(/b$/g, places);
  expect([matches("/a/b"), matches("/a/b"), matches("/b/a")]).toEqual([true, true, false]);
});

test("without a home, ~ matches nothing", () => {
  const { matches } = compilePattern("~/x", { homes: [], folder: "/" });
  expect([matches("/x"), matches("~/x")]).toEqual([false, false]);
});

test("a regular expression that is none", () => {
  expect(() => compilePattern("^(", places)).toThrow(SyntaxError);
});

describe("any path", () => {
  const name = string({ minLength: 1, maxLength: 6 }).filter((text) => !/^\.{1,2}$|[/\0]/.test(text));
  const path = array(name, { minLength: 1, maxLength: 5 }).map((names) => `/${names.join("/")}`);

  test("is matched by itself taken literally, and so is what is below it, and nothing beside it", () => {
    assert(
      property(path, name, (path, name) => {
        const { matches } = literalPattern(path);
        expect([path, `${path}/${name}`, `${path}${name}`].map(matches)).toEqual([true, true, false]);
      }),
    );
  });

  test("is matched by a wildcard in each of its folders, wherever these are", () => {
    assert(
      property(path, name, (folder, name) => {
        const { matches } = compilePattern("./*", { homes: [], folder });
        expect([`${folder}/${name}`, folder, `${folder}x/${name}`].map(matches)).toEqual([true, false, false]);
        const everywhere = compilePattern("**/*", { homes: [], folder });
        expect(everywhere.matches(`${folder}/${name}`)).toBe(true);
      }),
    );
  });
});
