import { expect, test } from "vitest";

import { ElsewhereError } from "../errors.ts";
import { callTables } from "../linux/calls.ts";
import { callGroups } from "../linux/groups.ts";
import { filterWords, parseFilter } from "./filter.ts";

const table = callTables.amd64;
const defaults = new Set(["read", "write", "futex", "openat"]);
const filter = (...expressions: string[]): string[] => [...parseFilter(expressions, table, defaults)].sort();
const group = (name: string): string[] => {
  const calls = [...(callGroups[name] ?? [])].filter((call) => table.number(call) !== undefined);
  expect(calls).not.toEqual([]);
  return calls.sort();
};

test("without an expression the default is shown", () => {
  expect(filter()).toEqual([...defaults].sort());
});

test("calls, and nothing else", () => {
  expect(filter("openat,connect")).toEqual(["connect", "openat"]);
  expect(filter("openat", "connect")).toEqual(["connect", "openat"]);
  expect(filter(" openat , connect ")).toEqual(["connect", "openat"]);
});

test.each(["network", "%network", "net", "trace=network", "trace=%network", "t=network"])("%s is a group", (word) => {
  expect(filter(word)).toEqual(group("network"));
});

test("a name that is a call and a group is the call, with a % the group", () => {
  expect(filter("fstat")).toEqual(["fstat"]);
  expect(filter("%fstat")).toEqual(["fstat", "newfstatat", "statx"]);
  expect(filter("%%stat")).toContain("lstat");
});

test("names of a group that the machine does not have are left out", () => {
  expect(callGroups["file"]?.has("open")).toBe(true);
  expect(parseFilter(["file"], callTables.arm64, defaults).has("open")).toBe(false);
  expect(parseFilter(["file"], callTables.arm64, defaults).has("openat")).toBe(true);
});

test("all and none", () => {
  expect(filter("all")).toEqual([...table.names].sort());
  expect(filter("none")).toEqual([]);
  expect(filter("none,read")).toEqual(["read"]);
});

test("what is taken away stays away, wherever it stands", () => {
  expect(filter("!futex")).toEqual(["openat", "read", "write"]);
  expect(filter("!%network,futex")).toEqual(["openat", "read", "write"]);
  expect(filter("network,!sendto")).toEqual(group("network").filter((name) => name !== "sendto"));
  expect(filter("!sendto", "network")).toEqual(filter("network", "!sendto"));
  expect(filter("network,openat,!network")).toEqual(["openat"]);
  expect(filter("all,!all")).toEqual([]);
});

test("a ! at the beginning is for the whole expression, as in strace", () => {
  expect(filter("trace=!read,write")).toEqual(["futex", "openat"]);
  expect(filter("!read,!write")).toEqual(["futex", "openat"]);
});

test("regular expressions and words that may be missing, as in strace", () => {
  expect(filter("/^epoll_c")).toEqual(["epoll_create", "epoll_create1", "epoll_ctl", "epoll_ctl_old"]);
  expect(filter("?nosuchcall,read")).toEqual(["read"]);
  expect(filter("?read")).toEqual(["read"]);
});

const refusal = (expression: string): ElsewhereError => {
  try {
    filter(expression);
  } catch (error) {
    if (error instanceof ElsewhereError) return error;
  }
  throw new Error(`${expression} was accepted`);
};

test.each<[expression: string, message: string, hint: unknown]>([
  ["opnat", 'there is no call or group "opnat"', "did you mean openat?"],
  ["OPENAT", 'there is no call or group "OPENAT"', "did you mean openat or openat2 or open?"],
  ["network,%netwrok", 'there is no call or group "%netwrok"', "did you mean network?"],
  ["epoll", 'there is no call or group "epoll"', "did you mean poll or ppoll or epoll_ctl?"],
  ["fstatat", 'there is no call or group "fstatat"', "did you mean newfstatat or fstat or fstatfs?"],
  [
    "qqqqqqqq",
    'there is no call or group "qqqqqqqq"',
    "groups are file, desc, network, process, signal, ipc, memory, creds, clock, pure",
  ],
  ["constructor", 'there is no call or group "constructor"', expect.any(String)],
  ["signal=SIGTERM", "-e signal=… is not known", "only trace=… is taken from strace's expressions"],
  ["read,,write", "-e has an empty word", expect.any(String)],
  ["", "-e has an empty word", expect.any(String)],
  ["!", "-e has an empty word", expect.any(String)],
  ["read,!", 'there is no call or group ""', expect.any(String)],
  ["/(", "/( is not a regular expression", undefined],
])("%s is refused", (expression, message, hint) => {
  expect(refusal(expression)).toMatchObject({ code: "usage", message, hint, exitCode: 125 });
  expect(refusal(expression).context[0]).toContain(expression);
});

test("every word that completions offer is accepted", () => {
  expect(() => filter(...filterWords(table))).not.toThrow();
  expect(filterWords(table)).toEqual(expect.arrayContaining(["all", "network", "openat"]));
});
