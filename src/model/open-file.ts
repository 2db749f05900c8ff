/**
 * Open file descriptions: what `open` makes and descriptors refer to (open(2), "Open file
 * descriptions"; `struct file` in include/linux/fs.h). Descriptors that `dup`, `fork` and
 * SCM_RIGHTS made share one, and so do offset, status flags and whatever a hook hangs on it.
 */

export type FileKind =
  /** Opened by a path: a regular file, a directory, a device, a FIFO. */
  | "path"
  | "socket"
  | "pipe"
  | "epoll"
  | "eventfd"
  | "timerfd"
  | "signalfd"
  | "memfd"
  | "inotify"
  | "fanotify"
  | "pidfd"
  | "userfaultfd"
  | "perf"
  | "bpf"
  | "io_uring"
  | "mqueue"
  | "landlock"
  | "seccomp"
  | "mount"
  /** What the kernel says of it fits none of these. */
  | "other";

/** What is known when it is opened; what is not known is absent. */
export interface FileFacts {
  readonly kind: FileKind;
  /** As the program wrote it, or as the kernel tells it where the program was not seen opening it. */
  readonly path?: string | undefined;
  /** O_* flags: access mode, and status flags as of the last F_SETFL that was seen. */
  readonly flags?: number;
  /** Of a socket: AF_*, SOCK_* without flags, IPPROTO_*. */
  readonly family?: number | undefined;
  readonly type?: number | undefined;
  readonly protocol?: number | undefined;
}

/** A descriptor, or something that will become one; through `tid` the kernel can be asked about it. */
export interface Holder {
  readonly tid: number;
  readonly number: number;
}

export class OpenFile {
  readonly kind: FileKind;
  /** Whoever opened something else in the path's place sets what the program wrote. */
  path: string | undefined;
  readonly family: number | undefined;
  readonly type: number | undefined;
  readonly protocol: number | undefined;
  flags: number;
  /** Of a directory that exists for the program only: where it is. Set by whoever made it. */
  virtualPath: string | undefined;
  /** Of a socket that socketpair made: the other end. */
  peer: OpenFile | undefined;
  /** Whatever hooks know of it, each under a key of its own. */
  readonly data: Map<symbol, unknown> = new Map();
  /** Called when another descriptor refers to it: dup, fork, execve, SCM_RIGHTS. */
  readonly onHeld: ((holder: Holder) => void)[] = [];
  /** Called when no known process has a descriptor of it any more. */
  readonly onReleased: (() => void)[] = [];
  readonly #holders = new Set<Holder>();

  constructor(facts: FileFacts) {
    this.kind = facts.kind;
    this.path = facts.path;
    this.flags = facts.flags ?? 0;
    this.family = facts.family;
    this.type = facts.type;
    this.protocol = facts.protocol;
  }

  /** What keeps it open, in all tables of the model: descriptors, and messages that carry it. */
  get holders(): Iterable<Holder> {
    return this.#holders;
  }

  hold(holder: Holder): void {
    this.#holders.add(holder);
    for (const listener of this.onHeld) listener(holder);
  }

  release(holder: Holder): void {
    if (this.#holders.delete(holder) && this.#holders.size === 0) for (const listener of this.onReleased) listener();
  }
}
