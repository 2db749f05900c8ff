/** What hooks see of a process's descriptors, and marks: who reads what is not marked is not asked. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { defineHooks, type HookSet, onMarked } from "../../src/index.ts";
import { answer, hooked } from "./driver.ts";

const folder: string = mkdtempSync(join(tmpdir(), "elsewhere-descriptors-"));
const secret: string = join(folder, "secret");
const plain: string = join(folder, "plain");
beforeAll(() => {
  writeFileSync(secret, "what the disk has");
  writeFileSync(plain, "what the disk has");
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Every read of `secret` gives `text` once, then the end. */
function filled(text: string): { hooks: HookSet; asked: (string | undefined)[] } {
  const asked: (string | undefined)[] = [];
  const given = Symbol("given");
  const hooks = defineHooks({
    async openat(call) {
      const fd = await call.proceed();
      if (fd !== null && fd >= 0 && call.path === secret) expect(call.process.descriptors.mark(fd)).toBe(true);
    },
    read: onMarked((call) => {
      const file = call.process.descriptors.get(call.fd);
      asked.push(file?.path);
      if (file === undefined || file.data.has(given)) return 0;
      file.data.set(given, true);
      return call.buffer.write(Buffer.from(text));
    }),
  });
  return { hooks, asked };
}

test("a marked file is asked about, another one is not", async () => {
  const { hooks, asked } = filled("what the hook has");
  const { stdout, failures } = await hooked(`cat ${secret} , cat ${plain} , cat ${secret}`, hooks);
  expect(failures).toEqual([]);
  expect(stdout.match(/what the (disk|hook) has/g)).toEqual([
    "what the hook has",
    "what the disk has",
    "what the hook has",
  ]);
  expect(new Set(asked)).toEqual(new Set([secret]));
});

test("a child's files are marked as well", async () => {
  const { hooks, asked } = filled("what the hook has");
  const { stdout, failures } = await hooked(`child cat ${secret}`, hooks);
  expect(failures).toEqual([]);
  expect(answer(stdout)).toContain("what the hook has");
  expect(new Set(asked)).toEqual(new Set([secret]));
});

test("dup and dup2 make descriptors of the same marked file", async () => {
  const { hooks, asked } = filled("hook!");
  expect(answer((await hooked(`dup ${plain}`, hooks)).stdout)).toBe('"what " <nil> "the d" <nil>');
  expect(asked).toEqual([]);
  const { stdout, failures } = await hooked(`dup ${secret} , dup ${plain}`, hooks);
  expect(failures).toEqual([]);
  expect(stdout).toContain('"hook!" <nil> "" <nil>');
  expect(stdout).toContain('"what " <nil> "the d" <nil>');
  expect(asked).toEqual([secret, secret]);
});

test("a file that is unmarked is the kernel's again", async () => {
  const { hooks, asked } = filled("what the hook has");
  const unmarking = defineHooks({
    fstat(call) {
      call.process.descriptors.unmark(call.fd);
    },
    async openat(call) {
      const fd = await call.proceed();
      if (fd !== null && fd >= 0 && call.path === secret) call.process.descriptors.unmark(fd);
    },
  });
  const { stdout } = await hooked(`cat ${secret}`, [unmarking, hooks]);
  expect(answer(stdout)).toContain("what the disk has");
  expect(asked).toEqual([]);
});

test("descriptors tell what they were opened as, the process where it is", async () => {
  const seen: unknown[] = [];
  const hooks = defineHooks({
    read(call) {
      const file = call.process.descriptors.get(call.fd);
      if (file?.path === plain) seen.push(file.kind, call.process.cwd, [...call.process.descriptors].length > 3);
    },
  });
  const { failures } = await hooked(`cat ${plain}`, hooks, { cwd: folder });
  expect(failures).toEqual([]);
  expect(seen.slice(0, 3)).toEqual(["path", folder, true]);
});
