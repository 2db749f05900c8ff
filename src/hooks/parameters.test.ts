import { expect, test } from "vitest";
import { callTables } from "../linux/calls.ts";
import { argumentKind, type Features, featuresOf, integerOf } from "./parameters.ts";

const tables = Object.values(callTables);
const features = (call: string): Features => {
  const signature = tables.map((table) => table.signature(call)).find((found) => found !== undefined);
  if (signature === undefined) throw new Error(`no call ${call}`);
  return featuresOf(signature);
};

test.each([
  ["openat", 1],
  ["open", 0],
  ["renameat2", 1],
  ["symlinkat", 2],
  ["mount", 1],
  ["statx", 1],
  ["fspick", 1],
  ["mq_open", undefined],
  ["memfd_create", undefined],
  ["fsetxattr", undefined],
  ["read", undefined],
])("%s: its path is argument %j", (call, position) => {
  expect(features(call).path).toBe(position);
});

test.each([
  ["read", 0],
  ["mmap", 4],
  ["epoll_ctl", 2],
  ["fanotify_mark", 0],
  ["pipe2", undefined],
  ["openat", undefined],
])("%s: its descriptor is argument %j", (call, position) => {
  expect(features(call).descriptor).toBe(position);
});

test.each([
  ["read", "plain"],
  ["getrandom", "plain"],
  ["readlinkat", "plain"],
  ["pwritev2", "vector"],
  ["recvmsg", "message"],
  ["process_vm_readv", undefined],
  ["ioctl", undefined],
])("%s: its data is %s", (call, kind) => {
  expect(features(call).buffer?.kind).toBe(kind);
});

test.each([
  ["connect", { pointer: 1, length: 2, isOutput: false }],
  ["sendto", { pointer: 4, length: 5, isOutput: false }],
  ["accept4", { pointer: 1, length: 2, isOutput: true }],
  ["getpeername", { pointer: 1, length: 2, isOutput: true }],
  ["recvmsg", { inMessage: true, isOutput: true }],
  ["listen", undefined],
])("%s: its address is %j", (call, address) => {
  if (address === undefined) expect(features(call).address).toBeUndefined();
  else expect(features(call).address).toMatchObject(address);
});

test("registers are read as the kernel reads them", () => {
  const all = 0xffff_ffff_ffff_ffffn;
  expect(integerOf("int", "number", all)).toBe(-1);
  expect(integerOf("unsigned int", "number", all)).toBe(0xffff_ffff);
  expect(integerOf("umode_t", "number", all)).toBe(0xffff);
  expect(integerOf("loff_t", "number", all)).toBe(-1);
  expect(integerOf("size_t", "number", 4096n)).toBe(4096);
  expect(integerOf("unsigned long", "bigint", 4096n)).toBe(4096n);
});

test("a string is never what a call fills", () => {
  const strings = tables.flatMap((table) =>
    table.names.flatMap((name) =>
      (table.signature(name)?.parameters ?? [])
        .filter((parameter) => argumentKind(name, parameter) === "string")
        .map((parameter) => parameter.name),
    ),
  );
  expect(strings).toContain("filename");
  expect(strings.filter((name) => /^(?:buf|value|list|ubuf|dirent)$/.test(name))).toEqual([]);
});
