/** What programs of the simulation do, and what must be true of it. */
import type { RemoteFile } from "../../src/session/remote-file.ts";
import type { RemoteFiles } from "../../src/session/remote-files.ts";
import type { Session } from "../../src/session/session.ts";
import { limits } from "../../src/wire/limits.ts";
import type { VirtualClock } from "./clock.ts";
import type { Flows } from "./flows.ts";
import type { Machine } from "./kernel.ts";
import type { Random } from "./random.ts";

const O_RDWR = 2;
const O_CREAT = 0o100;
const O_APPEND = 0o2000;
const LOCK_EX = 2;
const LOCK_UN = 8;
const EINTR = 4;
const EIO = 5;
const EEXIST = 17;
const STEPS = 10;
/** A call, its repeats, and what each loss of a connection may take. */
const BOUND_MS =
  (limits.repeats + 1) * (limits.pingEveryMs + limits.pingAnswerMs + limits.giveUpMs + limits.giveUpMs / 2 + 60_000);

/** What must be true of the target in the end. */
export class Witness {
  readonly #machine: Machine;
  readonly #broken: string[];
  /** Numbers that a slot of a file may hold. */
  readonly slots: Map<number, Set<bigint>> = new Map();
  /** Lines of the log: acknowledged, or nobody knows. */
  readonly lines: Map<bigint, "acknowledged" | "unknown"> = new Map();
  readonly directories: Map<string, "acknowledged" | "unknown"> = new Map();
  /** Names that a thread's own directory may have, "" where it may have none. */
  readonly places: Map<number, ReadonlySet<string>> = new Map();
  holder: { readonly thread: number; readonly file: RemoteFile } | undefined;

  constructor(machine: Machine, broken: string[]) {
    this.#machine = machine;
    this.#broken = broken;
  }

  fail(fact: string): void {
    this.#broken.push(fact);
  }

  judge(): void {
    const words = (name: string): bigint[] => {
      const data = this.#machine.names.get(name)?.data ?? Buffer.alloc(0);
      return Array.from({ length: Math.floor(data.length / 8) }, (_, at) => data.readBigUInt64LE(at * 8));
    };
    const slots = words("slots");
    for (const [slot, possible] of this.slots)
      if (!possible.has(slots[slot] ?? 0n))
        this.fail(`slot ${slot} holds ${slots[slot]}, not ${[...possible].join("|")}`);
    const lines = words("log");
    for (const [line, outcome] of this.lines) {
      const times = lines.filter((each) => each === line).length;
      if (times > 1) this.fail(`line ${line} was written ${times} times`);
      if (times === 0 && outcome === "acknowledged") this.fail(`line ${line} was acknowledged and is lost`);
    }
    for (const [name, outcome] of this.directories)
      if (outcome === "acknowledged" && !this.#machine.names.has(name))
        this.fail(`${name} was acknowledged and is lost`);
    for (const possible of this.places.values()) {
      const there = [...possible].filter((name) => this.#machine.names.has(name));
      if (there.length > 1 || (there.length === 0 && !possible.has("")))
        this.fail(
          `of ${[...possible].map((name) => name || "none").join("|")} there is ${there.join(" and ") || "none"}`,
        );
    }
    for (const [name, times] of this.#machine.made) if (times > 1) this.fail(`${name} was made ${times} times`);
  }
}

interface World {
  readonly session: Session;
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly witness: Witness;
  readonly flows: Flows;
  readonly note: (event: string) => void;
}

/** One thread of the program. */
export async function workOf(thread: number, { session, clock, random, witness, flows, note }: World): Promise<void> {
  const { files } = session;
  const pause = (): Promise<void> => new Promise((resolve) => clock.after(random.below(4000), resolve));
  const timed = async <T>(what: string, call: Promise<T>): Promise<T> => {
    const began = clock.now();
    const result = await call;
    if (clock.now() - began > BOUND_MS) witness.fail(`${what} took ${clock.now() - began} ms`);
    note(`${thread} ${what}: ${typeof result === "number" ? result : "done"}`);
    return result;
  };
  const shared = await opened(files, "/slots", O_RDWR | O_CREAT);
  const log = await opened(files, "/log", O_RDWR | O_CREAT | O_APPEND);
  const lock = await opened(files, "/lock", O_RDWR | O_CREAT);
  let possible = new Set([0n]);
  witness.slots.set(thread, possible);
  const learn = (values: Set<bigint>): void => {
    possible = values;
    witness.slots.set(thread, values);
  };

  const write = async (step: number): Promise<void> => {
    if (shared === undefined) return;
    const value = BigInt(step + 1);
    const signal = random.oneIn(8) ? after(clock, random.below(50)) : undefined;
    learn(new Set([...possible, value]));
    const result = await timed("write", files.write(shared, BigInt(thread * 8), word(value), signal));
    if (typeof result !== "number") learn(new Set([value]));
    else if (result !== -EIO && result !== -EINTR) witness.fail(`write gave ${result}`);
  };

  const read = async (): Promise<void> => {
    if (shared === undefined) return;
    const result = await timed("read", files.read(shared, BigInt(thread * 8), 8));
    if (typeof result === "number") return;
    const value = result.length < 8 ? 0n : Buffer.from(result).readBigUInt64LE();
    if (!possible.has(value)) witness.fail(`thread ${thread} has read ${value}, not ${[...possible].join("|")}`);
  };

  const append = async (step: number): Promise<void> => {
    if (log === undefined) return;
    const line = BigInt(thread * 1000 + step + 1);
    witness.lines.set(line, "unknown");
    const result = await timed("append", files.write(log, 0n, word(line)));
    if (typeof result !== "number") witness.lines.set(line, "acknowledged");
    else if (result !== -EIO) witness.fail(`append gave ${result}`);
  };

  const make = async (step: number): Promise<void> => {
    const name = `d-${thread}-${step}`;
    witness.directories.set(name, "unknown");
    const result = await timed("mkdir", files.makeDirectory({ path: `/${name}` }, 0o700));
    if (result === 0) witness.directories.set(name, "acknowledged");
    else if (result === -EEXIST) witness.fail(`${name} was made twice`);
  };

  /** Makes, renames or removes the thread's own directory, as long as it is known where that is. */
  const move = async (step: number): Promise<void> => {
    const possible = witness.places.get(thread) ?? new Set([""]);
    const [place = "", ...others] = possible;
    if (others.length > 0) return;
    const next = place !== "" && random.oneIn(3) ? "" : `m-${thread}-${step}`;
    witness.places.set(thread, new Set([place, next]));
    const result = await timed(
      `${place || "nothing"} to ${next || "nothing"}`,
      place === ""
        ? files.makeDirectory({ path: `/${next}` }, 0o700)
        : next === ""
          ? files.remove({ path: `/${place}` }, true)
          : files.rename({ path: `/${place}` }, { path: `/${next}` }),
    );
    if (result === 0) witness.places.set(thread, new Set([next]));
    else if (result !== -EIO) witness.fail(`from ${place || "nothing"} to ${next || "nothing"} gave ${result}`);
  };

  const exclude = async (): Promise<void> => {
    if (lock === undefined) return;
    const result = await timed("lock", files.flock(lock, LOCK_EX, true, after(clock, 30_000)));
    if (result !== 0) return;
    const { holder } = witness;
    if (holder !== undefined && !holder.file.hasLostLocks && !lock.hasLostLocks)
      witness.fail(`threads ${holder.thread} and ${thread} have the same lock`);
    witness.holder = { thread, file: lock };
    await pause();
    if (witness.holder.file === lock) witness.holder = undefined;
    await timed("unlock", files.flock(lock, LOCK_UN, false));
  };

  /** Goes on beside what the thread does then. */
  const conversations: Promise<void>[] = [];
  const converse = (): void => void conversations.push(flows.play(session, note));

  for (let step = 0; step < STEPS; step++) {
    await pause();
    await ([write, read, append, make, exclude, move, move, converse][random.below(8)] ?? read)(step);
  }
  await Promise.all(conversations);
  for (const file of [shared, log, lock]) if (file !== undefined) await timed("close", files.close(file));
}

/** Whoever makes a file may not hear of it: whatever the outcome is, opening it again tells. */
async function opened(files: RemoteFiles, path: string, flags: number): Promise<RemoteFile | undefined> {
  for (let left = 5; left > 0; left--) {
    const result = await files.open({ path }, { flags, mode: 0o600 });
    if (typeof result !== "number") return result.file;
  }
  return undefined;
}

function after(clock: VirtualClock, ms: number): AbortSignal {
  const controller = new AbortController();
  clock.after(ms, () => controller.abort());
  return controller.signal;
}

function word(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}
