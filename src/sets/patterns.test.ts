/** Patterns of paths and destinations. */
import { mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { addressBytes, socketAddress } from "../hooks/address.ts";
import { isDestination, parseDestination } from "./destinations.ts";
import { pathMatcher } from "./path-patterns.ts";

test.each<[string, string[], string[]]>([
  ["/x/y", ["/x/y", "/x/y/z", "/x/y/z/w"], ["/x", "/x/yz", "/a/x/y"]],
  ["/x/y/", ["/x/y", "/x/y/z"], ["/x/yz"]],
  ["/", ["/", "/x"], ["socket:[1]"]],
  ["/x/*", ["/x/y", "/x/y/z"], ["/x", "/y"]],
  ["/x/*.go", ["/x/a.go", "/x/.go"], ["/x/a.got", "/x/a/b.go", "/x/agoo"]],
  ["/x/**/*.go", ["/x/a/b.go", "/x/a/b/c.go"], ["/y/a/b.go"]],
  ["**/b", ["/a/b", "/a/b/c", "/b/a"], ["/a/ab", "/a"]],
  ["/x/?", ["/x/a", "/x/a/b"], ["/x/ab"]],
  ["/x/a.b+(c)[d]", ["/x/a.b+(c)[d]"], ["/x/aab"]],
])("%s", (pattern, matching, others) => {
  const matches = pathMatcher(pattern);
  expect(matching.filter((path) => !matches(path))).toEqual([]);
  expect(others.filter(matches)).toEqual([]);
});

test("a RegExp is what it is, at every call", () => {
  const matches = pathMatcher(/b$/g);
  expect([matches("/a/b"), matches("/a/b"), matches("/b/a")]).toEqual([true, true, false]);
});

test("links in front of the first wildcard are resolved", () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "elsewhere-pattern-")));
  symlinkSync("/x/y", join(folder, "link"));
  const matches = pathMatcher(join(folder, "link/*.go"));
  expect([matches("/x/y/a.go"), matches(join(folder, "link/a.go")), matches("/x/a.go")]).toEqual([true, true, false]);
  rmSync(folder, { recursive: true });
});

const host = (host: string, port: number): Uint8Array => addressBytes({ host, port });

test.each<[string, Uint8Array[], Uint8Array[]]>([
  ["127.0.0.1", [host("127.0.0.1", 1), host("::ffff:127.0.0.1", 1)], [host("127.0.0.2", 1), host("::1", 1)]],
  ["127.0.0.0/8:80", [host("127.9.9.9", 80)], [host("127.0.0.1", 81), host("126.0.0.1", 80)]],
  ["10.0.0.0/0", [host("1.2.3.4", 1)], [host("::1", 1)]],
  ["::1", [host("::1", 80)], [host("::2", 80), host("127.0.0.1", 80)]],
  ["[::1]:80", [host("::1", 80)], [host("::1", 81)]],
  ["2001:db8::/32", [host("2001:db8:1::1", 80)], [host("2001:db9::1", 80)]],
  ["[2001:db8::/32]:80-90", [host("2001:db8::1", 85)], [host("2001:db8::1", 91)]],
  ["*", [host("1.2.3.4", 5), host("::1", 6)], [addressBytes({ path: "/run/x" })]],
  ["*:443", [host("1.2.3.4", 443)], [host("1.2.3.4", 444)]],
  ["/run/*.sock", [addressBytes({ path: "/run/a.sock" })], [addressBytes({ path: "/run/a" }), host("::1", 1)]],
  ["@name", [addressBytes({ path: "\0name" })], [addressBytes({ path: "/name" }), addressBytes({ path: "\0names" })]],
])("to %s", (text, matching, others) => {
  const destinations = [parseDestination(text)];
  const leads = (bytes: Uint8Array): boolean => isDestination(destinations, socketAddress(bytes), (path) => path);
  expect(matching.map(leads)).not.toContain(false);
  expect(others.map(leads)).not.toContain(true);
});

test.each([
  "",
  "localhost",
  "1.2.3",
  "1.2.3.4:",
  "1.2.3.4/33",
  "1.2.3.4/",
  "[::1",
  "::1%lo",
  "*:0-",
  "*:9-1",
  "*:1-2-3",
  "run/x",
])("%j is no destination", (text) => {
  expect(() => parseDestination(text)).toThrow(TypeError);
});
