/** Locks of the target's files: taking them, waiting for them, and remembering what is held. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { errnoNumber } from "../linux/errno.ts";
import { type Clock, pause } from "../wire/clock.ts";
import { FilesService, type LockRequestSchema } from "../wire/generated/elsewhere/v1/files_pb.ts";
import { limits } from "../wire/limits.ts";
import type { Failed, FileCalls } from "./file-calls.ts";
import type { Range } from "./held-locks.ts";
import { type RemoteFile, Unusable } from "./remote-file.ts";
import type { Conflict } from "./results.ts";

type Wanted = Exclude<MessageInitShape<typeof LockRequestSchema>["lock"], undefined>;

const LOCK_UN = 8;
const F_UNLCK = 2;
const EAGAIN = errnoNumber("EAGAIN") ?? 0;
const EINTR = errnoNumber("EINTR") ?? 0;

export class FileLocks {
  readonly #calls: FileCalls;
  readonly #clock: Clock;
  #waiting = 0;

  constructor(calls: FileCalls, clock: Clock) {
    this.#calls = calls;
    this.#clock = clock;
  }

  /** flock(2) */
  async flock(file: RemoteFile, operation: number, wait: boolean, signal?: AbortSignal): Promise<number> {
    const isUnlock = operation === LOCK_UN;
    if (isUnlock) forget(file, () => file.locks.setFlock(LOCK_UN));
    const lock = { case: "flock" as const, value: operation };
    const result = await this.#had(file, lock, wait && !isUnlock, !isUnlock, signal, () =>
      file.locks.setFlock(operation),
    );
    if (result === -EINTR && wait) {
      const before = file.locks.flock === 0 ? LOCK_UN : file.locks.flock;
      await this.#ask(file, { case: "flock", value: before }, false);
    }
    return result;
  }

  /** fcntl(2) */
  async lock(file: RemoteFile, range: Range, wait: boolean, signal?: AbortSignal): Promise<number> {
    const isUnlock = range.type === F_UNLCK;
    if (isUnlock) forget(file, () => file.locks.setRange(range));
    const lock = recordOf(range);
    const result = await this.#had(file, lock, wait && !isUnlock, !isUnlock, signal, () => file.locks.setRange(range));
    if (result === -EINTR && wait)
      for (const before of file.locks.before(range)) await this.#ask(file, recordOf(before), false);
    return result;
  }

  async test(file: RemoteFile, range: Range, signal?: AbortSignal): Promise<Conflict | Failed> {
    const lock = { case: "record" as const, value: { ...range, test: true } };
    const request = (): MessageInitShape<typeof LockRequestSchema> => this.#request(file, lock, false);
    const answer = await this.#calls.make(FilesService.method.lock, request, { signal, isRepeatable: true });
    if (typeof answer === "number") return answer;
    const { type = F_UNLCK, start = 0n, length = 0n } = answer.conflict ?? {};
    return { type, start, length, pid: answer.pid };
  }

  /**
   * Takes a lock, and waits for it if that is wanted. Too many that wait would take all the calls of the connection:
   * those beyond `limits.waitingLocks` ask again and again.
   * @param remember what is held now; a connection may be lost between the answer and this, so it is asked once more
   */
  async #had(
    file: RemoteFile,
    lock: Wanted,
    wait: boolean,
    needsOthers: boolean,
    signal: AbortSignal | undefined,
    remember: () => void,
  ): Promise<number> {
    for (;;) {
      const { generation } = this.#calls.caller;
      const result = await this.#inTurn(file, lock, wait, needsOthers, signal);
      if (result !== 0) return result;
      if (!file.isOpen || generation === this.#calls.caller.generation || !needsOthers) {
        if (file.isOpen) remember();
        return 0;
      }
    }
  }

  async #inTurn(
    file: RemoteFile,
    lock: Wanted,
    wait: boolean,
    needsOthers: boolean,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    if (!wait) return this.#ask(file, lock, false, needsOthers, signal);
    while (this.#waiting >= limits.waitingLocks) {
      const result = await this.#ask(file, lock, false, needsOthers, signal);
      if (result !== -EAGAIN) return result;
      try {
        await pause(this.#clock, limits.lockPauseMs, signal);
      } catch {
        return -EINTR;
      }
    }
    this.#waiting++;
    try {
      return await this.#ask(file, lock, true, needsOthers, signal);
    } finally {
      this.#waiting--;
    }
  }

  #ask(file: RemoteFile, lock: Wanted, wait: boolean, needsOthers = false, signal?: AbortSignal): Promise<number> {
    const request = (): MessageInitShape<typeof LockRequestSchema> => {
      if (needsOthers && file.hasLostLocks) throw new Unusable("ENOLCK");
      return this.#request(file, lock, wait);
    };
    return this.#calls.done(FilesService.method.lock, request, { signal, isRepeatable: true });
  }

  #request(file: RemoteFile, lock: Wanted, wait: boolean): MessageInitShape<typeof LockRequestSchema> {
    return { handle: file.handleIn(this.#calls.caller.generation), lock, wait };
  }
}

const recordOf = (range: Range): Wanted => ({ case: "record", value: { ...range, test: false } });

/** What is given back is not taken again. A file without locks has lost none. */
function forget(file: RemoteFile, change: () => void): void {
  change();
  if (file.locks.isEmpty) file.hasLostLocks = false;
}
