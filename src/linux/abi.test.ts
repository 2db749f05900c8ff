import { expect, test } from "vitest";
import { abis } from "./abi.ts";

const value = (machine: "amd64" | "arm64", set: keyof (typeof abis)["amd64"]["constants"], name: string): unknown =>
  abis[machine].constants[set].find(([key]) => key === name)?.[1];

test("values that differ between machines, as Go's syscall package has them", () => {
  expect(value("amd64", "openFlags", "O_DIRECTORY")).toBe(0x10000);
  expect(value("arm64", "openFlags", "O_DIRECTORY")).toBe(0x4000);
  expect(value("amd64", "openFlags", "O_DIRECT")).toBe(0x4000);
  expect(value("arm64", "openFlags", "O_DIRECT")).toBe(0x10000);
});

test("a flag of several bits comes before the flags that it holds", () => {
  const names = abis.amd64.constants.openFlags.map(([name]) => name);
  expect(names.indexOf("O_SYNC")).toBeLessThan(names.indexOf("O_DSYNC"));
  expect(names.indexOf("O_TMPFILE")).toBeLessThan(names.indexOf("O_DIRECTORY"));
});

test("layouts, as Go's syscall package has them", () => {
  const { amd64, arm64 } = abis;
  expect(amd64.layouts.stat.size).toBe(144);
  expect(arm64.layouts.stat.size).toBe(128);
  expect(amd64.layouts.stat.fields["st_size"]).toEqual([48, "i64"]);
  expect(amd64.layouts.epoll_event).toEqual({ size: 12, fields: { events: [0, "u32"], data: [4, "u64"] } });
  expect(arm64.layouts.epoll_event.size).toBe(16);
  expect(amd64.layouts.user_msghdr.size).toBe(56);
  expect(amd64.layouts.sockaddr_in.fields["sin_port"]).toEqual([2, "u16"]);
  expect(amd64.layouts.clone_args.size).toBe(88);
});

test("no set is empty but those of the other machine's hardware", () => {
  for (const [machine, abi] of Object.entries(abis)) {
    const empty = Object.entries(abi.constants).filter(([, values]) => values.length === 0);
    expect(empty.map(([name]) => name)).toEqual(machine === "arm64" ? ["archPrctlOption"] : []);
  }
});
