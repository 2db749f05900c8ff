/** What strace.test.ts cannot show: JSON, the other machine, output that is not there yet, garbage. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { abis } from "../../linux/abi.ts";
import { callTables } from "../../linux/calls.ts";
import { callFormats } from "./calls/all.ts";
import { resultFormats } from "./calls/results.ts";
import { Decoder, type DecodedCall, type Memory } from "./decoder.ts";

type Machine = keyof typeof callTables;
const machines: readonly Machine[] = ["amd64", "arm64"];

const decoders = Object.fromEntries(
  machines.map((machine) => [machine, new Decoder(abis[machine], { stringLimit: 32 })]),
) as Record<Machine, Decoder>;

const base = 0x1000;
/** Memory of one region, and a way to lay things out in it. */
class Region implements Memory {
  readonly bytes = new Uint8Array(4096);
  #used = 0;

  put(bytes: Uint8Array | string | number): bigint {
    const content = typeof bytes === "string" ? Buffer.from(`${bytes}\0`) : bytes;
    const at = this.#used;
    if (typeof content !== "number") this.bytes.set(content, at);
    this.#used += (typeof content === "number" ? content : content.length + 7) & ~7;
    return BigInt(base + at);
  }
  words(...values: (bigint | number)[]): bigint {
    return this.put(new Uint8Array(BigUint64Array.from(values, BigInt).buffer));
  }
  read(address: bigint, length: number): Uint8Array | undefined {
    const at = Number(address) - base;
    return at < 0 || at >= this.bytes.length ? undefined : this.bytes.subarray(at, at + length);
  }
}

const nothing: Memory = { read: () => undefined };

function decode(
  name: string,
  args: (bigint | number)[],
  result: bigint | null,
  memory: Memory,
  machine: Machine = "amd64",
): DecodedCall {
  const registers = Array.from({ length: 6 }, (_, index) => BigInt.asUintN(64, BigInt(args[index] ?? 0)));
  const decoder = decoders[machine];
  return decoder.leave(decoder.enter({ name, args: registers, memory }), memory, result);
}
const text = (call: DecodedCall): string =>
  `${call.args.map((argument) => argument.text).join(", ")} = ${call.resultText}`;
const json = (call: DecodedCall): unknown => Object.fromEntries(call.args.map(({ name, value }) => [name, value]));

test("arguments have the kernel's names, unused ones are left out", () => {
  const memory = new Region();
  const path = memory.put("/etc/hosts");
  expect(json(decode("openat", [-100, path, 0x80000, 0x1234], 3n, memory))).toEqual({
    dfd: "AT_FDCWD",
    filename: "/etc/hosts",
    flags: "O_RDONLY|O_CLOEXEC",
  });
  expect(json(decode("openat", [-100, path, 0x41, 0o640], 3n, memory))).toMatchObject({
    flags: "O_WRONLY|O_CREAT",
    mode: 0o640,
  });
});

test("errors", () => {
  expect(decode("close", [99], -9n, nothing)).toMatchObject({
    result: -1n,
    errno: "EBADF",
    resultText: "-1 EBADF (Bad file descriptor)",
  });
  expect(decode("close", [99], -3000n, nothing)).toMatchObject({ errno: "3000", resultText: "-1 (errno 3000)" });
  // Beyond the errors it is a result, as mmap's addresses may be.
  expect(decode("getpid", [], -4096n, nothing)).toMatchObject({ result: -4096n, errno: null });
});

test("a call that did not return has no result, and its outputs are addresses", () => {
  expect(decode("read", [3, 0x5000, 10], null, nothing)).toMatchObject({ result: null, errno: null, resultText: "?" });
  expect(text(decode("read", [3, 0x5000, 10], null, nothing))).toBe("3, 0x5000, 10 = ?");
  expect(text(decode("exit_group", [7], null, nothing))).toBe("7 = ?");
});

test("buffers and structures as JSON", () => {
  const memory = new Region();
  const buffer = memory.put(Buffer.from("hello, world; this is more than is shown, by far"));
  expect(json(decode("write", [1, buffer, 48], 48n, memory))).toEqual({
    fd: 1,
    buf: { text: "hello, world; this is more than ", length: 48 },
    count: 48,
  });
  const time = memory.words(5, 1000);
  expect(json(decode("nanosleep", [time, 0], 0n, memory))).toEqual({ rqtp: { tv_sec: 5, tv_nsec: 1000 }, rmtp: null });
  const huge = memory.words(2n ** 60n, -1n);
  expect(json(decode("nanosleep", [huge, 0], 0n, memory))).toMatchObject({
    rqtp: { tv_sec: "1152921504606846976", tv_nsec: -1 },
  });
  // What cannot be followed stays an address.
  expect(json(decode("nanosleep", [0x9_0000, 0], 0n, memory))).toMatchObject({ rqtp: "0x90000" });
});

test("stat: JSON has every field, the text a few", () => {
  for (const machine of machines) {
    const { size, fields } = abis[machine].layouts.stat;
    const memory = new Region();
    const at = memory.put(size);
    const view = new DataView(memory.bytes.buffer, Number(at) - base);
    view.setUint32(fields["st_mode"]?.[0] ?? 0, 0o100644, true);
    view.setBigUint64(fields["st_size"]?.[0] ?? 0, 1234n, true);
    view.setBigUint64(fields["st_mtime"]?.[0] ?? 0, 1_600_000_000n, true);
    view.setBigUint64(fields["st_dev"]?.[0] ?? 0, 0x801n, true);
    const call = decode("fstat", [3, at], 0n, memory, machine);
    expect(text(call)).toBe("3, {st_mode=S_IFREG|0644, st_size=1234, ...} = 0");
    expect(json(call)).toMatchObject({
      statbuf: { st_mode: 0o100644, st_size: 1234, st_mtime: 1_600_000_000, st_dev: { major: 8, minor: 1 } },
    });
  }
});

test("socket addresses as JSON", () => {
  const memory = new Region();
  const address = memory.put(Uint8Array.from([2, 0, 0x1f, 0x90, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]));
  expect(json(decode("connect", [3, address, 16], -111n, memory))).toMatchObject({
    uservaddr: { sa_family: "AF_INET", sin_port: 8080, sin_addr: "127.0.0.1" },
  });
  const unix = memory.put(Buffer.from("\x01\0\0abstract"));
  expect(json(decode("connect", [3, unix, 11], 0n, memory))).toMatchObject({
    uservaddr: { sa_family: "AF_UNIX", sun_path: "\0abstract" },
  });
});

test("directory entries are in the JSON", () => {
  const memory = new Region();
  const entry = (name: string, type: number): Buffer => {
    const bytes = Buffer.alloc(24 + Math.ceil((name.length + 1 - 5) / 8) * 8);
    bytes.writeUInt16LE(bytes.length, 16);
    bytes[18] = type;
    bytes.write(name, 19);
    return bytes;
  };
  const all = Buffer.concat([entry(".", 4), entry("a file name", 8)]);
  const at = memory.put(all);
  const call = decode("getdents64", [3, at, 1024], BigInt(all.length), memory);
  expect(text(call)).toBe(`3, 0x${at.toString(16)} /* 2 entries */, 1024 = ${all.length}`);
  expect(json(call)).toMatchObject({
    dirent: [
      { d_name: ".", d_type: "DT_DIR" },
      { d_name: "a file name", d_type: "DT_REG" },
    ],
  });
});

test("the environment is counted, never shown", () => {
  const memory = new Region();
  const secret = memory.put("TOKEN=secret");
  const environment = memory.words(secret, secret, 0);
  const call = decode("execve", [memory.put("/bin/true"), 0, environment], 0n, memory);
  expect(text(call)).toContain("/* 2 vars */");
  expect(JSON.stringify(call.args)).not.toContain("secret");
});

test("a machine's own values, layouts and order of arguments", () => {
  const memory = new Region();
  const path = memory.put("x");
  expect(text(decode("openat", [-100, path, 0x4000], 3n, memory, "amd64"))).toContain("O_RDONLY|O_DIRECT ");
  expect(text(decode("openat", [-100, path, 0x4000], 3n, memory, "arm64"))).toContain("O_RDONLY|O_DIRECTORY ");
  const flags = 0x128_0011;
  expect(text(decode("clone", [flags, 0, 0, 0xc, 0x7], 5n, nothing, "amd64"))).toBe(
    "child_stack=NULL, flags=CLONE_SETTLS|CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, tls=0x7, child_tidptr=0xc = 5",
  );
  expect(text(decode("clone", [flags, 0, 0, 0x7, 0xc], 5n, nothing, "arm64"))).toBe(
    "child_stack=NULL, flags=CLONE_SETTLS|CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, tls=0x7, child_tidptr=0xc = 5",
  );
  const events = memory.put(32);
  memory.bytes[Number(events) - base] = 1;
  memory.bytes[Number(events) - base + 8] = 7;
  expect(text(decode("epoll_pwait", [3, events, 1, 0], 1n, memory, "arm64"))).toContain("data={u32=7, u64=7}");
});

test("a call without a table entry is told by its prototype, a number without a name by its registers", () => {
  expect(text(decode("mq_timedsend", [3, 0x1000, 5, 0, 0], 0n, nothing))).toBe("3, 0x1000, 5, 0, NULL = 0");
  expect(text(decode("syscall_999", [1, 0x20], -38n, nothing))).toBe(
    "0x1, 0x20, 0, 0, 0, 0 = -1 ENOSYS (Function not implemented)",
  );
});

test("the tables name arguments that the calls have", () => {
  const unknown = Object.entries(callFormats).flatMap(([name, formats]) => {
    const signature = callTables.amd64.signature(name) ?? callTables.arm64.signature(name);
    const parameters = signature?.parameters.map((parameter) => parameter.name) ?? [];
    return Object.keys(formats)
      .filter((argument) => !parameters.includes(argument))
      .map((argument) => `${name}: ${argument}`);
  });
  expect(unknown).toEqual([]);
  expect(Object.keys(resultFormats).filter((name) => callTables.amd64.number(name) === undefined)).toEqual([]);
});

test("most of what Go's packages can call has an entry", () => {
  const missing = callTables.arm64.names.filter((name) => callFormats[name] === undefined);
  const argumentless = (name: string): boolean => callTables.arm64.signature(name)?.parameters.length === 0;
  // System V IPC operations, message queues, modules, quotas, tracing of others: prototypes will do.
  expect(missing.filter((name) => !argumentless(name)).length).toBeLessThan(60);
});

test("garbage never throws", () => {
  const names = [...new Set(machines.flatMap((machine) => callTables[machine].names))];
  const register = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    fc.bigInt({ min: 0n, max: 4095n }),
    fc.integer({ min: base - 8, max: base + 4096 }).map(BigInt),
    fc.constantFrom(0n, 1n, 8n, 0xffff_ffff_ffff_ffffn, 0xffff_ffffn, 0x8000_0000n),
  );
  const result = fc.oneof(
    fc.constant(null),
    fc.bigInt({ min: -5000n, max: 5000n }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...names),
      fc.constantFrom(...machines),
      fc.array(register, { minLength: 6, maxLength: 6 }),
      result,
      fc.uint8Array({ minLength: 0, maxLength: 600 }),
      (name, machine, args, outcome, content) => {
        const memory = new Region();
        memory.put(content);
        const call = decode(name, args, outcome, memory, machine);
        expect(JSON.stringify(json(call))).toBeTypeOf("string");
        expect(call.args.every((argument) => !/undefined|NaN|\[object/.test(argument.text))).toBe(true);
      },
    ),
    { numRuns: 10_000 },
  );
});
