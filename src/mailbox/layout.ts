/**
 * The mailbox: one shared memory object per run, mapped by the supervisor and by
 * every hooked process. This file is the only place that says where things stand;
 * the assembly includes the same numbers (`script/assemble` writes them for it).
 *
 * ```
 *  0x000000  header         magic, limits, the words that both sides sleep on
 *  0x000200  class table    a byte per call number: pass, ask, ask if marked
 *  0x001000  pending        a bit per slot: "somebody asked here"
 *  0x002000  slots          16,384 × 256 bytes; a page comes into being when first used
 *  0x402000  arena          memory that the supervisor lends to the program
 *  0x802000  end
 * ```
 *
 * Words that different parties write in a hurry stand on cache lines of their own.
 */

/** Read by the stub before anything else: "ELSW", little-endian. */
export const MAGIC = 0x57534c45;
/** Grows with every change of this layout or of the protocol. */
export const VERSION = 1;

export const header = {
  magic: 0x00,
  version: 0x04,
  /** How many rounds a thread spins before it sleeps; in between it yields its processor. */
  spin: 0x08,
  /** (slots − 1) × slot size: the claim's probe mask. */
  slotMask: 0x0c,
  /** Nonzero: the supervisor is gone, every call goes to the kernel. */
  dead: 0x10,
  /** Robust futex that a supervisor's thread holds; the kernel sets OWNER_DIED in it. */
  owner: 0x40,
  /** Futex that the supervisor's waiter sleeps on. */
  doorbell: 0x80,
  /** 1 while the supervisor sleeps and wants the doorbell rung. */
  sleeping: 0xc0,
  /** A bit per word of the pending bitmap. */
  summary: 0x100,
  classes: 0x200,
} as const;

/** Call numbers from here on are never asked; the kernel's are below 500 (amd64, arm64). */
export const CLASS_COUNT = 1024;
/** What the class table says of a call number. */
export const callClass = { pass: 0, ask: 1, askIfMarked: 2 } as const;

export const PENDING = 0x1000;
export const SLOTS = 0x2000;
export const SLOT_SIZE = 256;
/** More than the 10,000 threads that Go's runtime allows itself. A power of two. */
export const SLOT_COUNT = 16384;
export const ARENA: number = SLOTS + SLOT_COUNT * SLOT_SIZE;
export const ARENA_SIZE = 0x400000;
export const MAILBOX_SIZE: number = ARENA + ARENA_SIZE;

/** Fields of a slot. Registers carry the kernel's roles: number, then six arguments. */
export const slot = {
  state: 0x00,
  verdict: 0x04,
  claimed: 0x08,
  tid: 0x0c,
  /** 1 when the thread has made the call it was told to make and `result` is its outcome. */
  reported: 0x10,
  /** 1 when what the thread was told to make stands for its own call: its result is that call's, come what may. */
  own: 0x14,
  /** What the bootstrap was told for this process; 0 before that. */
  process: 0x18,
  number: 0x20,
  args: 0x28,
  result: 0x58,
  /** Address of the SYSCALL instruction. */
  site: 0x60,
  stackPointer: 0x68,
  /** This slot's address in the asking process. */
  self: 0x70,
  /** The processor's time stamp before and after a call made by verdict `run`. */
  startTicks: 0x78,
  endTicks: 0x80,
  /** The thread's own number and arguments (and one register more), given back to it whatever the supervisor wrote above. */
  saved: 0x88,
} as const;

/** Which slot stands at this offset of the mailbox. */
export const slotIndex = (slot: number): number => (slot - SLOTS) / SLOT_SIZE;

export const slotState = {
  free: 0,
  /** The thread waits and still spins. */
  asked: 1,
  answered: 2,
  /** The thread waits in FUTEX_WAIT: whoever answers must wake it. */
  askedAsleep: 3,
  /** The supervisor died before it answered; the thread has gone on without. */
  withdrawn: 4,
} as const;

export const verdict = {
  /** The call's outcome is `result`; the kernel never sees it. */
  return: 0,
  /** Make the call yourself, at its own SYSCALL; the slot is released before. */
  continue: 1,
  /** Make the call that the slot describes, report its result, wait again. */
  run: 2,
} as const;

/** The call number under which a bootstrap says that its process is there: ENOSYS for every kernel. */
export const HELLO: number = CLASS_COUNT - 1;
/** The call number of a question that the supervisor asks itself; no thunk asks it. */
export const REHEARSAL: number = CLASS_COUNT - 2;
/** The slot for that, which no thread can claim. */
export const REHEARSAL_SLOT: number = SLOTS + (SLOT_COUNT - 1) * SLOT_SIZE;
/** Descriptors below this can be marked; a per-process byte table. */
export const MARKS_SIZE = 0x10000;
/** `FUTEX_OWNER_DIED`, include/uapi/linux/futex.h. */
export const OWNER_DIED = 0x40000000;
/**
 * How long a thread spins before it first yields, in PAUSEs: some five microseconds, longer than
 * a supervisor that runs on another processor takes. Yielding at once would give the
 * processor to strangers on a busy machine.
 */
export const PAUSES_BEFORE_YIELD = 256;
/** A round of spinning after that: about a microsecond. */
export const PAUSES_PER_ROUND = 32;
/** How long a sleeping thread trusts the supervisor to be alive before it looks, seconds. */
export const OWNER_CHECK_SECONDS = 1;

/** Environment variables for the bootstrap; it takes them out again before the program looks. */
export const environment = { mailbox: "ELSEWHERE_MAILBOX", program: "ELSEWHERE_PROGRAM" } as const;
