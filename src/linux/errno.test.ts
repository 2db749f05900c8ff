import { expect, test } from "vitest";
import { errnoName, errnoNumber, errnoText } from "./errno.ts";
import { signalName, signalNumber } from "./signals.ts";

test("errors by number and by name", () => {
  expect(errnoName(2)).toBe("ENOENT");
  expect(errnoText(2)).toBe("No such file or directory");
  expect(errnoNumber("ENOENT")).toBe(2);
  expect(errnoName(133)).toBe("EHWPOISON");
  expect(errnoName(0)).toBeUndefined();
  expect(errnoText(4000)).toBe("Unknown error 4000");
});

test("second names give the same number, the first name comes back", () => {
  for (const [second, first] of [
    ["EWOULDBLOCK", "EAGAIN"],
    ["EDEADLOCK", "EDEADLK"],
    ["ENOTSUP", "EOPNOTSUPP"],
  ] as const) {
    expect(errnoNumber(second)).toBe(errnoNumber(first));
    expect(errnoName(errnoNumber(second) ?? 0)).toBe(first);
  }
  expect(errnoNumber("constructor")).toBeUndefined();
});

test("signals, real-time ones included", () => {
  expect([1, 9, 23, 31, 32, 33, 64].map(signalName)).toEqual([
    "SIGHUP",
    "SIGKILL",
    "SIGURG",
    "SIGSYS",
    "SIGRTMIN",
    "SIGRT_1",
    "SIGRT_32",
  ]);
  expect([0, 65, -1].map(signalName)).toEqual([undefined, undefined, undefined]);
  for (const name of ["SIGKILL", "SIGRT_1", "SIGRTMIN"]) expect(signalName(signalNumber(name) ?? 0)).toBe(name);
  expect(signalNumber("URG")).toBe(23);
  expect(signalNumber("SIGRT_33")).toBeUndefined();
});
