/** A program whose network is the target's: what it finds here is what it finds there. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { OutgoingPolicy } from "../../src/config/outgoing.ts";
import { launch } from "../../src/index.ts";
import { Session } from "../../src/session/session.ts";
import type { Embedded } from "../../src/target/embedded.ts";
import { World } from "../../src/world/world.ts";
import { networkHooks } from "../../src/world/network/network.ts";
import { goProgram } from "../engine/programs.ts";
import { repository } from "../matrix/cache.ts";
import { home, inside, policyOf, startHome } from "./homes.ts";

let program: string;
let sandbox: Embedded;
let session: Session;
let server: ChildProcess;
beforeAll(async () => {
  program = await goProgram(join(repository, "test/world/caller"));
  sandbox = await startHome({
    ...home,
    files: {
      ...home.files,
      "/etc/resolv.conf": "nameserver 127.0.0.1\noptions timeout:2\n",
      "/etc/hosts": "10.0.0.9 inhosts\n",
      "/etc/nsswitch.conf": "hosts: files dns\n",
    },
  });
  session = await Session.open({ connect: () => Promise.resolve(sandbox.connection), release: "elsewhere test" });
  mkdirSync(join(sandbox.root, "bin"), { recursive: true });
  copyFileSync(program, join(sandbox.root, "bin/server"));
  server = sandbox.run("/bin/server", ["serve"], { stdio: ["pipe", "pipe", "inherit"] });
  if (server.stdout !== null) await once(server.stdout, "data");
}, 120_000);
afterAll(async () => {
  server.kill();
  session[Symbol.dispose]();
  await sandbox[Symbol.asyncDispose]();
});

/** What it prints here, with its traffic there. */
async function here(args: readonly string[], policy = new OutgoingPolicy()): Promise<string> {
  const failures: unknown[] = [];
  const files = policyOf({ "/etc/**": "remote-read", "/srv/**": "remote" });
  const world = new World({ files: session.files, policy: files });
  await using running = await launch(program, {
    args,
    stdio: ["ignore", "pipe", "pipe"],
    hooks: [...networkHooks({ network: session.network, policy, files, orphanMs: 2000 }), ...world.hooks],
    onHookError: (failure) => failures.push(failure),
  });
  const [stdout, stderr] = await Promise.all([
    running.stdout === null ? "" : text(running.stdout),
    running.stderr === null ? "" : text(running.stderr),
    running.exited,
  ]);
  expect(failures).toEqual([]);
  return stdout + stderr;
}

/** The agent's. */
const pidOf = (agent: Embedded): number => (agent as unknown as { readonly pid: number }).pid;

/** What it prints there. */
async function there(args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await inside(sandbox, { program, args });
  return stdout + stderr;
}

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
  ["its own listener", "own true\ntrue\n", "own"],
];

for (const [name, expected, ...args] of cases)
  test(`${name}: the same here as there`, { timeout: 60_000 }, async () => {
    const native = await there(args);
    expect(native).toContain(expected);
    expect(await here(args)).toBe(native);
  });

test("what was connected is closed, here and there", { timeout: 60_000 }, async () => {
  const open = (): number[] => ["self", pidOf(sandbox)].map((pid) => readdirSync(`/proc/${pid}/fd`).length);
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
    { mode: "local", network: "127.0.0.0/8", ports: [7000, 7001] },
    { mode: "remote", protocol: "tcp" },
  ]);
  expect(await here(["dial", "tcp", "127.0.0.1:7001", "5s"], policy)).toContain("connection refused");
  expect(await here(["dial", "tcp", "127.0.0.1:7002", "5s"], policy)).toContain("local 127.0.0.1 some remote");
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
      copyFileSync(program, join(home.root, "bin/server"));
      const child = home.run("/bin/server", ["serve"], { stdio: ["pipe", "pipe", "inherit"] });
      if (child.stdout !== null) await once(child.stdout, "data");
    }
    await using running = await launch(program, {
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
