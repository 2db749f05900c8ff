/** What a hook may say, and what the program sees of it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { defineHooks, type HookSet } from "../../src/index.ts";
import { answer, driverProgram, hooked, natively } from "./driver.ts";

const folder: string = mkdtempSync(join(tmpdir(), "elsewhere-hooks-"));
const file: string = join(folder, "file");
const other: string = join(folder, "other");
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(async () => {
  await driverProgram();
}, 300_000);
const setUp = (): void => {
  writeFileSync(file, "the quick brown fox");
  writeFileSync(other, "jumps over");
};

const own = (path: string): boolean => path.startsWith(folder);

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What is done, by which hooks, and what the program says of it. */
const says: Readonly<Record<string, readonly [operation: string, HookSet, string]>> = {
  "a number": ["pgid", defineHooks({ getpgid: () => 4242 }), "4242"],
  "a bigint": ["pgid", defineHooks({ getpgid: () => 4242n }), "4242"],
  "a number, later": [
    "pgid",
    defineHooks({
      async getpgid() {
        await tick();
        return 4242;
      },
    }),
    "4242",
  ],
  "an error": [
    `cat ${file}`,
    defineHooks({ openat: (call) => (own(call.path) ? call.fail("ENOSPC") : undefined) }),
    "errno 28",
  ],
  "an error by its second name": ["pgid", defineHooks({ getpgid: (call) => call.fail("ENOTSUP") }), "errno 95"],
  nothing: ["pgid", defineHooks({ getpgid() {} }), "own"],
  "nothing, later": [
    "pgid",
    defineHooks({
      async getpgid() {
        await tick();
      },
    }),
    "own",
  ],
  "proceed's promise": ["pgid", defineHooks({ getpgid: (call) => call.proceed() }), "own"],
  "nothing after proceed": [
    "pgid",
    defineHooks({
      async getpgid(call) {
        await call.proceed();
      },
    }),
    "own",
  ],
  "nothing while proceed goes on": ["pgid", defineHooks({ getpgid: (call) => void call.proceed() }), "own"],
  "a result in place of the kernel's": [
    `cat ${file}`,
    defineHooks({
      async read(call) {
        const result = await call.proceed();
        if (result !== 19) return undefined;
        return call.buffer.write(call.buffer.read(9).map((byte) => (byte === 0x71 ? 0x51 : byte)));
      },
    }),
    '"the Quick"',
  ],
  "another path": [
    `cat ${file}`,
    defineHooks({ openat: (call) => (own(call.path) ? call.proceed({ path: other }) : undefined) }),
    '"jumps over"',
  ],
  "another path by the kernel's name": [
    `cat ${file}`,
    defineHooks({
      openat: (call) => (own(call.args.filename) ? call.proceed({ filename: Buffer.from(`${other}\0`) }) : undefined),
    }),
    '"jumps over"',
  ],
  "the kernel's answer to a second try": [
    `cat ${join(folder, "missing")}`,
    defineHooks({
      async openat(call) {
        if (!own(call.path)) return undefined;
        const result = await call.proceed();
        return result === call.fail("ENOENT") ? call.proceed({ path: file }) : result;
      },
    }),
    '"the quick brown fox"',
  ],
  "its own call's result": [
    `cat ${file}`,
    defineHooks({
      async openat(call) {
        if (!own(call.path)) return undefined;
        return call.run("openat", { dfd: -100, filename: other, flags: call.args.flags });
      },
    }),
    '"jumps over"',
  ],
  "what it lent the program": [
    "pgid",
    defineHooks({
      async getpgid(call) {
        const room = call.lend(100);
        const length = await call.run("readlinkat", { dfd: -100, path: "/proc/self/exe", buf: room, bufsiz: 100 });
        return room.read(length ?? 0).length === length && length > 0 ? 4242 : 1;
      },
    }),
    "4242",
  ],
  "nothing after a call of its own": [
    `cat ${file}`,
    defineHooks({
      async openat(call) {
        await call.run("openat", { dfd: -1, filename: other, flags: -1, mode: 0o777 });
      },
      async read(call) {
        await call.run("lseek", { fd: -1, offset: 3, whence: 4 });
      },
    }),
    '"the quick brown fox"',
  ],
  "calls at the same time": [
    "pgid",
    defineHooks({
      async getpgid(call) {
        const both = await Promise.all([
          call.run("getppid", {}),
          call.run("getpgid", { pid: 0 }),
          call.run("getpid", {}),
        ]);
        return both[2] === call.process.pid ? both[1] : 1;
      },
    }),
    "own",
  ],
};

test.each(Object.entries(says))("a hook says %s", async (_, [operation, hooks, said]) => {
  setUp();
  const { stdout, failures, exitCode } = await hooked(operation, hooks);
  expect({ said: answer(stdout), failures, exitCode }).toEqual({ said, failures: [], exitCode: 0 });
});

test("a delay holds up its thread alone", async () => {
  let delayed = 0;
  const hooks = defineHooks({
    async openat(call) {
      if (own(call.path) && ++delayed === 1) await call.delay({ milliseconds: 300 });
    },
  });
  setUp();
  const started = performance.now();
  const { stdout } = await hooked(`opens 50 ${file}`, hooks);
  expect(answer(stdout)).toBe("map[opened:50]");
  expect(delayed).toBe(50);
  expect(performance.now() - started).toBeGreaterThan(300);
});

describe("data", () => {
  const seen: string[] = [];
  const note = (name: string, bytes: Uint8Array): void => void seen.push(`${name} ${Buffer.from(bytes).toString()}`);
  const watch = defineHooks({
    async any(call) {
      if (call.buffer === undefined) return;
      if (/^(write|writev|sendmsg|sendto)$/.test(call.name)) note(call.name, call.buffer.read());
      else if (/^(read|readv|recvmsg|recvfrom)$/.test(call.name)) {
        const result = await call.proceed();
        if (result !== null && result > 0) note(call.name, call.buffer.read(result));
      }
    },
  });

  test.each([
    ["readv FILE", "readv the quick brown fox"],
    ["cat FILE", "read the quick brown fox"],
    ["write FILE hello", "write hello"],
    ["writev FILE ab cde f", "writev abcdef"],
    ["message hello", "sendmsg hello"],
    ["message hello", "recvmsg hello"],
    ["udp 127.0.0.1:0 hello", "sendto hello"],
    ["udp 127.0.0.1:0 hello", "recvfrom hello"],
  ])("of %s is %s", async (operation, data) => {
    setUp();
    seen.length = 0;
    const operations = operation.replace("FILE", file);
    const { stdout, failures } = await hooked(operations, watch);
    setUp();
    expect(stdout).toBe(await natively(operations));
    expect(failures).toEqual([]);
    expect(seen).toContain(data);
  });

  const shout = (bytes: Uint8Array): Buffer => Buffer.from(`${Buffer.from(bytes).toString().toUpperCase()}!`);
  const change = defineHooks({
    write: (call) => (call.fd > 2 ? call.proceed({ buffer: shout(call.buffer.read()) }) : undefined),
    writev: (call) => call.proceed({ buffer: shout(call.buffer.read()) }),
    sendmsg: (call) => call.proceed({ buffer: shout(call.buffer.read()) }),
    sendto: (call) => call.proceed({ buffer: shout(call.buffer.read()) }),
  });

  test.each([
    [`writev ${file} ab cde f , cat ${file}`, '"ABCDEF!"'],
    ["message hello", '"HELLO!"'],
    ["udp 127.0.0.1:0 hello", '"HELLO!" from itself: true'],
  ])("of %s is changed", async (operation, said) => {
    const { stdout, failures } = await hooked(operation, change);
    expect({ said: answer(stdout), failures }).toEqual({ said, failures: [] });
  });

  test("is made up, part after part", async () => {
    const hooks = defineHooks({ readv: (call) => call.buffer.write("0123456789") });
    expect(answer((await hooked(`readv ${file}`, hooks)).stdout)).toBe('"0123456789"');
  });

  test("larger than what one copy takes", async () => {
    const content = "0123456789abcdef".repeat(20_000);
    const large = join(folder, "large");
    writeFileSync(large, content);
    let got = "";
    const hooks = defineHooks({
      async read(call) {
        const result = await call.proceed();
        if (result !== null && result > 100_000) got = Buffer.from(call.buffer.read(result)).toString();
      },
      openat: (call) => (call.path.endsWith("copy") ? call.proceed({ path: join(folder, "renamed") }) : undefined),
      write: (call) =>
        call.buffer.length > 100_000 ? call.proceed({ buffer: call.buffer.read().fill(0x78) }) : undefined,
    });
    const { stdout } = await hooked(
      [...`cat ${large} , write ${folder}/copy`.split(" "), content.slice(0, 120_000)],
      hooks,
    );
    expect(answer(stdout)).toBe("written");
    expect(got).toBe(content);
    expect(readFileSync(join(folder, "renamed"), "latin1")).toBe("x".repeat(120_000));
  });
});

describe("addresses", () => {
  test("where a program connects to, and another one in its place", async () => {
    await using server = createServer((socket) => socket.end("elsewhere\n"));
    const { promise: isListening, resolve } = Promise.withResolvers<void>();
    server.listen(0, "127.0.0.1", resolve);
    await isListening;
    const { port } = server.address() as { port: number };
    const wanted: unknown[] = [];
    const hooks = defineHooks({
      connect(call) {
        const { family, host, port: to } = call.address;
        wanted.push([family, host, to]);
        return call.proceed({ address: { host: "127.0.0.1", port } });
      },
    });
    const { stdout } = await hooked("dial 192.0.2.1:80", hooks);
    expect(answer(stdout)).toBe('"elsewhere\\n"');
    expect(wanted).toEqual([["AF_INET", "192.0.2.1", 80]]);
  });

  test("of bind, accept and getsockname, IPv6 and Unix", async () => {
    const seen: unknown[] = [];
    const hooks = defineHooks({
      async network(call) {
        await call.proceed();
        const { address } = call;
        if (address !== undefined) seen.push([call.name, address.family, address.host ?? address.path]);
      },
    });
    const socket = join(folder, "socket");
    const { stdout, failures } = await hooked(`listen [::1]:0 , unix ${socket}`, hooks);
    expect(failures).toEqual([]);
    expect(stdout).toBe(`listen [::1]:0: accepted from ::1\nunix ${socket}: connected\n`);
    for (const found of [
      ["bind", "AF_INET6", "::1"],
      ["accept4", "AF_INET6", "::1"],
      ["getsockname", "AF_INET6", "::1"],
      ["bind", "AF_UNIX", socket],
      ["connect", "AF_UNIX", socket],
    ])
      expect(seen).toContainEqual(found);
  });
});

test("a call can be printed", async () => {
  const printed: string[] = [];
  const hooks = defineHooks({ openat: (call) => void printed.push(inspect(call, { breakLength: Infinity })) });
  await hooked("open /etc/hostname", hooks);
  expect(printed.at(-1)).toMatch(
    /^\{ name: 'openat', pid: \d+, tid: \d+, args: \{ dfd: -100, filename: '\/etc\/hostname', flags: \d+, mode: 0 \} \}$/,
  );
});

test("a path that cannot be read is empty, and the program gets its EFAULT", async () => {
  const paths: string[] = [];
  const hooks = defineHooks({ openat: (call) => void paths.push(call.path) });
  expect((await hooked("badpath", hooks)).stdout).toBe("badpath: errno 14\n");
  expect(paths).toContain("");
});
