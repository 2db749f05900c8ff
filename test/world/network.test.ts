/** A program whose network is the target's: what it finds here is what it finds there. */
import { once } from "node:events";
import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { OutgoingPolicy, outgoingRule } from "../../src/config/outgoing.ts";
import { launch } from "../../src/index.ts";
import { Session } from "../../src/session/session.ts";
import type { Embedded } from "../../src/target/embedded.ts";
import { networkHooks } from "../../src/world/network/network.ts";
import { startHome } from "./homes.ts";
import { type NetworkHome, startNetworkHome } from "./network-home.ts";

let site: NetworkHome;
beforeAll(async () => {
  site = await startNetworkHome();
}, 120_000);
afterAll(() => site[Symbol.asyncDispose]());

const here: NetworkHome["here"] = (...args) => site.here(...args);

/** The agent's. */
const pidOf = (agent: Embedded): number => (agent as unknown as { readonly pid: number }).pid;

const cases: readonly (readonly [name: string, expected: string | RegExp, ...args: string[]])[] = [
  ["HTTP", "200 OK POST /a from 127.0.0.1 with 5 bytes\n", "get", "http://127.0.0.1:7001/a", "http://[::1]:7001/b"],
  ["addresses", "local 127.0.0.1 some remote 127.0.0.1:7001 tcp\n", "dial", "tcp", "127.0.0.1:7001", "5s"],
  ["addresses of IPv6", "local ::1 some remote [::1]:7001 tcp\n", "dial", "tcp", "[::1]:7001", "5s"],
  ["an address of its own", "local 127.0.0.1 7999", "dial", "tcp", "127.0.0.1:7001", "5s", "127.0.0.1:7999"],
  ["an address of nobody's", "bind: cannot assign", "dial", "tcp", "127.0.0.1:7001", "5s", "192.0.2.7:0"],
  ["epoll before connect", "operation now in progress\n1 0x4 42; errno 0 <nil>\n", "epoll", "7002"],
  ["epoll, refused", "connection refused", "epoll", "1"],
  ["refused", "(111, timeout false)", "dial", "tcp", "127.0.0.1:1", "5s"],
  ["unreachable", "(101, timeout false)", "dial", "tcp", "192.0.2.1:80", "5s"],
  ["a deadline", "i/o timeout (0, timeout true)", "dial", "tcp", "127.0.0.1:7003", "300ms"],
  ["half-close", "to be or not [13 <nil>] <nil>; true", "halfclose", "127.0.0.1:7002"],
  ["100 MB each way", "up 100000000 true\ndown 100000000 true", "bulk", "100000000"],
  ["200 connections at once", "done 200\n", "parallel", "200"],
  ["who does not read", "stopped true true", "stall"],
  ["a reset", "true true", "reset"],
  ["options", "[1 39] 2 <nil>", "options"],
  [
    "names",
    "db.test 1 10.1.2.3 <nil>\nbig.test 100 10.1.2.10",
    "lookup",
    "db.test",
    "big.test",
    "nowhere.test",
    "inhosts",
  ],
  ["datagrams", "127.0.0.1 127.0.0.1:7001\n1 16 <nil>\n0 15", "datagrams", "127.0.0.1:7001"],
  ["datagrams of IPv6", "::1 [::1]:7002\n1 10 <nil>\n", "datagrams", "[::1]:7002"],
  [
    "datagrams to many",
    "hello from 127.0.0.1 127.0.0.1:7001 <nil>\nhello from 127.0.0.1 127.0.0.1:7003 <nil>\n",
    "packets",
    "127.0.0.1:7001",
    "127.0.0.1:7003",
    "[::1]:7002",
  ],
  ["datagrams to nobody", "<nil> true false\n", "silent", "127.0.0.1:9"],
  ["a Unix socket", "local @ remote /srv/run.sock unix\nto be or not [13 <nil>] <nil>\n", "unix", "/srv/run.sock"],
  ["a Unix socket by a link", "to be or not", "unix", "/srv/link.sock"],
  ["an abstract name", "local @ remote @elsewhere-test", "unix", "@elsewhere-test"],
  ["a Unix socket that is not there", "no such file or directory", "unix", "/srv/nothing.sock"],
  ["a Unix socket that is none", "connection refused", "unix", "/srv/config/app.conf"],
  ["interfaces", "[127.0.0.1/8 ::1/128] <nil>\n", "interfaces"],
  ["routes", "resource temporarily unavailable\ntrue 0\n", "routes"],
  ["interfaces by ioctl", "8915 6c6f", "ioctls"],
  ["files about the network", "/proc/net/dev lo:\n", "netfiles"],
  ["copies of a socket made before it is connected", "by the copy[11 <nil>] <nil>\n", "copies"],
  ["writing after a reset", "connection reset by peer\nbroken pipe\nbroken pipe\ntrue\nbroken pipe\n", "afterreset"],
  ["relative paths of Unix sockets", "/srv/run.sock\n/srv/run.sock\n/srv/run.sock\n", "relative"],
  ["Unix sockets of no use", "protocol wrong type for socket", "unixerrors"],
  ["Unix datagrams", '4 "sent" from <nil>\n', "unixgrams"],
  ["its own listener", "own true\ntrue\n", "own"],
  ["copies of a connected socket: dup, dup3, fcntl", "over another[12 <nil>] <nil>\n", "duplicates"],
  ["close_range over sockets", "the same number, another socket[", "ranges"],
  ["a socket through another one: SCM_RIGHTS", "through another socket[22 <nil>] <nil>\n", "passed"],
  ["a thread with descriptors of its own: CLONE_FILES", "true\n", "owntable"],
  ["a socket of a child: vfork and exec", "by a child[10 <nil>] <nil>\nnobody", "inherited"],
  ["sendmmsg and recvmmsg", "3 errno 0\n9 9 9 \n", "many"],
];

for (const [name, expected, ...args] of cases)
  test(`${name}: the same here as there`, { timeout: 60_000 }, async () => {
    const native = await site.there(args);
    expect(native).toContain(expected);
    expect(await here(args)).toBe(native);
  });

test("what was connected is closed, here and there", { timeout: 60_000 }, async () => {
  const open = (): number[] => ["self", pidOf(site.sandbox)].map((pid) => readdirSync(`/proc/${pid}/fd`).length);
  await here(["parallel", "20"]); // what is made once
  const before = open();
  await here(["parallel", "100"]);
  await here(["stall"]);
  await here(["packets", "127.0.0.1:7001", "127.0.0.1:7003"]);
  await here(["dial", "tcp", "127.0.0.1:7003", "100ms"]);
  await vi.waitFor(() => expect(open()).toEqual(before), { timeout: 10_000, interval: 100 });
});

test("a policy keeps destinations here", async () => {
  const policy = new OutgoingPolicy([
    outgoingRule({ pattern: "127.0.0.0/8:7000-7001", mode: "local" }),
    outgoingRule({ pattern: "tcp://*", mode: "remote" }),
  ]);
  expect(await here(["dial", "tcp", "127.0.0.1:7001", "5s"], policy)).toContain("connection refused");
  expect(await here(["dial", "tcp", "127.0.0.1:7002", "5s"], policy)).toContain("local 127.0.0.1 some remote");
});

describe("rules about names", () => {
  /** The domain in which the target looks for names that have no dot. */
  const settings = "nameserver 127.0.0.1\nsearch shop.test\n";
  const EHOSTUNREACH = "(113, timeout false)";
  const refused = (pattern: string): OutgoingPolicy =>
    new OutgoingPolicy([outgoingRule({ pattern, mode: "refuse", errno: "EHOSTUNREACH" })]);
  const dialed = (host: string, policy: OutgoingPolicy): Promise<string> =>
    here(["dial", "tcp", `${host}:80`, "10s"], policy, settings);

  test("know the addresses of answers, by UDP and by TCP, and of the target's hosts", async () => {
    expect(await dialed("db.test", refused("other.test"))).toContain("(101, timeout false)"); // ENETUNREACH
    expect(await dialed("db.test", refused("*.test:80"))).toContain(EHOSTUNREACH);
    expect(await dialed("db.test", refused("*.test:81"))).toContain("(101, timeout false)");
    expect(await dialed("big.test", refused("BIG.test"))).toContain(EHOSTUNREACH); // does not fit into a datagram
    expect(await dialed("inhosts", refused("inhosts"))).toContain(EHOSTUNREACH);
  });

  // "localhos?" is a pattern of names; the target's server knows no localhost.shop.test.
  const localhost = new OutgoingPolicy([outgoingRule({ pattern: "localhos?", mode: "local" })]);
  test.each([
    ["UDP", settings],
    ["TCP", `${settings}options use-vc\n`],
  ])("have a name looked up here, and all others there: %s", async (_, resolvers) => {
    expect(await site.there(["lookup", "localhost.shop.test"])).toContain("no such host");
    const found = await here(["lookup", "localhost.shop.test", "db.test", "nowhere.test"], localhost, resolvers);
    expect(found).toMatch(
      /^localhost\.shop\.test [12] 127\.0\.0\.1.* <nil>\ndb\.test 1 10\.1\.2\.3 <nil>\nnowhere\.test 0 .*no such host\n$/,
    );
  });

  test("are all that is asked there where everything else is here", async () => {
    const policy = new OutgoingPolicy([outgoingRule({ pattern: "db.test", mode: "remote" })], {
      mode: "local",
      origin: { by: "default" },
    });
    expect(await here(["lookup", "db.test", "localhost.localdomain.invalid"], policy, settings)).toMatch(
      /^db\.test 1 10\.1\.2\.3 <nil>\nlocalhost\.localdomain\.invalid 0 .*\n$/,
    );
    expect(await dialed("db.test", policy)).toContain("(101, timeout false)"); // there
  });
});

test(
  "a connection whose agent dies is reset, and a new one waits for the next agent",
  { timeout: 60_000 },
  async () => {
    const first = await startHome();
    const next = await startHome();
    const connections = [first.connection, next.connection];
    const events: string[] = [];
    using lost = await Session.open({
      connect: () => Promise.resolve(connections.shift() ?? first.connection),
      release: "elsewhere test",
      listen: ({ kind }) => events.push(kind),
    });
    for (const home of [first, next]) {
      mkdirSync(join(home.root, "bin"), { recursive: true });
      copyFileSync(site.program, join(home.root, "bin/server"));
      const child = home.run("/bin/server", ["serve"], { stdio: ["pipe", "pipe", "inherit"] });
      if (child.stdout !== null) await once(child.stdout, "data");
    }
    await using running = await launch(site.program, {
      args: ["outlive", "127.0.0.1:7006"],
      stdio: ["ignore", "pipe", "inherit"],
      hooks: networkHooks({ network: lost.network, policy: new OutgoingPolicy() }),
    });
    running.stdout?.once("data", () => process.kill(pidOf(first), "SIGKILL"));
    const output = running.stdout === null ? "" : await text(running.stdout);
    expect(output).toBe("connected\nreset true, then errno 0\n");
    expect(events).toEqual(["lost", "resumed"]);
    lost[Symbol.dispose]();
    expect(await lost.network.associate({ isV6: false })).toBe(-100); // ENETDOWN
    await first[Symbol.asyncDispose]();
    await next[Symbol.asyncDispose]();
  },
);
