/** What RemoteFiles' calls take and give, beside plain numbers. */
import type { DirectoryEntry, Time } from "../wire/generated/elsewhere/v1/files_pb.ts";
import type { Failed } from "./file-calls.ts";
import type { RemoteFile } from "./remote-file.ts";

export interface OpenOptions {
  /** O_*, Linux's values on x86-64. */
  readonly flags: number;
  /** With O_CREAT or O_TMPFILE. */
  readonly mode?: number;
  /** RESOLVE_* (openat2). */
  readonly resolve?: bigint;
  /** Have a regular file's content sent along if it has at most so many bytes. */
  readonly contentLimit?: number;
  /** Do not keep the file open when its content was sent along. */
  readonly closeWhenComplete?: boolean;
}

export interface Opened {
  /** Undefined where it was closed again (`closeWhenComplete`). */
  readonly file: RemoteFile | undefined;
  /** struct statx, 256 bytes. */
  readonly statx: Uint8Array;
  /** All of a regular file's content. */
  readonly content: Uint8Array | undefined;
  /** Of a directory: where it is, from the target's root, without symbolic links. */
  readonly path?: Uint8Array | undefined;
}

export interface Written {
  /** Bytes. */
  readonly written: number;
  /** Where the file ends now. */
  readonly size: bigint;
  /** −errno that stopped it after `written` bytes, else 0. */
  readonly stopped: Failed;
}

export interface Listed {
  readonly entries: readonly DirectoryEntry[];
  /** Nothing is behind the last one. */
  readonly end: boolean;
}

/** An extended attribute's value, or names of attributes. */
export interface Value {
  readonly value: Uint8Array;
  /** Bytes; of what there is where the room was 0. */
  readonly length: number;
}

export interface Attributes {
  /** AT_SYMLINK_NOFOLLOW */
  readonly flags?: number;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly accessTime?: Pick<Time, "seconds" | "nanoseconds">;
  readonly modificationTime?: Pick<Time, "seconds" | "nanoseconds">;
}

/** What stands in the way of a lock; `type` F_UNLCK where nothing does. */
export interface Conflict {
  readonly type: number;
  readonly start: bigint;
  readonly length: bigint;
  /** −1 for a lock of an open file. */
  readonly pid: number;
}
