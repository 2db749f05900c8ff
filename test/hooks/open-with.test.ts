/** Files that a hook opens: whatever a program does with one, it sees what it would see of a real file. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { defineHooks, type HookSet } from "../../src/index.ts";
import { answer, hooked, natively } from "./driver.ts";

const content = "0123456789abcdef";
const folder: string = mkdtempSync(join(tmpdir(), "elsewhere-open-with-"));
const path: string = join(folder, "made-up");
afterAll(() => rmSync(folder, { recursive: true }));

const hooks: HookSet = defineHooks({
  open: (call) => (call.path === path ? call.openWith({ content }) : undefined),
  openat: (call) => (call.path === path ? call.openWith({ content }) : undefined),
  openat2: (call) => (call.path === path ? call.openWith({ content: Buffer.from(content) }) : undefined),
});

/** What the driver says of a real file there. */
async function reallyThere(operations: string): Promise<string> {
  writeFileSync(path, content);
  chmodSync(path, 0o444);
  try {
    return await natively(operations);
  } finally {
    rmSync(path);
  }
}

/** O_RDONLY, O_NONBLOCK, O_CLOEXEC, O_PATH, O_PATH | O_CLOEXEC, O_APPEND, O_LARGEFILE, as most machines have them. */
const readable = [0, 0x800, 0x80000, 0x200000, 0x280000, 0x400, 0x8000].join(" ");

beforeAll(async () => void (await natively("pid")), 120_000);

test("everything that can be done with it", async () => {
  const real = await reallyThere(`file ${path}`);
  const { stdout, failures } = await hooked(`file ${path}`, hooks);
  expect(failures).toEqual([]);
  expect(real).toContain(`link=${path}`);
  expect(stdout).toBe(real);
});

test("flags are the program's", async () => {
  const real = await reallyThere(`opening ${path} ${readable}`);
  const { stdout } = await hooked(`opening ${path} ${readable}`, hooks);
  expect(stdout).toBe(real);
});

test.each([
  ["O_WRONLY", 1, 30],
  ["O_RDWR", 2, 30],
  ["O_TRUNC", 0x200, 30],
  ["O_RDWR | O_CREAT", 0x42, 30],
  ["O_CREAT | O_EXCL", 0xc0, 17],
  ["O_DIRECTORY", 0x10000, 20],
])("%s is refused", async (_, flags, errno) => {
  const { stdout } = await hooked(`opening ${path} ${flags}`, hooks);
  expect(stdout.match(/errno (\d+)/g)).toEqual([`errno ${errno}`, `errno ${errno}`]);
});

test("a program that has given up rights and may not look into this process", async () => {
  const real = await reallyThere(`file ${path}`);
  if (process.getuid?.() === 0) expect(await natively(`drop open /proc/${process.pid}/fd/0`)).toContain("errno 13");
  const { stdout, failures } = await hooked(`drop file ${path}`, hooks);
  expect(failures).toEqual([]);
  expect(stdout).toContain(real);
});

test("more than the arena holds, and nothing at all", async () => {
  const lengths = [0, 1 << 16, 9 << 20];
  for (const length of lengths) {
    const large = defineHooks({
      openat: (call) => (call.path === path ? call.openWith({ content: new Uint8Array(length).fill(97) }) : undefined),
    });
    const { stdout } = await hooked(`stat ${path} , size ${path}`, large);
    expect(answer(stdout)).toBe(String(length));
  }
});

test("hooks see the path that the program opened", async () => {
  const seen: unknown[] = [];
  const watching = defineHooks({
    read(call) {
      seen.push(call.process.descriptors.get(call.fd)?.path);
    },
  });
  const { stdout } = await hooked(`cat ${path} , cat ${path}`, [watching, hooks]);
  expect(answer(stdout)).toBe(JSON.stringify(content));
  expect(seen).toContain(path);
});

test("calls that open nothing cannot open it", async () => {
  const wrong = defineHooks({
    newfstatat: (call) => (call as unknown as { openWith(file: object): number }).openWith({}),
  });
  const { failures } = await hooked(`stat /etc/hostname`, wrong);
  expect(String(failures[0]?.error)).toMatch(/newfstatat opens no file/);
});

test("the mode counts", async () => {
  const closed = defineHooks({
    openat: (call) => (call.path === path ? call.openWith({ content, mode: 0 }) : undefined),
  });
  const { stdout } = await hooked(`drop open ${path}`, closed);
  expect(stdout).toMatch(/: errno 13\n/);
});

test("the result stands where the hook returns nothing", async () => {
  const silent = defineHooks({
    async openat(call) {
      if (call.path === path) await call.openWith({ content });
      if (call.path === `${path}-served`)
        await call.openWith({ handlers: { read: (offset) => content.slice(offset) } });
    },
  });
  const operations = `cat ${path} , cat ${path}-served , open ${path} , write ${path} no`;
  const { stdout } = await hooked(operations, silent);
  expect(stdout.match(/: .*$/gm)).toEqual([`: "${content}"`, `: "${content}"`, ": opened", ": errno 30"]);
});

test("many threads at the same time", async () => {
  const { stdout, failures } = await hooked(`opens 300 ${path}`, hooks);
  expect(failures).toEqual([]);
  expect(answer(stdout)).toBe("map[opened:300]");
});
