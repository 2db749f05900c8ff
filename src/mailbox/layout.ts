/**
 * The mailbox: one shared memory object per run, mapped by the supervisor and by
 * every hooked process. This file is the only place that says where things stand;
 * the assembly includes the same numbers (`script/assemble` writes them for it).
 *
 * ```
 *  0x0000000  header        magic, limits, the words that both sides sleep on
 *  0x0000200  class table   a byte per call number: pass, ask, ask if marked, watch
 *  0x0000800  watched       a bit per journal: "something was written here"
 *  0x0001000  pending       a bit per slot: "somebody asked here"
 *  0x0002000  slots         16,384 × 256 bytes; a page comes into being when first used
 *  0x0402000  arena         memory that the supervisor lends to the program
 *  0x0802000  plans         64 bytes per call number: what a watching thread copies
 *  0x0812000  journals      512 × 256 KiB, one for each of the first slots
 *  0x8812000  end
 * ```
 *
 * Words that different parties write in a hurry stand on cache lines of their own.
 */

/** Read by the stub before anything else: "ELSW", little-endian. */
export const MAGIC = 0x57534c45;
/** Grows with every change of this layout or of the protocol. */
export const VERSION = 3;

export const header = {
  magic: 0x00,
  version: 0x04,
  /** How many rounds a thread spins before it sleeps; in between it yields its processor. */
  spin: 0x08,
  /** (slots − 1) × slot size: a claim goes on from slot to slot within this mask. */
  slotMask: 0x0c,
  /** Nonzero: the supervisor is gone, every call goes to the kernel. */
  dead: 0x10,
  /** (slots with a journal − 1) × slot size: a claim begins within this mask. */
  firstMask: 0x14,
  /** Nonzero: the supervisor's death, other than its orderly end, is the program's. */
  deadly: 0x18,
  /** Robust futex that a supervisor's thread holds; the kernel sets OWNER_DIED in it. */
  owner: 0x40,
  /** Futex that the supervisor's waiter sleeps on. */
  doorbell: 0x80,
  /** 1 while the supervisor sleeps and wants the doorbell rung. */
  sleeping: 0xc0,
  /** 1 while the supervisor wants the doorbell rung once something stands in a journal. */
  listening: 0xc4,
  /** A bit per word of the pending bitmap. */
  summary: 0x100,
  classes: 0x200,
  watched: 0x800,
} as const;

/** Call numbers from here on are never asked; the kernel's are below 500 (amd64, arm64). */
export const CLASS_COUNT = 1024;
/** What the class table says of a call number. */
export const callClass = { pass: 0, ask: 1, askIfMarked: 2, watch: 3 } as const;

export const PENDING = 0x1000;
export const SLOTS = 0x2000;
export const SLOT_SIZE = 256;
/** More than the 10,000 threads that Go's runtime allows itself. A power of two. */
export const SLOT_COUNT = 16384;
/** A thread looks here first, in the slots of its processor: they and their journals are warm. A power of two. */
export const SLOTS_PER_PROCESSOR = 16;
export const ARENA: number = SLOTS + SLOT_COUNT * SLOT_SIZE;
export const ARENA_SIZE = 0x400000;

/** What a thread does with a watched call: this header, then captures, of which `kind` 0 ends the list. */
export const plan = {
  /** 1: write the call to the journal. 0: only look whether it must be asked. */
  record: 0x00,
  captures: 0x08,
} as const;
export const PLANS: number = ARENA + ARENA_SIZE;
export const PLAN_SIZE = 64;
/** One place is the end's. */
export const CAPTURES_PER_PLAN = 6;

/** Memory that goes into the journal with the call. */
export const capture = {
  kind: 0x00,
  when: 0x01,
  /** Which argument points to it. */
  pointer: 0x02,
  /** Which argument says how long it is. */
  length: 0x03,
  /** u16: bytes per unit of that length; the whole length where nothing else says it. */
  unit: 0x04,
  /** u16: at most as many bytes. */
  limit: 0x06,
} as const;
export const CAPTURE_SIZE = 8;
export const captureKind = {
  end: 0,
  /** `unit` bytes. */
  fixed: 1,
  /** The argument `length` × `unit` bytes. */
  counted: 2,
  /** The call's result × `unit` bytes. */
  returned: 3,
  /** The same; where the argument `length` says that it could exceed `limit`, the call is asked. */
  whole: 4,
  /** Up to its NUL; without one within `limit` the call is asked. */
  string: 5,
  /** The same; and a path that begins with "/proc" is asked. */
  path: 6,
} as const;
export const captureWhen = { before: 0, afterSuccess: 1, after: 2 } as const;

/** A call in a journal. Captures follow: address (u64), length (u32), `captureWhen` (u32), bytes, padded to 8. */
export const entry = {
  /** u32, of the whole entry, a multiple of 8. */
  size: 0x00,
  /** 0: no entry, only the rest of the journal; the next one begins at its start. */
  tid: 0x04,
  number: 0x08,
  process: 0x10,
  result: 0x18,
  startTicks: 0x20,
  endTicks: 0x28,
  args: 0x30,
  captures: 0x60,
} as const;
export const captured = { address: 0x00, length: 0x08, when: 0x0c, bytes: 0x10 } as const;

/** So many slots have a journal; a thread with another slot asks. A power of two. */
export const JOURNAL_COUNT = 512;
export const JOURNAL_SIZE = 0x40000;
export const JOURNALS: number = PLANS + CLASS_COUNT * PLAN_SIZE;
/** No entry is larger; captures of one plan must fit. */
export const ENTRY_LIMIT = 0x4000;
export const MAILBOX_SIZE: number = JOURNALS + JOURNAL_COUNT * JOURNAL_SIZE;

/** Fields of a slot. Registers carry the kernel's roles: number, then six arguments. */
export const slot = {
  state: 0x00,
  verdict: 0x04,
  claimed: 0x08,
  /** 0 until a thread that has claimed the slot has filled it in, and after it has let go. */
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
  /** The thread's own number and arguments (and five registers more), given back to it whatever the supervisor wrote above. */
  saved: 0x88,
  /** Positions in the slot's journal: written up to, by the thread; read up to, by the supervisor. They only grow. */
  written: 0xe8,
  read: 0xec,
  /** Whether a watching thread stands before or after its call. */
  phase: 0xf0,
  /** 1: a signal handler has run since the thread sleeps. Set by the thread, cleared when the supervisor takes note. */
  interrupted: 0xf4,
} as const;

/** The processor whose slots these are; a guess on a machine with more processors than there are such slots. */
export const processorOf = (slot: number): number => Math.floor(slotIndex(slot) / SLOTS_PER_PROCESSOR);

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
  /** The thread makes a watched call; its entry stands behind `written`. */
  watching: 5,
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
 * How long a thread spins before it first yields, in PAUSEs: some 2.5 microseconds, longer than
 * a supervisor that polls on another processor takes, and lost where both share one. Yielding at once would give the
 * processor to strangers on a busy machine.
 */
export const PAUSES_BEFORE_YIELD = 64;
/** A round of spinning after that: about a microsecond. */
export const PAUSES_PER_ROUND = 32;
/** How long a sleeping thread trusts the supervisor to be alive before it looks, seconds. */
export const OWNER_CHECK_SECONDS = 1;

/** Environment variables for the bootstrap; it takes them out again before the program looks. */
export const environment = { mailbox: "ELSEWHERE_MAILBOX", program: "ELSEWHERE_PROGRAM" } as const;
