/** `elsewhere forward`, as users run it, with programs that know nothing of it. */
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { buffer, text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Session } from "../../src/session/session.ts";
import type { Embedded } from "../../src/target/embedded.ts";
import { elsewhere } from "../matrix/elsewhere.ts";
import { run } from "../matrix/run.ts";
import { inside } from "../world/homes.ts";
import { type ServersThere, startServersThere } from "../world/servers-there.ts";

const folder = mkdtempSync(join(tmpdir(), "elsewhere-forward-"));
let program: string;
let sandbox: Embedded;
let session: Session;
let servers: ServersThere;
let target: string;
let forwarder: Forwarder;

interface Forwarder {
  readonly child: ChildProcess;
  /** What it has printed: "localhost:7000 -> web:80 in …". */
  readonly lines: readonly string[];
  readonly complaints: () => string;
  /** The port that it listens on for the nth. */
  port(index: number): number;
}

/** Runs it until it has said where it listens. */
async function forward(count: number, ...args: readonly string[]): Promise<Forwarder> {
  const [node = "", ...rest] = elsewhere("forward", "--target", target, ...args);
  const child = spawn(node, rest, { stdio: ["ignore", "pipe", "pipe"], cwd: folder });
  let complaints = "";
  child.stderr?.on("data", (chunk: Buffer) => (complaints += chunk.toString()));
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout ?? process.stdin })) {
    lines.push(line);
    if (lines.length === count) break;
  }
  if (lines.length < count) throw new Error(complaints);
  const port = (index: number): number => Number(/:(\d+) -> /.exec(lines[index] ?? "")?.[1]);
  return { child, lines, complaints: () => complaints, port };
}

beforeAll(async () => {
  servers = await startServersThere({
    "/etc/resolv.conf": "nameserver 127.0.0.1\nsearch test\n",
    "/etc/hosts": "127.0.0.1 web\n::1 web6\n192.0.2.1 nobody\n",
  });
  ({ target, sandbox, session, program } = servers);
  // prettier-ignore
  forwarder = await forward(11,
    "0:web:7001", "0:[::1]:7001", "0:localhost:7002", "0:localhost:7007", "0:localhost:7006", "0:web:1", "0:nowhere.test:80",
    `0:/srv/run.sock`, `${folder}/here.sock:@elsewhere-test`, "127.0.0.1:0:nobody:80", "--socks", "0",
  );
}, 120_000);

afterAll(async () => {
  forwarder?.child.kill("SIGKILL");
  await servers?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const curl = async (...args: readonly string[]): Promise<string> => {
  const { stdout, exitCode } = await run(["curl", "--silent", "--show-error", "--max-time", "20", ...args], {
    cwd: folder,
    timeoutMs: 25_000,
  });
  return exitCode === 0 ? stdout : `exit code ${exitCode}`;
};

const hello = (path: string, from: string): string => `200 OK GET ${path} from ${from} with 0 bytes\n`;
const answer = (path: string, from: string): string => hello(path, from).replace("200 OK ", "");
const opened = async (port: number): Promise<Socket> => {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  await once(socket, "connect");
  return socket;
};

describe("a forwarded port", () => {
  test("leads to the host that only the target knows, by IPv4 and IPv6, from either loopback address", async () => {
    expect(forwarder.lines[0]).toBe(`localhost:${forwarder.port(0)} -> web:7001 in ${target}`);
    expect(forwarder.lines[9]).toBe(`127.0.0.1:${forwarder.port(9)} -> nobody:80 in ${target}`);
    expect(await curl(`http://localhost:${forwarder.port(0)}/a`)).toBe(answer("/a", "127.0.0.1"));
    expect(await curl(`http://[::1]:${forwarder.port(0)}/b`)).toBe(answer("/b", "127.0.0.1"));
    expect(await curl(`http://127.0.0.1:${forwarder.port(1)}/c`)).toBe(answer("/c", "::1"));
  });

  test("carries a half-close, as the same Go program finds it inside", async () => {
    const native = await inside(sandbox, { program, args: ["halfclose", "127.0.0.1:7002"] });
    const { stdout } = await run([program, "halfclose", `127.0.0.1:${forwarder.port(2)}`], {
      cwd: folder,
      timeoutMs: 20_000,
    });
    expect(native.stdout).toContain("to be or not");
    expect(stdout).toBe(native.stdout);
  });

  test("carries a reset from there", async () => {
    const socket = await opened(forwarder.port(3));
    socket.write("x");
    const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ECONNRESET");
  });

  test("stops who writes to who does not read", async () => {
    const socket = await opened(forwarder.port(4));
    const megabyte = Buffer.alloc(1 << 20);
    let stopped = false;
    // What is on the way is bounded: sockets' buffers and a stream's window each side.
    for (let megabytes = 0; megabytes < 64 && !stopped; megabytes++)
      if (!socket.write(megabyte))
        stopped = await Promise.race([
          once(socket, "drain").then(() => false),
          new Promise<boolean>((resolve) => void setTimeout(resolve, 2000, true)),
        ]);
    expect(stopped).toBe(true);
    socket.resetAndDestroy();
  });

  test("is reset where the target refuses, or knows no such host, and the user hears why", async () => {
    for (const [index, why] of [
      [5, "web:1: Connection refused"],
      [6, "nowhere.test:80: there is no such host in the target"],
      [9, "nobody:80: Network is unreachable"],
    ] as const) {
      const socket = connect(forwarder.port(index), "127.0.0.1");
      const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
      expect(error.code).toBe("ECONNRESET");
      await expect.poll(forwarder.complaints).toContain(`elsewhere: ${why}\n`);
    }
  });

  test("may be a Unix socket, on either side", async () => {
    const there = await opened(forwarder.port(7));
    there.end("to a path");
    expect(await text(there)).toBe("to a path[9 <nil>]");
    const here = connect({ path: join(folder, "here.sock"), allowHalfOpen: true });
    here.end("to a name");
    expect(await text(here)).toBe("to a name[9 <nil>]");
  });

  test("takes many connections at once", async () => {
    const answers = Array.from({ length: 100 }, async (_, index) => {
      const socket = await opened(forwarder.port(2));
      socket.end(Buffer.alloc(10_000, index));
      return buffer(socket);
    });
    for (const [index, bytes] of (await Promise.all(answers)).entries())
      expect(bytes).toEqual(Buffer.concat([Buffer.alloc(10_000, index), Buffer.from("[10000 <nil>]")]));
  });
});

describe("the SOCKS proxy", () => {
  const proxy = (): string => `socks5h://localhost:${forwarder.port(10)}`;

  test("looks names up in the target: its hosts, its DNS, its search domains", async () => {
    expect(await curl("--proxy", proxy(), "http://web:7001/a")).toBe(answer("/a", "127.0.0.1"));
    expect(await curl("--proxy", proxy(), "http://web6:7001/b")).toBe(answer("/b", "::1"));
    // db.test is 10.1.2.3 by the target's DNS server alone: where there is no way to.
    expect(await curl("--proxy", proxy(), "http://db:7001/")).toBe("exit code 97");
    await expect.poll(forwarder.complaints).toContain("elsewhere: db:7001: Network is unreachable\n");
  });

  test("takes addresses", async () => {
    const plain = proxy().replace("socks5h", "socks5");
    expect(await curl("--proxy", plain, "http://127.0.0.1:7001/a")).toBe(answer("/a", "127.0.0.1"));
    expect(await curl("--proxy", plain, "http://[::1]:7001/b")).toBe(answer("/b", "::1"));
  });

  /** Says what SOCKS clients say, and reads the reply. */
  async function asked(request: readonly number[], greeting: readonly number[] = [5, 1, 0]): Promise<number[]> {
    const socket = await opened(forwarder.port(10));
    socket.write(Uint8Array.from(greeting));
    const [chosen] = (await once(socket, "data")) as [Buffer];
    if (chosen[1] !== 0) return [...chosen];
    socket.write(Uint8Array.from(request));
    const [reply] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    return [...reply];
  }

  const LOCALHOST = [127, 0, 0, 1];
  const name = (host: string): number[] => [3, host.length, ...Buffer.from(host)];
  test.each<[string, number[], number]>([
    ["refused", [5, 1, 0, 1, ...LOCALHOST, 0, 1], 5],
    ["unreachable", [5, 1, 0, 1, 192, 0, 2, 1, 0, 80], 3],
    ["no such host", [5, 1, 0, ...name("nowhere.test"), 0, 80], 4],
    ["BIND", [5, 2, 0, 1, ...LOCALHOST, 0, 80], 7],
    ["an address of no kind", [5, 1, 0, 9, ...LOCALHOST, 0, 80], 8],
  ])("tells the truth: %s", async (_, request, code) => {
    expect((await asked(request)).slice(0, 2)).toEqual([5, code]);
  });

  test("tells the connection's own address in the target", async () => {
    const [version, code, , type, ...address] = await asked([5, 1, 0, ...name("web"), 0x1b, 0x59]);
    expect({ version, code, type, address: address.slice(0, 4) }).toEqual({
      version: 5,
      code: 0,
      type: 1,
      address: LOCALHOST,
    });
  });

  test("refuses clients that want a password, and those that speak something else", async () => {
    expect(await asked([], [5, 1, 2])).toEqual([5, 0xff]);
    const socket = await opened(forwarder.port(10));
    socket.write("GET / HTTP/1.1\r\n\r\n");
    expect(await text(socket)).toBe("");
  });

  test("carries datagrams both ways, by name too, for as long as the client stays", async () => {
    const control = await opened(forwarder.port(10));
    control.write(Uint8Array.of(5, 1, 0));
    await once(control, "data");
    control.write(Uint8Array.of(5, 3, 0, 1, 0, 0, 0, 0, 0, 0));
    const [reply] = (await once(control, "data")) as [Buffer];
    expect([...reply.subarray(0, 8)]).toEqual([5, 0, 0, 1, ...LOCALHOST]);
    const relay = reply.readUInt16BE(8);
    const client = createSocket("udp4");
    for (const [to, from] of [
      [
        [1, ...LOCALHOST, 0x1b, 0x59],
        [1, ...LOCALHOST, 0x1b, 0x59],
      ],
      [
        [...name("web"), 0x1b, 0x5b],
        [1, ...LOCALHOST, 0x1b, 0x5b],
      ],
      [
        [...name("web6"), 0x1b, 0x5a],
        [4, ...Array<number>(15).fill(0), 1, 0x1b, 0x5a],
      ],
    ] as const) {
      client.send(Uint8Array.of(0, 0, 0, ...to, ...Buffer.from("hello")), relay, "127.0.0.1");
      const [message] = (await once(client, "message")) as [Buffer];
      const head = 3 + from.length;
      expect([...message.subarray(0, head)]).toEqual([0, 0, 0, ...from]);
      expect(message.subarray(head).toString()).toMatch(/^hello/);
    }
    control.end();
    await once(control, "close");
    client.close();
    // The port is given back: somebody else may have it.
    const next = createSocket("udp4");
    await expect
      .poll(
        () =>
          new Promise<boolean>((resolve) => {
            next.once("error", () => resolve(false));
            next.bind(relay, "127.0.0.1", () => resolve(true));
          }),
      )
      .toBe(true);
    next.close();
  });
});

describe("the command", () => {
  const quickly = (...args: readonly string[]): ReturnType<typeof run> =>
    run(elsewhere("forward", ...args), {
      cwd: folder,
      timeoutMs: 30_000,
      environment: { ...process.env, HOME: folder, NO_COLOR: "1" },
    });

  test("says what is wrong", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as { port: number };
    const mistakes = [
      [
        ["--target", target, `${port}:web:80`],
        /nothing can listen on localhost:\d+\n {2}Address already in use\n.*port 0/,
      ],
      [["--target", target], /there is nothing to forward/],
      [["--target", target, "80"], /80: there is no host to go to/],
      [["--target", target, "web:80:80"], /"web" is no port/],
      [["--target", target, "1:web:99999"], /"99999" is no port/],
      [["--target", target, "--socks", "a:b:c"], /it must be \[BIND:\]PORT/],
      [["--target", "cellar:api", "0:web:80"], /there is no kind of target "cellar"/],
      [["0:web:80"], /there is no target/],
    ] as const;
    await Promise.all(
      mistakes.map(async ([args, message]) => {
        const outcome = await quickly(...args);
        expect(outcome).toMatchObject({ exitCode: 125, stdout: "" });
        expect(outcome.stderr).toMatch(message);
      }),
    );
    taken.close();
  });

  test.each(["SIGINT", "SIGTERM"] as const)("ends by %s as its parent expects, and leaves nothing", async (signal) => {
    const path = join(folder, "gone.sock");
    const own = await forward(2, `${path}:web:7001`, "0:web:7001");
    const held = await opened(own.port(1));
    const lost = once(held, "error");
    own.child.kill(signal);
    expect(await once(own.child, "exit")).toEqual([null, signal]);
    expect(existsSync(path)).toBe(false);
    expect(own.complaints()).toBe("");
    expect(((await lost)[0] as NodeJS.ErrnoException).code).toBe("ECONNRESET");
  });

  test("goes on by another agent when one is lost: what was open is reset, what is new goes there", async () => {
    const own = await forward(1, "0:web:7002");
    const held = await opened(own.port(0));
    held.write("hello");
    await once(held, "data");
    const failed = once(held, "error");
    process.kill(agentOf(own.child.pid ?? 0), "SIGKILL");
    expect(((await failed)[0] as NodeJS.ErrnoException).code).toBe("ECONNRESET");
    const next = await opened(own.port(0));
    next.end("again");
    expect(await text(next)).toBe("again[5 <nil>]");
    expect(own.complaints()).toMatch(/the target does not answer.*\n.*connected again/);
    own.child.kill();
    await once(own.child, "exit");
  });
});

/** The process below a command that is its agent. */
function agentOf(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim().split(" ").filter(Boolean);
  for (const child of children.map(Number)) {
    const below = agentOf(child);
    if (below !== 0) return below;
    if (readFileSync(`/proc/${child}/cmdline`, "latin1").includes("\0agent\0")) return child;
  }
  return 0;
}

test("a session resolves names as the target does", async () => {
  const resolve = async (host: string): Promise<string[] | number> => {
    const found = await session.network.resolve(host);
    return typeof found === "number" ? found : found.map((ip) => Buffer.from(ip).toString("hex"));
  };
  expect(await resolve("web")).toEqual(["7f000001"]);
  expect(await resolve("WEB.")).toEqual(["7f000001"]);
  expect(await resolve("db.test")).toEqual(["0a010203"]);
  expect(await resolve("db")).toEqual(["0a010203"]);
  expect(await resolve("big.test")).toHaveLength(100); // by TCP: it does not fit into a datagram
  expect(await resolve("localhost")).toEqual(["7f000001", `${"00".repeat(15)}01`]);
  expect(await resolve("10.0.0.7")).toEqual(["0a000007"]);
  expect(await resolve("nowhere.test")).toBe(-2); // ENOENT
  expect(await resolve("")).toBe(-2);
});
