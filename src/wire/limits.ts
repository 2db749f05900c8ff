/** What either end accepts of the other, in one place: whatever is longer is refused before it is buffered. */
export const limits = {
  /** Bytes of one message, its frame not counted. */
  messageBytes: 0x20_0000,
  /** Bytes of file content in one message. */
  dataBytes: 0x10_0000,
  /** Calls in flight on a connection; the caller keeps others back. */
  calls: 1024,
  /** The same of calls whose stream stays, beside the others. */
  flows: 8192,
  /** Bytes of the message that begins one. */
  flowBytes: 0x4000,
  /** How many of the calls may wait for locks; others are tried again and again. */
  waitingLocks: 256,
  /** Milliseconds between two such tries. */
  lockPauseMs: 50,
  /**
   * Bytes that an agent holds for a connection: of calls that have come in, and again of what those in hand may answer
   * (`room`); the call that goes beyond is refused.
   */
  heldBytes: 0x400_0000,
  /** The same, requests and answers together, that a caller has under way; it keeps other calls back. */
  underWayBytes: 0x200_0000,
  /** What a call may answer, unless its request says how much it wants (src/wire/room.ts). */
  answerBytes: 0x4000,
  /** Open files of a connection. */
  handles: 65_536,
  /** Bytes of a path: PATH_MAX without the NUL. */
  pathBytes: 4095,
  /** Bytes of the entries of a directory in one message, and how many there are. */
  entryBytes: 0x10_0000,
  entries: 4096,
  /** Bytes of an extended attribute: XATTR_SIZE_MAX and XATTR_LIST_MAX (include/uapi/linux/limits.h). */
  attributeBytes: 0x1_0000,
  /** Bytes of a call's headers, and how many there are. */
  headerBytes: 0x4000,
  headers: 32,
  /** Bytes that may be under way in one call before the other end has read them (RFC 9113, section 6.9). */
  streamWindow: 0x40_0000,
  /** The same of all calls together. */
  connectionWindow: 0x400_0000,
  /** Bytes of a connection that an end has taken from its socket, or for it, and not passed on yet. */
  flowUnderWay: 0x10_0000,
  /** Megabytes (10⁶) that node:http2 may take for a connection: what is held and under way, both ways. */
  http2Megabytes: 256,
  /** Calls given up: so many at once, and so many a second in the long run. */
  resetBurst: 20_000,
  resetsPerSecond: 2000,

  /** How long the first answer may take. */
  helloMs: 10_000,
  /** How long a call's message may take from its first byte to its last. */
  requestMs: 30_000,
  /** How long after the last sign of the agent it is asked for one, … */
  pingEveryMs: 3000,
  /** … and how long that answer may take before the connection counts as lost. */
  pingAnswerMs: 7000,
  /** How long an agent hears nothing before it takes the connection for lost and ends. */
  silenceMs: 60_000,

  /** How long making a connection may take. */
  connectMs: 20_000,
  /** How long after the first attempt to come back failed the next one is made; each time twice as long … */
  backOffMs: 100,
  /** … up to this. */
  longestBackOffMs: 2000,
  /** How long a session tries to come back. */
  giveUpMs: 60_000,
  /** How often a call is repeated whose connection was lost. */
  repeats: 3,
  /** How long an agent waits for the one before it, of the same session, to be gone. */
  takeOverMs: 5000,
} as const;
