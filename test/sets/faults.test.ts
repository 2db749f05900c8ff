/** faults: which calls fail, how, and that the same ones fail again. */
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Fault, type FaultRule, faults, type FaultsOptions } from "../../src/index.ts";
import { driverProgram, hooked, natively } from "../hooks/driver.ts";
import { answering } from "./server.ts";

const folder: string = mkdtempSync(join(tmpdir(), "elsewhere-faults-"));
const file: string = join(folder, "file");
const link: string = join(folder, "link");
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(async () => {
  await driverProgram();
  symlinkSync(file, link);
}, 300_000);

/** `operation` so many times, what each answered, and the faults. */
async function answers(
  operation: string,
  times: number,
  options: FaultsOptions,
): Promise<{ readonly said: string[]; readonly told: Fault[] }> {
  writeFileSync(file, "the quick brown fox");
  const told: Fault[] = [];
  const set = faults({ ...options, onFault: (fault) => told.push(fault) });
  const { stdout, failures } = await hooked(Array<string>(times).fill(operation).join(" , "), set);
  expect(failures).toEqual([]);
  return {
    said: stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.slice(line.indexOf(": ") + 2)),
    told,
  };
}

describe("which calls", () => {
  const ok = "opened";
  const no = "errno 28";
  test.each<[string, Partial<FaultRule>, string[]]>([
    ["all", {}, [no, no, no, no, no, no]],
    ["the second", { nth: 2 }, [ok, no, ok, ok, ok, ok]],
    ["the first and the fifth", { nth: [1, 5] }, [no, ok, ok, ok, no, ok]],
    ["every third", { every: 3 }, [ok, ok, no, ok, ok, no]],
    ["the first two", { first: 2 }, [no, no, ok, ok, ok, ok]],
    ["none, probably", { probability: 0 }, [ok, ok, ok, ok, ok, ok]],
    ["another file's", { path: join(folder, "fil") }, [ok, ok, ok, ok, ok, ok]],
    ["those of the folder", { path: folder }, [no, no, no, no, no, no]],
    ["a pattern's", { path: join(folder, "f*e") }, [no, no, no, no, no, no]],
    ["a pattern's across folders", { path: "/**/file" }, [no, no, no, no, no, no]],
    ["a RegExp's", { path: /fi.e$/ }, [no, no, no, no, no, no]],
    ["a link's", { path: link }, [no, no, no, no, no, no]],
    ["another program's", { program: "/usr/bin" }, [ok, ok, ok, ok, ok, ok]],
    ["this program's", { program: "/**/driver" }, [no, no, no, no, no, no]],
    ["a group's", { calls: "file" }, [no, no, no, no, no, no]],
  ])("%s", async (_, rule, said) => {
    const whole: FaultRule = { calls: "openat", path: file, error: "ENOSPC", ...rule };
    expect((await answers(`open ${link}`, 6, { rules: [whole] })).said).toEqual(said);
  });

  test("every rule counts, and the first one whose turn it is decides", async () => {
    const rules: FaultRule[] = [
      { calls: "openat", path: file, every: 2, error: "ENOSPC" },
      { calls: "openat", path: file, every: 3, error: "EIO" },
    ];
    const { said, told } = await answers(`open ${file}`, 6, { rules });
    expect(said).toEqual([ok, no, "errno 5", no, ok, no]);
    expect(told.map(({ rule, nth }) => [rule, nth])).toEqual([
      [0, 2],
      [1, 3],
      [0, 4],
      [0, 6],
    ]);
    expect(told[0]).toMatchObject({ call: "openat", path: file, error: "ENOSPC", short: undefined });
  });

  test("the same seed is the same faults, another one is others", async () => {
    const rules: FaultRule[] = [{ calls: "openat", path: file, probability: 0.5, error: "ENOSPC" }];
    const run = async (seed: number): Promise<string> =>
      (await answers(`open ${file}`, 64, { rules, seed })).said.map((each) => (each === ok ? "." : "x")).join("");
    const first = await run(1);
    expect(await run(1)).toBe(first);
    expect(await run(2)).not.toBe(first);
    const faulty = first.replaceAll(".", "").length;
    expect(faulty).toBeGreaterThan(20);
    expect(faulty).toBeLessThan(44);
  });

  test("what is counted is counted per process", async () => {
    const rules: FaultRule[] = [{ calls: "openat", path: file, nth: 1, error: "ENOSPC" }];
    const { said } = await answers(`open ${file} , child open ${file}`, 1, { rules });
    expect(said).toEqual([no, `"open ${file}: ${no}\\n"`]);
  });
});

describe("where sockets lead", () => {
  test.each([
    ["127.0.0.1", "errno 111"],
    ["127.0.0.0/8:PORT", "errno 111"],
    ["*:PORT", "errno 111"],
    ["*:1-1000", '"hello\\n"'],
    ["192.0.2.1:PORT", '"hello\\n"'],
    ["::1", '"hello\\n"'],
  ])("connect to %s: %s", async (to, said) => {
    await using server = await answering("hello\n");
    const rules: FaultRule[] = [
      { calls: "connect", to: to.replace("PORT", String(server.port)), error: "ECONNREFUSED" },
    ];
    expect((await answers(`dial ${server.address}`, 1, { rules })).said).toEqual([said]);
  });

  test("what is read from a connection: the kernel is asked who is there", async () => {
    await using server = await answering("hello\n");
    const rules: FaultRule[] = [{ calls: ["read", "recvfrom"], to: server.address, error: "ECONNRESET" }];
    const { said, told } = await answers(`dial ${server.address} , cat ${file}`, 1, { rules });
    expect(said).toEqual(["errno 104", '"the quick brown fox"']);
    expect(told).toMatchObject([{ call: "read" }]);
  });

  test("a Unix socket's path", async () => {
    const socket = join(folder, "socket");
    const rules: FaultRule[] = [{ calls: "connect", to: join(folder, "s*"), error: "EACCES" }];
    const { said, told } = await answers(`unix ${socket}`, 1, { rules });
    expect(said).toEqual(["errno 13"]);
    expect(told).toMatchObject([{ call: "connect", address: { family: "AF_UNIX", path: socket } }]);
  });
});

describe("transfers less", () => {
  test.each([
    [`cat ${file}`, "read", '"the quick brown fox"'],
    [`readv ${file}`, "readv", '"the qui"'],
    [`writev ${file} abcd efgh ijkl`, "writev", "7"],
    [`write ${file} abcdefghijklmnop`, "write", "written"],
    ["message hello-hello", "sendmsg", '"hello-h"'],
  ])("%s", async (operation, call, said) => {
    const found = await answers(operation, 1, { rules: [{ calls: "any", path: /file$|^socket:/, short: 7 }] });
    expect(found.said).toEqual([said]);
    expect(found.told).toContainEqual(expect.objectContaining({ call, short: 7 }));
    if (call.startsWith("write"))
      expect(readFileSync(file, "latin1")).toBe(call === "write" ? "abcdefghijklmnop" : "abcdefg");
  });
});

test("a fault may take its time", async () => {
  const started = performance.now();
  const rules: FaultRule[] = [{ calls: "openat", path: file, delay: 200, error: "EIO" }];
  expect((await answers(`open ${file}`, 1, { rules })).said).toEqual(["errno 5"]);
  expect(performance.now() - started).toBeGreaterThan(200);
});

test("a set without a turn changes nothing", async () => {
  writeFileSync(file, "the quick brown fox");
  const operations = `cat ${file} , ls ${folder} , stat ${file} , udp 127.0.0.1:0 hello , message hello , rename ${file} ${file}`;
  const set = faults({ rules: [{ calls: "any", probability: 0, error: "EIO", path: "/" }] });
  expect((await hooked(operations, set)).stdout).toBe(await natively(operations));
});

test.each<[object, RegExp]>([
  [{ rules: [] }, /rules: /],
  [{ rules: [{ calls: "opneat", error: "EIO" }] }, /rules\[0\]\.calls: there is no call or group "opneat"/],
  [{ rules: [{ calls: "openat", error: "ENOTHING" }] }, /rules\[0\]\.error: there is no error ENOTHING/],
  [{ rules: [{ calls: "openat" }] }, /rules\[0\]: needs either error or short/],
  [{ rules: [{ calls: "read", error: "EIO", short: 1 }] }, /rules\[0\]: needs either error or short/],
  [{ rules: [{ calls: "read", error: "EIO", nth: 1, every: 2 }] }, /rules\[0\]: takes only one of/],
  [{ rules: [{ calls: "read", error: "EIO", probability: 2 }] }, /rules\[0\]\.probability/],
  [{ rules: [{ calls: "read", error: "EIO", path: "file" }] }, /rules\[0\]\.path: must be a RegExp or a pattern/],
  [{ rules: [{ calls: "connect", error: "EIO", to: "example.org" }] }, /"example\.org" is no destination/],
  [{ rules: [{ calls: "connect", error: "EIO", to: ["::1", "10.0.0.0/33"] }] }, /rules\[0\]\.to.*is no destination/],
  [{ rules: [{ calls: "connect", error: "EIO", to: "*:70000" }] }, /70000 is neither a port nor a range/],
  [{ rules: [{ calls: "openat", error: "EIO", paths: "/" }] }, /rules\[0\]: .*paths/],
])("%j is refused", (options, problem) => {
  let context: unknown;
  try {
    faults(options as FaultsOptions);
  } catch (error) {
    ({ context } = error as { context: string[] });
  }
  expect(String(context)).toMatch(problem);
});
