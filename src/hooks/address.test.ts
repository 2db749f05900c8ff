import { expect, test } from "vitest";
import { addressBytes, type NewAddress, socketAddress } from "./address.ts";

test.each<[NewAddress & object, object]>([
  [
    { host: "192.0.2.1", port: 80 },
    { family: "AF_INET", host: "192.0.2.1", port: 80 },
  ],
  [
    { host: "2001:db8::1", port: 65535 },
    { family: "AF_INET6", host: "2001:db8::1", port: 65535, scopeId: 0 },
  ],
  [{ path: "/run/socket" }, { family: "AF_UNIX", path: "/run/socket" }],
  [{ path: "\0abstract" }, { family: "AF_UNIX", path: "\0abstract" }],
])("%j there and back", (address, seen) => {
  const bytes = addressBytes(address);
  expect(socketAddress(bytes)).toEqual({ ...seen, bytes });
});

test("as the kernel lays it out", () => {
  expect(Buffer.from(addressBytes({ host: "127.0.0.1", port: 0x1234 })).toString("hex")).toBe(
    "0200_1234_7f000001_0000000000000000".replaceAll("_", ""),
  );
  expect(Buffer.from(addressBytes({ path: "a" })).toString("hex")).toBe("01006100");
});

test.each([
  ["", { family: "AF_UNSPEC" }],
  ["0100", { family: "AF_UNIX", path: "" }],
  ["0200", { family: "AF_INET" }],
  ["0a00", { family: "AF_INET6" }],
  ["ffff0000", { family: "65535" }],
])("%s, which says little", (hex, seen) => {
  expect(socketAddress(Buffer.from(hex, "hex"))).toMatchObject(seen);
});

test.each([
  [{ host: "example.org", port: 80 }, /example\.org is not an Internet address/],
  [{ host: "fe80::1%eth0", port: 80 }, /not an Internet address/],
  [{ host: "127.0.0.1", port: 65536 }, /65536 is not a port/],
  [{ host: "127.0.0.1", port: 1.5 }, /1\.5 is not a port/],
  [{ path: "x".repeat(108) }, /longer than a socket's path/],
])("%j is refused", (address, message) => {
  expect(() => addressBytes(address)).toThrow(message);
});

test("a path of 107 bytes is not too long", () => {
  expect(addressBytes({ path: "x".repeat(107) })).toHaveLength(110);
});
