import { expect, test } from "vitest";
import { OutgoingPolicy } from "./outgoing.ts";

const tcp = (address: string, port: number): { protocol: "tcp"; address: string; port: number } => ({
  protocol: "tcp",
  address,
  port,
});

test("the first rule that matches decides, and what none matches is remote", () => {
  const policy = new OutgoingPolicy([
    { mode: "remote", network: "10.0.0.5" },
    { mode: "local", network: "10.0.0.0/8", ports: [5000, 5999] },
    { mode: "local", network: "2001:db8::/32", protocol: "udp" },
    { mode: "local", ports: 25 },
  ]);
  const decide = (address: string, port: number): string => policy.decide(tcp(address, port)).mode;
  expect(decide("10.0.0.5", 5432)).toBe("remote");
  expect(decide("10.0.0.6", 5432)).toBe("local");
  expect(decide("10.0.0.6", 4999)).toBe("remote");
  expect(decide("10.0.0.6", 5999)).toBe("local");
  expect(decide("10.0.0.6", 6000)).toBe("remote");
  expect(decide("2001:db8::1", 53)).toBe("remote");
  expect(policy.decide({ protocol: "udp", address: "2001:db8::1", port: 53 }).mode).toBe("local");
  expect(decide("192.0.2.1", 25)).toBe("local");
  expect(policy.decide(tcp("192.0.2.1", 26))).toEqual({ mode: "remote", rule: undefined });
});

test("an IPv4 address of a socket of IPv6 is that address", () => {
  const policy = new OutgoingPolicy([{ mode: "local", network: "10.0.0.0/8" }]);
  expect(policy.decide(tcp("::ffff:10.1.2.3", 80)).mode).toBe("local");
});

test.each(["10.0.0.0/33", "ten", "10.0.0.0/x"])("%s is no network", (network) => {
  expect(() => new OutgoingPolicy([{ mode: "local", network }])).toThrow(`${network} is no network`);
});
