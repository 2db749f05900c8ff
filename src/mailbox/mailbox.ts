/**
 * The supervisor's side of the mailbox: makes it, finds questions, writes answers.
 * The other side is the processor's stub; the protocol and its proof stand at the head
 * of that file and in model/. What this side must keep:
 *
 *  - a pending bit is taken by an exchange, summary before pending word, so a bit set
 *    in between is found in the next round;
 *  - a bit is a hint: a question is taken once, and one that is taken may say that a signal handler has run;
 *  - an answer is one exchange of the slot's state; if the thread slept it is woken;
 *  - before sleeping: `sleeping` is set, then the summary is read again.
 *
 * The memory is a memfd: it has no name in any file system, programs open it through
 * /proc/PID/fd of the supervisor, and it is gone when the last mapping is.
 */
import { closeSync, ftruncateSync } from "node:fs";
import { ElsewhereError } from "../errors.ts";
import { errnoText } from "../linux/errno.ts";
import {
  Futex,
  lockRobustMutex,
  mapShared,
  memfdCreate,
  munmap,
  unlockRobustMutex,
  viewMemory,
} from "../linux/native.ts";
import {
  CLASS_COUNT,
  callClass,
  header,
  HELLO,
  JOURNAL_COUNT,
  MAGIC,
  MAILBOX_SIZE,
  OWNER_DIED,
  PENDING,
  REHEARSAL,
  REHEARSAL_SLOT,
  SLOT_COUNT,
  SLOT_SIZE,
  SLOTS,
  slot as field,
  slotIndex,
  slotState,
  VERSION,
  verdict,
} from "./layout.ts";

const MFD_CLOEXEC = 1;
/** Where the lock word stands in a pthread_mutex_t: glibc at its start, musl behind its type. */
const lockWordOffsets: readonly number[] = [0, 4];
const TID_MASK = 0x3fffffff;

export interface MailboxOptions {
  /** The processor's number of the futex call. */
  readonly futexCall: number;
  /** Whether programs end when the supervisor is killed, at their first call that it should have answered. @default false */
  readonly isDeadly?: boolean;
  /** How many rounds a waiting thread spins before it sleeps. */
  readonly spin?: number;
  /** Slots in use; a power of two. Tests choose few. */
  readonly slots?: number;
}

const DEFAULT_SPIN = 300;

export class Mailbox implements Disposable {
  readonly descriptor: number;
  readonly u8: Uint8Array;
  readonly i32: Int32Array;
  readonly i64: BigInt64Array;
  readonly u64: BigUint64Array;
  readonly #address: number;
  readonly #futex: Futex;
  readonly #spin: number;
  #mutex = 0;
  #closed = false;

  constructor(options: MailboxOptions) {
    this.#futex = new Futex(options.futexCall);
    this.descriptor = checked("memfd_create", memfdCreate("elsewhere-mailbox", MFD_CLOEXEC));
    ftruncateSync(this.descriptor, MAILBOX_SIZE);
    this.#address = checked("mmap", mapShared(this.descriptor, MAILBOX_SIZE));
    const memory = viewMemory(this.#address, MAILBOX_SIZE);
    this.u8 = new Uint8Array(memory);
    this.i32 = new Int32Array(memory);
    this.i64 = new BigInt64Array(memory);
    this.u64 = new BigUint64Array(memory);
    this.i32[header.version >> 2] = VERSION;
    this.#spin = options.spin ?? DEFAULT_SPIN;
    this.setSpin();
    const slots = options.slots ?? SLOT_COUNT;
    this.i32[header.slotMask >> 2] = (slots - 1) * SLOT_SIZE;
    this.i32[header.firstMask >> 2] = (Math.min(slots, JOURNAL_COUNT) - 1) * SLOT_SIZE;
    this.i32[header.deadly >> 2] = Number(options.isDeadly ?? false);
    this.i32[(REHEARSAL_SLOT + field.claimed) >> 2] = 1;
    this.#hold();
    this.setClass(HELLO, callClass.ask);
    this.i32[header.magic >> 2] = MAGIC;
  }

  /** The path under which a program on this machine opens the memory. */
  get path(): string {
    return `/proc/${process.pid}/fd/${this.descriptor}`;
  }

  /** How many rounds a thread spins from now on before it sleeps; undefined: as at first. */
  setSpin(rounds: number = this.#spin): void {
    this.i32[header.spin >> 2] = rounds;
  }

  setClass(callNumber: number, value: number): void {
    if (callNumber < CLASS_COUNT) this.u8[header.classes + callNumber] = value;
  }

  /** Calls `found` with the offset of every slot that asks. @returns whether there was one */
  drain(found: (slot: number) => void): boolean {
    let any = false;
    const summaryStart = header.summary >> 2;
    const words = SLOT_COUNT / 32 / 32;
    for (let i = 0; i < words; i++) {
      if (this.i32[summaryStart + i] === 0) continue;
      for (let summary = Atomics.exchange(this.i32, summaryStart + i, 0); summary !== 0; summary &= summary - 1) {
        const word = i * 32 + lowestBit(summary);
        for (
          let pending = Atomics.exchange(this.i32, (PENDING >> 2) + word, 0);
          pending !== 0;
          pending &= pending - 1
        ) {
          const slot = SLOTS + (word * 32 + lowestBit(pending)) * SLOT_SIZE;
          const state = Atomics.load(this.i32, (slot + field.state) >> 2);
          if (state !== slotState.asked && state !== slotState.askedAsleep) continue; // withdrawn, or its thread died
          any = true;
          found(slot);
        }
      }
    }
    return any;
  }

  /** The call's outcome is `result`. */
  return(slot: number, result: bigint): void {
    this.i64[(slot + field.result) >> 3] = result;
    this.#answer(slot, verdict.return);
  }

  /** The thread makes its own call, as if nobody had asked. */
  continue(slot: number): void {
    this.#answer(slot, verdict.continue);
  }

  /**
   * The thread makes the call that the slot now describes, and reports.
   * @param own whether its result stands for the program's own call, should the supervisor die then
   */
  run(slot: number, own: boolean): void {
    this.i32[(slot + field.own) >> 2] = Number(own);
    this.#answer(slot, verdict.run);
  }

  #answer(slot: number, value: number): void {
    this.i32[(slot + field.verdict) >> 2] = value;
    const before = Atomics.exchange(this.i32, (slot + field.state) >> 2, slotState.answered);
    if (before === slotState.askedAsleep) this.#futex.wake(this.#address + slot, 1);
  }

  /** Whether a signal handler has run in the slot's thread since it sleeps, and since this was last asked. */
  takeInterruption(slot: number): boolean {
    const at = (slot + field.interrupted) >> 2;
    if (Atomics.load(this.i32, at) === 0) return false;
    Atomics.store(this.i32, at, 0);
    return true;
  }

  /** Asks as thread `tid` would, a question that nobody waits for. */
  rehearse(tid: number, image: number): void {
    this.i32[(REHEARSAL_SLOT + field.number) >> 2] = REHEARSAL;
    this.i32[(REHEARSAL_SLOT + field.tid) >> 2] = tid;
    this.i32[(REHEARSAL_SLOT + field.process) >> 2] = image;
    Atomics.store(this.i32, (REHEARSAL_SLOT + field.state) >> 2, slotState.asked);
    const index = slotIndex(REHEARSAL_SLOT);
    Atomics.or(this.i32, (PENDING >> 2) + (index >> 5), 1 << (index & 31));
    Atomics.or(this.i32, (header.summary >> 2) + (index >> 10), 1 << ((index >> 5) & 31));
  }

  /** Takes back the slot of a thread that is gone. Its pending bit too: the next holder's question is not its. */
  reclaim(slot: number): void {
    const index = slotIndex(slot);
    Atomics.and(this.i32, (PENDING >> 2) + (index >> 5), ~(1 << (index & 31)));
    Atomics.store(this.i32, (slot + field.state) >> 2, slotState.free);
    Atomics.store(this.i32, (slot + field.tid) >> 2, 0);
    Atomics.store(this.i32, (slot + field.claimed) >> 2, 0);
  }

  /** Says that the doorbell must be rung from now on. @returns false when somebody has asked already */
  beginSleep(): boolean {
    Atomics.store(this.i32, header.sleeping >> 2, 1);
    for (let i = 0; i < SLOT_COUNT / 32 / 32; i++)
      if (Atomics.load(this.i32, (header.summary >> 2) + i) !== 0) {
        this.endSleep();
        return false;
      }
    return true;
  }

  endSleep(): void {
    Atomics.store(this.i32, header.sleeping >> 2, 0);
  }

  /** How often the doorbell was rung. Read it before {@link beginSleep}: a ring after that must not be missed. */
  get rings(): number {
    return Atomics.load(this.i32, header.doorbell >> 2);
  }

  /** Blocks this thread until the doorbell is rung beyond `rings`, or `ms` have passed. */
  waitForDoorbell(rings: number, ms: number): void {
    this.#futex.wait(this.#address + header.doorbell, rings, ms);
  }

  /** Calls `rung` on the event loop once the doorbell has been rung beyond `rings`. */
  onDoorbell(rings: number, rung: () => void): void {
    this.#futex.waitInBackground(this.#address + header.doorbell, rings, rung);
  }

  /** Rings as a program would. */
  ring(): void {
    Atomics.add(this.i32, header.doorbell >> 2, 1);
    this.#futex.wake(this.#address + header.doorbell, 1);
  }

  /** A thread that waits gets what is its: the result it reported, or its own call. */
  release(slot: number): void {
    const reported = this.i32[(slot + field.reported) >> 2] !== 0;
    const own = this.i32[(slot + field.own) >> 2] !== 0;
    if (reported && own) this.#answer(slot, verdict.return); // `result` still holds it
    else this.#answer(slot, verdict.continue);
  }

  /**
   * Leaves the mailbox for good: from now on every call of every program that still has it goes
   * to the kernel. Whoever waits is released first; `owner` is marked last, for a thread that
   * sees the mark goes on by itself, and its slot may be another's when a late answer comes.
   */
  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    Atomics.store(this.i32, header.deadly >> 2, 0);
    Atomics.store(this.i32, header.dead >> 2, 1);
    this.drain((slot) => this.release(slot));
    unlockRobustMutex(this.#mutex); // it leaves this thread's list of robust mutexes
    Atomics.or(this.i32, header.owner >> 2, OWNER_DIED);
    this.ring();
    munmap(this.#address, MAILBOX_SIZE);
    closeSync(this.descriptor);
  }

  /** Locks the owner word by this thread, wherever this libc keeps it in a mutex. */
  #hold(): void {
    for (const offset of lockWordOffsets) {
      this.#mutex = this.#address + header.owner - offset;
      checked("pthread_mutex_lock", -lockRobustMutex(this.#mutex));
      const owner = Atomics.load(this.i32, header.owner >> 2) & TID_MASK & ~OWNER_DIED;
      if (owner === process.pid) return;
      unlockRobustMutex(this.#mutex);
      this.u8.fill(0, header.owner - offset, header.owner + 64 - offset);
    }
    throw new ElsewhereError({
      code: "mailbox-unusable",
      message: "this C library keeps its mutexes in an unknown way",
      context: [`no lock word at ${lockWordOffsets.join(" or ")} bytes of a pthread_mutex_t holds the thread's id`],
    });
  }
}

const lowestBit = (bits: number): number => 31 - Math.clz32(bits & -bits);

function checked(call: string, result: number): number {
  if (result >= 0) return result;
  throw new ElsewhereError({
    code: "mailbox-unusable",
    message: "the shared memory for the hooked program cannot be made",
    context: [`${call}: ${errnoText(-result)}`],
    hint: "elsewhere doctor checks what this machine allows",
  });
}
