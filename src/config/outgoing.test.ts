import { describe, expect, test } from "vitest";
import { compileDestination } from "./destination-pattern.ts";
import { type NewRule, OutgoingPolicy, outgoingRule } from "./outgoing.ts";

const rules = (...all: readonly NewRule[]): OutgoingPolicy => new OutgoingPolicy(all.map((rule) => outgoingRule(rule)));

test("the first rule that matches decides, and what none matches is remote", () => {
  const policy = rules(
    { mode: "remote", pattern: "10.0.0.5" },
    { mode: "local", pattern: "10.0.0.0/8:5000-5999" },
    { mode: "local", pattern: "udp://2001:db8::/32" },
    { mode: "local", pattern: ":25" },
    { mode: "refuse", pattern: "tcp://[2001:db8::]/32:80" },
  );
  const decide = (protocol: "tcp" | "udp", address: string, port: number): string =>
    policy.decide({ protocol, address, port }).mode;
  expect(decide("tcp", "10.0.0.5", 5432)).toBe("remote");
  expect(decide("tcp", "10.0.0.6", 5432)).toBe("local");
  expect(decide("tcp", "10.0.0.6", 4999)).toBe("remote");
  expect(decide("tcp", "10.0.0.6", 5999)).toBe("local");
  expect(decide("tcp", "10.0.0.6", 6000)).toBe("remote");
  expect(decide("tcp", "2001:db8::1", 53)).toBe("remote");
  expect(decide("udp", "2001:db8::1", 53)).toBe("local");
  expect(decide("tcp", "2001:db8::1", 80)).toBe("refuse");
  expect(decide("udp", "192.0.2.1", 25)).toBe("local");
  expect(policy.decide({ protocol: "tcp", address: "192.0.2.1", port: 26 })).toBe(policy.otherwise);
});

test("an IPv4 address of a socket of IPv6 is that address", () => {
  const to = { protocol: "tcp", address: "::ffff:10.1.2.3", port: 80 } as const;
  expect(rules({ mode: "local", pattern: "10.0.0.0/8" }).decide(to).mode).toBe("local");
});

test("names are those that an address has, in any case; a wildcard is any text", () => {
  const policy = rules({ mode: "local", pattern: "*.Corp:443" }, { mode: "local", pattern: "db" });
  const decide = (port: number, ...names: string[]): string =>
    policy.decide({ protocol: "tcp", address: "10.0.0.1", port, names }).mode;
  expect(policy.hasNames).toBe(true);
  expect(decide(443, "a.b.corp")).toBe("local");
  expect(decide(443, "corp")).toBe("remote");
  expect(decide(80, "a.corp")).toBe("remote");
  expect(decide(80, "x.corp", "db")).toBe("local");
  expect(decide(443)).toBe("remote");
  expect(policy.decideName(["a.corp"])?.mode).toBe("local");
  expect(policy.decideName(["corp"])).toBeUndefined();
});

test("what the program itself listens on is here, unless a rule about the machine's own addresses says otherwise", () => {
  const own = { protocol: "tcp", address: "127.0.0.1", port: 80, isOwn: true } as const;
  expect(rules().decide(own)).toMatchObject({ mode: "local", why: "where the program itself listens" });
  expect(rules({ mode: "remote", pattern: "*" }).decide(own).mode).toBe("local");
  expect(rules({ mode: "remote", pattern: "localhost:80" }).decide(own).mode).toBe("remote");
  expect(rules({ mode: "remote", pattern: "127.0.0.1" }).decide(own).mode).toBe("remote");
  expect(rules({ mode: "remote", pattern: "*" }).decide({ ...own, isOwn: false, isForMany: true }).mode).toBe("local");
});

test("Unix sockets, by path or abstract name; about others nothing is said", () => {
  const policy = rules({ mode: "local", pattern: "unix:/run/*.sock" }, { mode: "refuse", pattern: "unix:@x*" });
  expect(policy.decidePath("/run/a.sock")?.mode).toBe("local");
  expect(policy.decidePath("@xyz")?.mode).toBe("refuse");
  expect(policy.decidePath("/run/a")).toBeUndefined();
  expect(policy.decide({ protocol: "tcp", address: "10.0.0.1", port: 1 }).mode).toBe("remote");
});

describe("patterns", () => {
  const places = { homes: [], folder: "/" };
  test.each([
    "10.0.0.0/33",
    "10.0.0.0/x",
    "10.0.0.0/",
    "10.0.0.0/8/8",
    "10.0.0",
    "",
    "http://x",
    "a b",
    "db:",
    "db:x",
    "db:70000",
    "db:9-8",
    "[::1",
    "unix:",
    "unix:run",
    "unix:^(",
    "a..b",
    "tcp://",
  ])("%j is none", (pattern) => {
    expect(compileDestination(pattern, places)).toBeUndefined();
    expect(() => outgoingRule({ mode: "local", pattern })).toThrow(`${pattern} is no destination`);
  });

  test.each([
    "*",
    "*:80",
    ":80-90",
    "db",
    "db.:1",
    "::1",
    "[::1]:80",
    "[::]/0",
    "::/0",
    "tcp://*",
    "my_db",
    "unix:~/x",
  ])("%j is one", (pattern) => {
    expect(compileDestination(pattern, places)).toBeDefined();
  });

  test("localhost is every address by which a machine reaches itself", () => {
    const { hasAddress } = compileDestination("localhost", places) ?? {};
    const all = ["127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "::", "::ffff:127.0.0.1", "10.0.0.1", "fe80::1"];
    expect(all.filter((address) => hasAddress?.(address))).toEqual(all.slice(0, 6));
  });
});
