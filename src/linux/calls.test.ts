import { expect, test } from "vitest";
import { callTables } from "./calls.ts";
import { callGroup, callGroups } from "./groups.ts";

test("numbers of well-known calls", () => {
  // Numbers as in Go's own syscall package (zsysnum_linux_amd64.go, zsysnum_linux_arm64.go).
  const known: [name: string, amd64: number | undefined, arm64: number | undefined][] = [
    ["read", 0, 63],
    ["openat", 257, 56],
    ["open", 2, undefined],
    ["newfstatat", 262, 79],
    ["fstat", 5, 80],
    ["lseek", 8, 62],
    ["mmap", 9, 222],
    ["fcntl", 72, 25],
    ["renameat", 264, 38],
    ["renameat2", 316, 276],
    ["getrlimit", 97, 163],
    ["sync_file_range", 277, 84],
    ["clone", 56, 220],
    ["clone3", 435, 435],
    ["memfd_secret", 447, 447],
    ["mseal", 462, 462],
    ["arch_prctl", 158, undefined],
  ];
  for (const [name, amd64, arm64] of known) {
    expect([name, callTables.amd64.number(name), callTables.arm64.number(name)]).toEqual([name, amd64, arm64]);
  }
});

test("a call's number has its name", () => {
  for (const table of Object.values(callTables))
    expect(table.names.map((name) => table.name(table.number(name) ?? -1))).toEqual(table.names);
});

test("a number that no kernel knows has no name", () => {
  expect(callTables.amd64.name(400)).toBeUndefined();
  expect(callTables.amd64.name(-1)).toBeUndefined();
  expect(callTables.amd64.number("toString")).toBeUndefined();
});

test("arguments carry the kernel's names and types, per machine", () => {
  expect(callTables.amd64.signature("openat")?.parameters).toEqual([
    { name: "dfd", type: "int" },
    { name: "filename", type: "const char *" },
    { name: "flags", type: "int" },
    { name: "mode", type: "umode_t" },
  ]);
  const names = (machine: "amd64" | "arm64", call: string): string[] | undefined =>
    callTables[machine].signature(call)?.parameters.map((parameter) => parameter.name);
  expect(names("amd64", "clone")).toEqual(["clone_flags", "newsp", "parent_tidptr", "child_tidptr", "tls"]);
  expect(names("arm64", "clone")).toEqual(["clone_flags", "newsp", "parent_tidptr", "tls", "child_tidptr"]);
  expect(names("amd64", "getpid")).toEqual([]);
  expect(names("amd64", "tuxcall")).toBeUndefined();
});

test("every call has at most six named arguments", () => {
  const all = Object.values(callTables).flatMap((table) => table.names.map((name) => table.signature(name)));
  const odd = all.filter((signature) => {
    const parameters = signature?.parameters ?? [];
    const names = new Set(parameters.map((parameter) => parameter.name));
    return parameters.length > 6 || names.size < parameters.length || parameters.some(({ type }) => type === "");
  });
  expect(odd).toEqual([]);
});

test("groups hold calls that exist, with and without %", () => {
  expect(callGroup("%file")?.has("openat")).toBe(true);
  expect(callGroup("network")).toBe(callGroup("%net"));
  expect(callGroup("%%stat")?.has("statx")).toBe(true);
  expect(callGroup("%nonsense")).toBeUndefined();
  const unknown = Object.values(callGroups)
    .flatMap((calls) => [...calls])
    .filter((call) => (callTables.amd64.number(call) ?? callTables.arm64.number(call)) === undefined);
  expect(unknown).toEqual([]);
});
