/**
 * What stands in a recording: a header, one event a line as JSON, and at the end how many there were. The order of lines
 * is that of the recorded run, but only what depends on each other is replayed in order: the versions of one
 * path, the bytes of one connection, the connections to one address. docs/record-replay.md has the rules.
 */

export const FORMAT = "elsewhere-recording";
export const VERSION = 1;

/** struct stat, as `lstat` with bigints gives it; text where integers may be beyond 2⁵³. Times in nanoseconds. */
export interface RecordedStat {
  readonly dev: string;
  readonly ino: string;
  readonly mode: number;
  readonly nlink: string;
  readonly uid: number;
  readonly gid: number;
  readonly rdev: string;
  readonly size: string;
  readonly blksize: string;
  readonly blocks: string;
  readonly atime: string;
  readonly mtime: string;
  readonly ctime: string;
  readonly btime: string;
}

export type RecordedKind = "absent" | "file" | "directory" | "symlink" | "other";

/** Bytes as base64. */
type Base64 = string;

/** By kind; `k` stands in front of each. Numbers of sockets, processes and blobs count from 0. */
export interface Events {
  /** A hooked process: seen for the first time, or another program after execve. */
  readonly process: {
    readonly id: number;
    readonly parent: number | null;
    readonly program: string;
    readonly argv: readonly string[];
    readonly cwd: string;
    readonly env: readonly string[];
  };
  /** What was at a path before the program did anything to it. `after`: how often the program had named it by then. */
  readonly node: {
    readonly path: string;
    readonly after: number;
    readonly kind: RecordedKind;
    readonly stat?: RecordedStat | undefined;
    readonly target?: string | undefined;
  };
  /** The content of the node with the same path and `after`; `blob` is null where it was not taken: `why`. */
  readonly content: {
    readonly path: string;
    readonly after: number;
    readonly blob: number | null;
    readonly why?: string | undefined;
  };
  /** The names in a directory. */
  readonly list: { readonly path: string; readonly after: number; readonly names: readonly string[] };
  /** A part of some bytes that stand here once; the last part has their SHA-256. */
  readonly blob: { readonly id: number; readonly data: Base64; readonly sha256?: string | undefined };
  /** The nth call of that name on that path, from 0, failed for a reason that the files do not show. */
  readonly failure: {
    readonly call: string;
    readonly path: string;
    readonly nth: number;
    readonly errno: number;
  };
  /** The result of a call that asks the machine, or about the standard streams. */
  readonly answer: { readonly key: string; readonly result: number; readonly data: Base64 };
  /** Random bytes of a process. */
  readonly random: { readonly process: number; readonly data: Base64 };
  /** What was read from standard input; no data is its end. */
  readonly input: { readonly data: Base64 };
  /** What was written to standard output (1) or error (2). */
  readonly output: { readonly fd: number; readonly data: Base64 };
  readonly socket: {
    readonly id: number;
    readonly process: number;
    readonly family: number;
    readonly type: number;
    readonly protocol: number;
  };
  /** An end's address, as the kernel told it: struct sockaddr. */
  readonly local: { readonly socket: number; readonly address: Base64 };
  readonly remote: { readonly socket: number; readonly address: Base64 };
  /** `errno`: what the program was told in the end, 0 for a connection. */
  readonly connect: { readonly socket: number; readonly address: Base64; readonly errno: number };
  readonly bind: { readonly socket: number; readonly address: Base64 };
  readonly listen: { readonly socket: number };
  /** `sent`: bytes that all of the listener's connections had sent by then. */
  readonly accept: { readonly listener: number; readonly socket: number; readonly sent: number };
  /**
   * What was received when so many bytes (of message sockets: messages) had been sent by this socket. No data is the other
   * side's end.
   */
  readonly receive: {
    readonly socket: number;
    readonly sent: number;
    readonly data: Base64;
    readonly from?: Base64 | undefined;
  };
  readonly send: { readonly socket: number; readonly data: Base64; readonly to?: Base64 | undefined };
  /** A receiving or sending call failed. */
  readonly broken: { readonly socket: number; readonly sent: number; readonly errno: number };
  /** What the run left at a path that it had changed. */
  readonly result: {
    readonly path: string;
    readonly kind: RecordedKind;
    readonly mode: number;
    readonly target?: string | undefined;
    readonly blob: number | null;
  };
  /** The last line: how many lines are between it and the header. */
  readonly end: { readonly events: number };
}

export type EventKind = keyof Events;
export type EventOf<K extends EventKind> = Events[K] & { readonly k: K };
export type RecordedEvent = { [K in EventKind]: EventOf<K> }[EventKind];
