/** docs/protocol.md and the .proto files are enough to talk to an agent: a client made by Go's own tools of them does. */
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { repository } from "../matrix/cache.ts";
import { run } from "../matrix/run.ts";
import { interopClient } from "./client.ts";

let folder: string;
let agents: Server;
let echo: Server;
const datagrams = createSocket("udp4");
const complaints: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "elsewhere-interop-"));
  mkdirSync(join(folder, "root/srv"), { recursive: true });
  writeFileSync(join(folder, "root/srv/there"), "there");
  // A connection is an agent.
  agents = createServer((socket) => {
    const command = [join(repository, "src/cli/main.ts"), "agent", "--root", join(folder, "root")];
    const agent = spawn(process.execPath, command, { stdio: "pipe" });
    socket.pipe(agent.stdin);
    agent.stdout.pipe(socket);
    agent.stderr.on("data", (chunk: Buffer) => complaints.push(chunk.toString()));
    agent.stdin.on("error", () => undefined);
    socket.on("error", () => undefined);
    socket.once("close", () => agent.stdin.destroy());
  });
  // What it hears it says again, and ends when the other end has ended.
  echo = createServer((socket) => socket.pipe(socket));
  datagrams.on("message", (data, { address, port }) => datagrams.send(data, port, address));
  await Promise.all([
    new Promise<void>((resolve) => agents.listen(join(folder, "agent"), resolve)),
    new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve)),
    new Promise<void>((resolve) => datagrams.bind(0, "127.0.0.1", resolve)),
  ]);
}, 10_000);

afterAll(() => {
  agents.close();
  echo.close();
  datagrams.close();
  rmSync(folder, { recursive: true });
});

test(
  "a client of Go's own tools opens, reads, writes, lists, and has flows of both kinds",
  { timeout: 400_000 },
  async () => {
    const ports = [echo.address() as AddressInfo, datagrams.address()].map(({ port }) => String(port));
    const client = await interopClient();
    const { stdout, stderr } = await run([client, join(folder, "agent"), ...ports], { cwd: folder, timeoutMs: 60_000 });
    expect(stderr).toBe("");
    expect(complaints).toEqual([]);
    expect(stdout.trimEnd().split("\n")).toEqual([
      "before Hello: FailedPrecondition",
      `version 1 of ${hostname()} in ${process.cwd()}`,
      "Hello again: FailedPrecondition",
      "open: 0 true 256",
      "write: 0 1048576 1048581",
      "read: 0 true",
      "stat: 0 100640 1048581",
      "close: 0 then bad file descriptor",
      "entries: [. .. made there]",
      "end: true /srv",
      "open /nowhere: no such file or directory",
      "open /srv/../../../etc/passwd: no such file or directory",
      "open /proc/self/root/etc/passwd: no such file or directory",
      "more than 2 MiB: InvalidArgument",
      "no such call: Unimplemented",
      "associate: 0 true",
      'datagram: "one" 0',
      'datagram: "" 0',
      'datagram: "three" 0',
      "hello: 0",
      "connect: 0 true",
      "heard: 2100000 true end 0",
    ]);
  },
);
