/** Files whose content comes from handlers, beside the same on a disk. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { defineHooks, type FileHandlers, type HookSet } from "../../src/index.ts";
import { answer, hooked, natively } from "./driver.ts";

const folder: string = mkdtempSync(join(tmpdir(), "elsewhere-served-"));
const path: string = join(folder, "served");
beforeAll(async () => void (await natively("pid")), 120_000);
afterAll(() => rmSync(folder, { recursive: true }));

const serving = (handlers: (() => FileHandlers) | FileHandlers): HookSet =>
  defineHooks({
    openat(call) {
      if (call.path !== path) return undefined;
      return call.openWith({ handlers: typeof handlers === "function" ? handlers() : handlers });
    },
  });

/** A file in memory that takes its time, so that calls at the same time overlap. */
function inMemory(start: string): { readonly handlers: FileHandlers; readonly text: () => string } {
  let bytes = Buffer.from(start);
  const later = async (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 3));
  const resize = (size: number): void => {
    bytes = Buffer.concat([bytes.subarray(0, size), Buffer.alloc(Math.max(0, size - bytes.length))]);
  };
  const handlers: FileHandlers = {
    read: (offset, length) => bytes.subarray(offset, offset + length),
    async write(offset, data) {
      await later();
      if (offset + data.length > bytes.length) resize(offset + data.length);
      bytes.set(data, offset);
      return data.length;
    },
    stat: async () => later().then(() => ({ size: bytes.length, mtimeMs: 1_700_000_000_123 })),
    truncate: resize,
    sync: later,
  };
  return { handlers, text: () => bytes.toString() };
}

test("reading, writing and seeking, as on a disk", async () => {
  const real = await natively(`served ${path}`);
  rmSync(path);
  const { stdout, failures } = await hooked(`served ${path}`, serving(inMemory("before").handlers));
  expect(failures).toEqual([]);
  expect(stdout.split("\n")).toEqual(real.split("\n"));
}, 20_000);

test("appending and copying", async () => {
  const memory = inMemory("one ");
  const copy = join(folder, "copy");
  const { stdout } = await hooked(`appending ${path} two three , copy ${path} ${copy}`, serving(memory.handlers));
  expect(memory.text()).toBe("one twothree");
  expect(answer(stdout)).toBe("12");
  expect(readFileSync(copy, "utf8")).toBe("one twothree");
});

test("what cannot be served fails", async () => {
  const { stdout } = await hooked(`unserved ${path}`, serving(inMemory("text").handlers));
  expect(answer(stdout)).toBe("mmap errno 19 sendfile errno 22 fallocate errno 95");
});

test("what handlers throw: an error number, or EIO and a report", async () => {
  const failing = serving({
    read() {
      throw Object.assign(new Error("gone"), { code: "ESTALE" });
    },
    write: () => Promise.reject(new Error("a mistake")),
  });
  const { stdout, failures } = await hooked(`cat ${path} , appending ${path} text`, failing);
  expect(stdout).toMatch(/errno 116\n.*: errno 5\n/);
  expect(failures.map(({ error }) => String(error))).toEqual(["Error: a mistake"]);
});

test("without a handler for writing it is read only", async () => {
  const { stdout } = await hooked(
    `appending ${path} text , cat ${path}`,
    serving({ read: (offset) => "text".slice(offset) }),
  );
  expect(stdout).toMatch(/: errno 30\n/);
  expect(answer(stdout)).toBe('"text"');
});

test("close is called once, when nobody has it any more", async () => {
  const events: string[] = [];
  const closing = serving(() => ({ close: () => void events.push("closed") }));
  const watching = defineHooks({ getpgid: () => void events.push("one is still open") });
  await hooked(`hold ${path}`, [closing, watching]);
  expect(events).toEqual(["one is still open", "closed"]);
  writeFileSync(path, "");
});
