/** An open file of the target, for as long as the caller wants it: a new connection changes what is inside only. */

/** A path of the target: the file itself where it is empty, else from `directory`, or from the root where there is none. */
export interface RemotePlace {
  readonly directory?: RemoteFile;
  /** Without NUL; text is UTF-8. */
  readonly path: Uint8Array | string;
}

export class RemoteFile {
  /** O_* as it was opened with. */
  readonly flags: number;
  /** struct statx (include/uapi/linux/stat.h, 256 bytes) when it was opened. */
  readonly statx: Uint8Array;
  /** Where it is, from the target's root. Undefined where nobody knows. */
  path: Uint8Array | undefined;
  /** The agent's; of the present connection. 0 once it is closed. */
  handle: bigint;

  constructor(flags: number, statx: Uint8Array, path: Uint8Array | undefined, handle: bigint) {
    this.flags = flags;
    this.statx = statx;
    this.path = path;
    this.handle = handle;
  }

  get isOpen(): boolean {
    return this.handle !== 0n;
  }
}
