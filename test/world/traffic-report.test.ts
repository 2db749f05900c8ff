/** What `elsewhere exec` tells of connections: rules on the command line, --dry-run, --report and --report-to. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { traceLine } from "../../src/trace/schema.ts";
import { elsewhere } from "../matrix/elsewhere.ts";
import { type Outcome, run } from "../matrix/run.ts";
import { type ServersThere, startServersThere } from "./servers-there.ts";

const folder = mkdtempSync(join(tmpdir(), "elsewhere-traffic-"));
let servers: ServersThere;
beforeAll(async () => {
  servers = await startServersThere({
    "/etc/resolv.conf": "nameserver 127.0.0.1\n",
    "/etc/hosts": "127.0.0.1 web\n",
    "/etc/nsswitch.conf": "hosts: files dns\n",
  });
}, 120_000);
afterAll(async () => {
  await servers?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const exec = (flags: readonly string[], ...args: readonly string[]): Promise<Outcome> =>
  run(elsewhere("exec", "--target", servers.target, "--no-config", ...flags, "--", servers.program, ...args), {
    cwd: folder,
    timeoutMs: 30_000,
    environment: { PATH: process.env["PATH"], HOME: folder, NO_COLOR: "1" },
  });

const flags = ["--outgoing-refuse", "tcp://db.test", "--outgoing-local", "localhost:7002", "--files-read-only", "/srv"];

test("before: the rules in their order", async () => {
  const { stdout, exitCode } = await exec(["--dry-run", ...flags], "get");
  expect(exitCode).toBe(0);
  const rules = stdout.slice(stdout.indexOf("connections:"));
  expect(rules.split("\n").map((line) => line.trim().split(/\s+/).slice(0, 2).join(" "))).toEqual([
    "connections: the",
    "refuse tcp://db.test",
    "local localhost:7002",
    "local localhost",
    "local udp://224.0.0.0/4",
    "remote *",
    "",
  ]);
  expect((await exec(["--dry-run", "--no-outgoing"], "get")).stdout).toContain(
    "connections: all begin on this machine",
  );
});

test("afterwards: what was where, for people and for machines", async () => {
  const file = join(folder, "report.json");
  const told = await exec(["--report", "--report-to", file, ...flags], "get", "http://web:7001/a");
  expect(told).toMatchObject({ exitCode: 0, stdout: "200 OK POST /a from 127.0.0.1 with 5 bytes\n<nil>\n" });
  const connections = told.stderr.slice(told.stderr.indexOf("where its connections began"));
  expect(connections).toMatch(/ remote .* \* .* 1 .* 1 .* tcp:\/\/127\.0\.0\.1:7001 \(web\) /);
  expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
    files: expect.arrayContaining([expect.objectContaining({ path: "/etc/hosts", mode: "remote-read" })]) as unknown,
    connections: [{ protocol: "tcp", to: "127.0.0.1:7001", names: ["web"], mode: "remote", pattern: "*", calls: 1 }],
    names: [],
    others: { files: 0, connections: 0 },
  });
});

test("names that were asked for, a connection that was refused, and one that began here", async () => {
  const file = join(folder, "report.json");
  const refused = await exec(["--report-to", file, ...flags], "dial", "tcp", "db.test:80", "5s");
  expect(refused.stdout).toContain("(111, timeout false)");
  expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
    connections: expect.arrayContaining([
      { protocol: "udp", to: "127.0.0.1:53", names: [], mode: "remote", pattern: "*", calls: 2 },
      { protocol: "tcp", to: "10.1.2.3:80", names: ["db.test"], mode: "refuse", pattern: "tcp://db.test", calls: 1 },
    ]) as unknown,
    names: [{ name: "db.test", mode: "remote", pattern: "*", questions: 2 }],
  });
  const here = await exec(["--report-to", file, ...flags], "dial", "tcp", "127.0.0.1:7002", "5s");
  expect(here.stdout).toContain("(111, timeout false)");
  expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
    connections: [{ to: "127.0.0.1:7002", mode: "local", pattern: "localhost:7002", calls: 1 }],
  });
});

test("--no-outgoing leaves all of it here", async () => {
  const file = join(folder, "report.json");
  const told = await exec(["--no-outgoing", "--report-to", file], "dial", "tcp", "127.0.0.1:7002", "5s");
  expect(told.stdout).toContain("(111, timeout false)");
  expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ connections: [], names: [] });
});

test("a report that cannot be written is told, with the program's own end", async () => {
  const told = await exec(["--report-to", "/nowhere/report.json"], "lookup", "db.test");
  expect(told).toMatchObject({ exitCode: 125, stdout: "db.test 1 10.1.2.3 <nil>\n" });
  expect(told.stderr).toMatch(/the report cannot be written to \/nowhere\/report\.json\n.*ENOENT(.*\n)+.*exit code 0/);
});

describe("a trace in the target", () => {
  const trace = (options: readonly string[], ...args: readonly string[]): Promise<Outcome> =>
    run(
      elsewhere(
        "trace",
        "--target",
        servers.target,
        "--no-config",
        ...options,
        ...flags,
        "--",
        servers.program,
        ...args,
      ),
      {
        cwd: folder,
        timeoutMs: 30_000,
        environment: { PATH: process.env["PATH"], HOME: folder, NO_COLOR: "1" },
      },
    );

  interface Line {
    readonly kind: string;
    readonly call: string;
    readonly errno: string | null;
    readonly args: Readonly<Record<string, unknown>>;
    readonly where?: { readonly mode: string; readonly rule: string };
  }

  test("tells behind each call where it happened, files and connections alike", async () => {
    const file = join(folder, "trace.jsonl");
    const traced = await trace(["--json", "-o", file], "get", "http://web:7001/a");
    expect(traced).toMatchObject({ exitCode: 0, stdout: "200 OK POST /a from 127.0.0.1 with 5 bytes\n<nil>\n" });
    const lines = readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => traceLine.parse(JSON.parse(line)) as Line);
    const calls = lines.filter(({ kind }) => kind === "call");
    const where = (call: string, text: string): unknown =>
      calls.find((line) => line.call === call && JSON.stringify(line.args).includes(text))?.where;
    expect(where("openat", "/etc/hosts")).toEqual({ mode: "remote-read", rule: "/etc/hosts" });
    expect(where("openat", "/proc/self/cgroup")).toEqual({ mode: "local", rule: "/proc" });
    expect(where("connect", "127.0.0.1")).toEqual({ mode: "remote", rule: "*" });
    // What was opened or connected there is there.
    expect(calls.find(({ call, where }) => call === "getsockname" && where !== undefined)?.where?.rule).toBe("*");
    const read = calls.filter(({ call, where }) => call === "read" && where?.rule === "/etc/hosts");
    expect(read.length).toBeGreaterThan(0);
    // What no rule decides has no place.
    expect(calls.filter(({ call }) => call === "madvise" || call === "futex").every((line) => !("where" in line))).toBe(
      true,
    );
  });

  test("in text, with the rule that refuses", async () => {
    const traced = await trace(["-e", "connect"], "dial", "tcp", "db.test:80", "5s");
    expect(traced.stdout).toContain("(111, timeout false)");
    expect(traced.stderr).toMatch(/connect\(.*10\.1\.2\.3.* = -1 ECONNREFUSED .*> \[refuse tcp:\/\/db\.test\]\n/);
    expect(traced.stderr).toMatch(/connect\(.*htons\(53\).*\[remote \*\]\n/);
  });
});
