/** What either end accepts of the other, in one place: whatever is longer is refused before it is buffered. */
export const limits = {
  /** Bytes of one message, its frame not counted. */
  messageBytes: 0x20_0000,
  /** Bytes of file content in one message. */
  dataBytes: 0x10_0000,
  /** Calls in flight on a connection. */
  calls: 1024,
  /** Open files of a connection. */
  handles: 65_536,
  /** Bytes of a path: PATH_MAX without the NUL. */
  pathBytes: 4095,
  /** Entries of a directory in one message. */
  entries: 4096,
  /** Bytes that may be under way in one call before the other end has read them (RFC 9113, section 6.9). */
  streamWindow: 0x40_0000,
  /** The same of all calls together. */
  connectionWindow: 0x400_0000,
  /** How long the first answer may take. */
  helloMs: 10_000,
} as const;
