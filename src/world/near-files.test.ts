/** Against a real agent: how often it is asked, and that what is answered here is what it would say. */
import { existsSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { duplexPair } from "node:stream";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { runAgent } from "../agent/agent.ts";
import { sizeOf } from "../hooks/stat.ts";
import { RemoteFiles } from "../session/remote-files.ts";
import { Session } from "../session/session.ts";
import { realClock } from "../wire/clock.ts";
import { error } from "./errors.ts";
import type { RemoteFile } from "./files.ts";
import { NearFiles } from "./near-files.ts";
import { AllUnwritten } from "./unwritten.ts";

const O_WRONLY = 1;
const O_CREAT = 0o100;
const O_EXCL = 0o200;
const O_TRUNC = 0o1000;
const O_DIRECTORY = 0o200000;
const NOFOLLOW = 0x100;

let root: string;
let session: Session;
/** Asks every time. */
let files: RemoteFiles;
let near: NearFiles;
let asked: string[];
/** Whether answers are kept back of what is asked now, until they are told. */
let held: boolean;
let told: Promise<void>;
let tell: () => void;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "elsewhere-near-"));
  session = await Session.open({
    release: "elsewhere test",
    connect: () => {
      const [here, there] = duplexPair();
      void runAgent(there, {
        root,
        target: { identity: {}, environment: [], workingDirectory: Buffer.from("/") },
        release: "elsewhere test",
        report: (error) => expect.fail(String(error)),
      });
      return Promise.resolve(here);
    },
  });
  asked = [];
  held = false;
  ({ promise: told, resolve: tell } = Promise.withResolvers<void>());
  files = session.files;
  const counted = new RemoteFiles(
    {
      get generation() {
        return session.generation;
      },
      call: async (method, request, options) => {
        asked.push(method.name);
        const isHeld = held;
        const answer = await session.call(method, request, options);
        if (isHeld) await told;
        return answer;
      },
    },
    realClock,
  );
  near = new NearFiles(counted, new AllUnwritten());
});

afterEach(() => {
  vi.useRealTimers();
  session[Symbol.dispose]();
  rmSync(root, { recursive: true });
});

const got = <T>(value: T | number): T => (typeof value === "number" ? expect.fail(`errno ${-value}`) : value);

async function opened(path: string, flags: number, mode = 0): Promise<RemoteFile> {
  const { file } = got(await near.open({ path }, { flags, mode }));
  return file ?? expect.fail("it was closed again");
}

async function list(path: string): Promise<void> {
  const file = await opened(path, O_DIRECTORY);
  for (let position = 0n; ;) {
    const { entries, end } = got(await near.readDirectory(file, position, { withAttributes: true }));
    if (end) break;
    position = entries.at(-1)?.next ?? position;
  }
  await near.close(file);
  asked.length = 0;
}

test("a directory that was listed tells of all in it, and of what is not", async () => {
  mkdirSync(join(root, "d"));
  for (const name of ["a", "b"]) writeFileSync(join(root, "d", name), name.repeat(7));
  symlinkSync("a", join(root, "d/link"));
  await list("/d/");
  expect(sizeOf(got(await near.stat({ path: "/d/a" })))).toBe(7);
  expect(sizeOf(got(await near.stat({ path: "/d//b" }, NOFOLLOW)))).toBe(7);
  expect(await near.stat({ path: "/d/c" })).toBe(error("ENOENT"));
  expect(await near.access({ path: "/d/a" }, 0)).toBe(0);
  expect(await near.open({ path: "/d/c" }, { flags: 0 })).toBe(error("ENOENT"));
  expect(asked).toEqual([]);
  got(await near.stat({ path: "/d/link" }));
  expect(asked).toEqual(["Stat"]);
});

test("what others change is seen a second later, at the latest", async () => {
  writeFileSync(join(root, "a"), "a");
  vi.useFakeTimers({ toFake: ["performance"] });
  await list("/");
  got(await near.stat({ path: "/a" }));
  writeFileSync(join(root, "a"), "longer");
  writeFileSync(join(root, "b"), "new");
  vi.advanceTimersByTime(999);
  expect(sizeOf(got(await near.stat({ path: "/a" })))).toBe(1);
  expect(await near.stat({ path: "/b" })).toBe(error("ENOENT"));
  vi.advanceTimersByTime(1);
  expect(sizeOf(got(await near.stat({ path: "/a" })))).toBe(6);
  expect(sizeOf(got(await near.stat({ path: "/b" })))).toBe(3);
});

test("a file that is made behind a symbolic link is there under its own name", async () => {
  symlinkSync("missing", join(root, "link"));
  await list("/");
  expect(await near.stat({ path: "/missing" })).toBe(error("ENOENT"));
  await near.close(await opened("/link", O_WRONLY | O_CREAT, 0o644));
  got(await near.stat({ path: "/missing" }));
});

test("what is made between the opening of a directory and its reading is in it", async () => {
  const directory = await opened("/", O_DIRECTORY);
  expect(await near.makeDirectory({ path: "/made" }, 0o755)).toBe(0);
  const { entries } = got(await near.readDirectory(directory, 0n, { withAttributes: true }));
  expect(entries.map(({ name }) => Buffer.from(name).toString())).toContain("made");
});

test("a lock that was had ends what was known", async () => {
  writeFileSync(join(root, "a"), "a");
  const file = await opened("/a", O_WRONLY);
  await list("/");
  writeFileSync(join(root, "a"), "longer");
  expect(await near.flock(file, 2, true)).toBe(0);
  expect(sizeOf(got(await near.stat({ path: "/a" })))).toBe(6);
  expect(sizeOf(got(await near.stat({ directory: file, path: "" })))).toBe(6);
});

test("small files of a directory that is read through come ahead, and count once", async () => {
  const names = Array.from({ length: 40 }, (_, index) => `file-${String(index).padStart(2, "0")}`);
  for (const name of names) writeFileSync(join(root, name), `content of ${name}`);
  await list("/");
  const read = async (name: string): Promise<string> => {
    const how = { flags: 0, contentLimit: 1000, closeWhenComplete: true };
    return Buffer.from(got(await near.open({ path: `/${name}` }, how)).content ?? []).toString();
  };
  for (const name of names.slice(0, 6)) expect(await read(name)).toBe(`content of ${name}`);
  expect(asked.length).toBeGreaterThan(12);
  const before = asked.length;
  const first = names[0] ?? "";
  writeFileSync(join(root, first), "changed by others");
  expect(await read(first)).toBe("changed by others");
  expect(asked.length).toBeGreaterThan(before);
  for (const name of names.slice(6)) expect(await read(name)).toBe(`content of ${name}`);
  expect(asked.filter((name) => name === "Open").length).toBe(names.length + 1);
});

test("a file that was fetched ahead and is then changed by the program is asked for", async () => {
  for (const name of ["a", "b", "c", "d"]) writeFileSync(join(root, name), name);
  await list("/");
  const how = { flags: 0, contentLimit: 1000, closeWhenComplete: true };
  for (const name of ["a", "b"]) got(await near.open({ path: `/${name}` }, how));
  const file = await opened("/c", O_WRONLY | O_TRUNC);
  await near.write(file, 0n, Buffer.from("mine"));
  expect(Buffer.from(got(await near.open({ path: "/c" }, how)).content ?? []).toString()).toBe("mine");
});

interface Change {
  readonly what: keyof typeof kinds;
  readonly path: string;
  /** Where it is renamed or linked to. */
  readonly other: string;
  /** What a symbolic link says. */
  readonly text: string;
  readonly number: number;
}

/** Makes a change, or looks, as a program would. Whether it works is no matter. */
const kinds = {
  create: ({ path }: Change) => use(path, O_WRONLY | O_CREAT),
  createExclusively: ({ path }: Change) => use(path, O_WRONLY | O_CREAT | O_EXCL),
  empty: ({ path }: Change) => use(path, O_WRONLY | O_TRUNC),
  write: ({ path, number }: Change) =>
    use(path, O_WRONLY, (file) => near.write(file, BigInt(number), Buffer.from("written"))),
  remove: ({ path }: Change) => near.remove({ path }, false),
  removeDirectory: ({ path }: Change) => near.remove({ path }, true),
  makeDirectory: ({ path }: Change) => near.makeDirectory({ path }, 0o755),
  changeMode: ({ path, number }: Change) => near.setAttributes({ path }, { mode: 0o600 + number }),
  rename: ({ path, other }: Change) => near.rename({ path }, { path: other }),
  link: ({ path, other }: Change) => near.link({ path }, { path: other }),
  makeLink: ({ path, text }: Change) => near.makeSymbolicLink(text, { path }),
  list: ({ path }: Change) =>
    use(path, O_DIRECTORY, async (file) => {
      for (let position = 0n; ;) {
        const found = await near.readDirectory(file, position, { withAttributes: true });
        if (typeof found === "number" || found.end || found.entries.length === 0) break;
        position = found.entries.at(-1)?.next ?? position;
      }
    }),
  look: ({ path }: Change) => near.stat({ path }),
};

async function use(path: string, flags: number, work?: (file: RemoteFile) => Promise<unknown>): Promise<void> {
  const result = await near.open({ path }, { flags, mode: 0o644 });
  if (typeof result === "number" || result.file === undefined) return;
  await work?.(result.file);
  await near.close(result.file);
}

const names = ["/", "/a", "/b", "/d", "/d/a", "/d/b", "/d/d", "/e", "/e/a", "/e/b", "/l", "/l/a", "/l/b"];
const name = fc.constantFrom(...names);
const change: fc.Arbitrary<Change> = fc.record({
  what: fc.constantFrom(...(Object.keys(kinds) as (keyof typeof kinds)[]), "list", "list"),
  path: name,
  other: name,
  text: fc.constantFrom("a", "b", "d", "e", "d/b", "../b"),
  number: fc.nat(63),
});

/** Reading directories, as looking here may, changes when they were read last. */
function withoutAccessTime(statx: Uint8Array | number): string | number {
  if (typeof statx === "number") return statx;
  const bytes = Buffer.from(statx);
  bytes.fill(0, 64, 80);
  return bytes.toString("hex");
}

test("whatever a program changes it sees at once", { timeout: 60_000 }, async () => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 5, maxLength: 25 }), async (changes) => {
      const folder = `/run-${++runs}`;
      mkdirSync(join(root, folder, "d"), { recursive: true });
      for (const one of changes) {
        await kinds[one.what]({ ...one, path: folder + one.path, other: folder + one.other });
        for (const name of names)
          for (const flags of [0, NOFOLLOW]) {
            const place = { path: folder + name };
            const [mine, its] = [await near.stat(place, flags), await files.stat(place, flags)];
            expect([name, flags, withoutAccessTime(mine)]).toEqual([name, flags, withoutAccessTime(its)]);
          }
      }
    }),
    { numRuns: 30 },
  );
});

test("what another thread finds done is done, before its answer is here", async () => {
  mkdirSync(join(root, "d"));
  for (const of of ["/d/new", "/d/link"]) expect(await near.stat({ path: of }, NOFOLLOW)).toBe(error("ENOENT"));
  held = true; // the agent has done it, and nobody has been told
  const [making, linking] = [
    near.makeDirectory({ path: "/d/new" }, 0o755),
    near.makeSymbolicLink("new", { path: "/d/link" }),
  ];
  await vi.waitUntil(
    () => existsSync(join(root, "d/new")) && lstatSync(join(root, "d/link"), { throwIfNoEntry: false }),
  );
  held = false;
  expect(await near.makeDirectory({ path: "/d/new" }, 0o755)).toBe(error("EEXIST"));
  for (const of of ["/d/new", "/d/link"]) got(await near.stat({ path: of }, NOFOLLOW));
  held = true;
  const removing = near.remove({ path: "/d/new" }, true);
  await vi.waitUntil(() => !existsSync(join(root, "d/new")));
  held = false;
  expect(await near.stat({ path: "/d/new" })).toBe(error("ENOENT"));
  tell();
  expect(await Promise.all([making, linking, removing])).toEqual([0, 0, 0]);
});

test("with nothing to be remembered every question is asked", async () => {
  const strict = new NearFiles(files, new AllUnwritten(), 0);
  writeFileSync(join(root, "a"), "a");
  expect(sizeOf(got(await strict.stat({ path: "/a" })))).toBe(1);
  writeFileSync(join(root, "a"), "aa");
  expect(sizeOf(got(await strict.stat({ path: "/a" })))).toBe(2);
});
