import { mkdtempSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Duplex, duplexPair } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runAgent } from "../agent/agent.ts";
import { errnoNumber } from "../linux/errno.ts";
import { nobody } from "../agent/target.fixture.ts";
import { connectedPair } from "../wire/pair.fixture.ts";
import type { RemoteFile } from "./remote-file.ts";
import type { RemoteFiles } from "./remote-files.ts";
import { Session, type SessionEvent } from "./session.ts";

const O_RDWR = 2;
const O_CREAT = 0o100;
const O_APPEND = 0o2000;
const LOCK_EX = 2;
const LOCK_UN = 8;

let root: string;
let session: Session;
let files: RemoteFiles;
let connections: Duplex[];
let agents: Promise<void>[];
let events: SessionEvent[];
let heard: (event: SessionEvent) => void;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "elsewhere-session-"));
  connections = [];
  agents = [];
  events = [];
  heard = () => undefined;
  session = await Session.open({
    release: "elsewhere test",
    listen: (event) => {
      events.push(event);
      heard(event);
    },
    connect: () => {
      const [here, there] = connectedPair();
      connections.push(here);
      const report = (error: unknown): void => expect.fail(String(error));
      agents.push(runAgent(there, { root, target: nobody, release: "elsewhere test", report }));
      return Promise.resolve(here);
    },
  });
  files = session.files;
});

afterEach(async () => {
  session[Symbol.dispose]();
  for (const connection of connections) connection.destroy();
  await Promise.all(agents);
  rmSync(root, { recursive: true });
});

const cut = (): void => void connections.at(-1)?.destroy();
const event = (kind: SessionEvent["kind"]): Promise<SessionEvent> =>
  new Promise((resolve) => (heard = (event) => event.kind === kind && resolve(event)));
const failed = (name: string): number => -(errnoNumber(name) ?? 0);

async function opened(path: string, flags = O_RDWR | O_CREAT, of: RemoteFiles = files): Promise<RemoteFile> {
  const result = await of.open({ path }, { flags, mode: 0o600 });
  if (typeof result === "number") expect.fail(`errno ${-result}`);
  return result.file ?? expect.fail("it was closed again");
}

async function textOf(file: RemoteFile): Promise<string | number> {
  const read = await files.read(file, 0n, 1000);
  return typeof read === "number" ? read : Buffer.from(read).toString();
}

describe("when the connection is lost", () => {
  test("open files come back, and calls wait for it", async () => {
    const file = await opened("/a");
    await files.write(file, 0n, Buffer.from("first"));
    cut();
    expect(await files.write(file, 5n, Buffer.from(", second"))).toMatchObject({ written: 8 });
    expect(await textOf(file)).toBe("first, second");
    expect(events.map(({ kind }) => kind)).toEqual(["lost", "resumed"]);
    expect(connections).toHaveLength(2);
  });

  test("calls in flight that do no harm twice are made again", async () => {
    const file = await opened("/a");
    const calls = [files.write(file, 0n, Buffer.from("x")), files.stat({ path: "/a" }), files.read(file, 0n, 1)];
    setImmediate(cut);
    for (const result of await Promise.all(calls)) expect(result).not.toBeTypeOf("number");
  });

  test("the others fail with EIO", async () => {
    const appended = await opened("/log", O_RDWR | O_CREAT | O_APPEND);
    const append = files.write(appended, 0n, Buffer.from("line\n"));
    const make = files.makeDirectory({ path: "/d" }, 0o700);
    cut(); // sent by now, and perhaps arrived
    expect(await Promise.all([append, make])).toEqual([failed("EIO"), failed("EIO")]);
    expect(await textOf(appended)).not.toBeTypeOf("number");
  });

  test("a file that is gone, or another one, is stale until it is closed", async () => {
    const [gone, replaced, moved] = [await opened("/gone"), await opened("/replaced"), await opened("/moved")];
    unlinkSync(join(root, "gone"));
    writeFileSync(join(root, "new"), "another");
    renameSync(join(root, "new"), join(root, "replaced"));
    expect(await files.rename({ path: "/moved" }, { path: "/there" })).toBe(0);
    const resumed = event("resumed");
    cut();
    const { lostFiles } = (await resumed) as Extract<SessionEvent, { kind: "resumed" }>;
    expect([...lostFiles].sort()).toEqual(["/gone", "/replaced"]);
    expect(await textOf(gone)).toBe(failed("ESTALE"));
    expect(await files.write(replaced, 0n, Buffer.from("!"))).toBe(failed("ESTALE"));
    expect(readFileSync(join(root, "replaced"), "utf8")).toBe("another");
    expect(await textOf(moved)).toBe("");
    expect(await files.close(gone)).toBe(0);
    expect(await textOf(gone)).toBe(failed("EBADF"));
  });

  test("a file is not made, cut short or closed twice", async () => {
    const file = await opened("/a", O_RDWR | O_CREAT | 0o1000);
    await files.write(file, 0n, Buffer.from("kept"));
    const closed = await opened("/b");
    cut();
    expect(await files.close(closed)).toBe(0);
    expect(await textOf(file)).toBe("kept");
  });

  test("locks are taken again, or said to be lost", async () => {
    const range = { type: 1, start: 10n, length: 10n, owner: 7n };
    const [mine, ranged, free] = [await opened("/mine"), await opened("/ranged"), await opened("/free")];
    expect(await files.flock(mine, LOCK_EX, false)).toBe(0);
    expect(await files.flock(free, LOCK_EX, false)).toBe(0);
    expect(await files.lock(ranged, range, false)).toBe(0);
    const other = await Session.open({
      release: "another",
      connect: () => {
        const [here, there] = connectedPair();
        agents.push(runAgent(there, { root, target: nobody, release: "another", report: () => undefined }));
        connections.unshift(here);
        return Promise.resolve(here);
      },
    });
    const thief = await opened("/mine", O_RDWR, other.files);
    const witness = await opened("/ranged", O_RDWR, other.files);
    const waiting = other.files.flock(thief, LOCK_EX, true);
    cut();
    expect(await waiting).toBe(0); // it stood in line, and was first
    expect(await files.flock(free, LOCK_EX, false)).toBe(0);
    expect(await other.files.lock(witness, { ...range, owner: 9n }, false)).toBe(failed("EAGAIN"));
    expect(await textOf(mine)).toBe(failed("EIO"));
    expect(await files.flock(mine, LOCK_EX, false)).toBe(failed("ENOLCK"));
    expect(await files.flock(mine, LOCK_UN, false)).toBe(0);
    expect(await textOf(mine)).toBe("");
    other[Symbol.dispose]();
  });

  test("the agent before is gone when the next one answers, even if it has not heard of the loss", async () => {
    const ends: Promise<void>[] = [];
    const here: Duplex[] = [];
    const other = await Session.open({
      release: "test",
      connect: () => {
        const [ours, theirs] = duplexPair(); // closing one end tells the other nothing
        here.push(ours);
        ends.push(runAgent(theirs, { root, target: nobody, release: "test", report: () => undefined }));
        return Promise.resolve(ours);
      },
    });
    let isGone = false;
    void ends[0]?.finally(() => (isGone = true));
    here[0]?.destroy();
    expect(await other.files.stat({ path: "/" })).not.toBeTypeOf("number");
    expect(isGone).toBe(true);
    expect(ends).toHaveLength(2);
    other[Symbol.dispose]();
  });

  test("a wait for a lock that is given up leaves no lock", async () => {
    const [holder, file] = [await opened("/a"), await opened("/a")];
    expect(await files.flock(holder, LOCK_EX, false)).toBe(0);
    const giveUp = new AbortController();
    const waiting = files.flock(file, LOCK_EX, true, giveUp.signal);
    expect(await textOf(file)).toBe("");
    giveUp.abort();
    expect(await waiting).toBe(failed("EINTR"));
    expect(await files.flock(holder, LOCK_UN, false)).toBe(0);
    expect(await files.flock(holder, LOCK_EX, false)).toBe(0);
  });
});
