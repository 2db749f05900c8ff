/**
 * Calls that give a new open file description as their result: which argument says what.
 * Each row from the call's source (fs/open.c, net/socket.c, …; Linux 6.12): what it passes to
 * get_unused_fd_flags or anon_inode_getfd.
 */
import type { Abi } from "../linux/abi.ts";
import type { ProcessMemory } from "../process/memory.ts";
import { O_CLOEXEC } from "./kernel.ts";
import { type FileFacts, type FileKind, OpenFile } from "./open-file.ts";
import { asUnsigned, valueOf } from "./values.ts";

/** A flag of an argument. */
type Flag = readonly [argument: number, mask: number];

export interface Opening {
  readonly kind: FileKind;
  readonly closeOnExec: boolean | Flag;
  /** Which argument is the path. */
  readonly path?: number;
  /** Which argument holds O_* flags. */
  readonly flags?: number;
  /** Which argument points to a struct open_how. */
  readonly how?: number;
  /** O_* flags that it has always. */
  readonly fixedFlags?: number;
  /** socket and socketpair: the first three arguments. */
  readonly isSocket?: boolean;
  /** Whether the result is a descriptor, for calls where it need not be. */
  readonly gives?: (args: readonly bigint[], memory: ProcessMemory) => boolean;
}

/** include/uapi/asm-generic/fcntl.h */
const O_WRONLY = 1;
const O_RDWR = 2;
const O_NONBLOCK = 0o4000;
const O_PATH = 0o10000000;
/** Matter while opening only; F_GETFL does not tell them (fs/open.c, do_dentry_open): O_CREAT, O_EXCL, O_NOCTTY, O_TRUNC. */
const OPENING_FLAGS = 0o1700;
/** SOCK_CLOEXEC, EPOLL_CLOEXEC, EFD_CLOEXEC, TFD_CLOEXEC, SFD_CLOEXEC, IN_CLOEXEC, OPEN_TREE_CLOEXEC are O_CLOEXEC, …_NONBLOCK O_NONBLOCK. */
const cloexecIn = (argument: number): Flag => [argument, O_CLOEXEC];
/** SOCK_TYPE_MASK, include/linux/net.h */
const SOCK_TYPE_MASK = 0xf;

/** Commands of bpf(2) that give a descriptor; all with O_CLOEXEC (kernel/bpf/syscall.c). */
const bpfOpenings: readonly string[] = [
  "BPF_MAP_CREATE",
  "BPF_PROG_LOAD",
  "BPF_OBJ_GET",
  "BPF_PROG_GET_FD_BY_ID",
  "BPF_MAP_GET_FD_BY_ID",
  "BPF_RAW_TRACEPOINT_OPEN",
  "BPF_BTF_LOAD",
  "BPF_BTF_GET_FD_BY_ID",
  "BPF_LINK_CREATE",
  "BPF_LINK_GET_FD_BY_ID",
  "BPF_ENABLE_STATS",
  "BPF_ITER_CREATE",
  "BPF_TOKEN_CREATE",
];

/** By the kernel's name of the call. */
export function openings(abi: Abi): Readonly<Record<string, Opening>> {
  const flag = (argument: number, set: Parameters<typeof valueOf>[1], name: string): Flag => [
    argument,
    valueOf(abi, set, name),
  ];
  const bpf = new Set(bpfOpenings.map((name) => valueOf(abi, "bpfCommand", name)));
  const newListener = valueOf(abi, "seccompFilterFlags", "SECCOMP_FILTER_FLAG_NEW_LISTENER");
  const rulesetQueries = 3n; // LANDLOCK_CREATE_RULESET_VERSION, _ERRATA: the result is a number
  const registeredOnly = valueOf(abi, "uringSetupFlags", "IORING_SETUP_REGISTERED_FD_ONLY");
  const [uringFlags] = abi.layouts.io_uring_params.fields["flags"] ?? [0];
  return {
    open: { kind: "path", path: 0, flags: 1, closeOnExec: cloexecIn(1) },
    creat: { kind: "path", path: 0, fixedFlags: O_WRONLY, closeOnExec: false },
    openat: { kind: "path", path: 1, flags: 2, closeOnExec: cloexecIn(2) },
    openat2: { kind: "path", path: 1, how: 2, closeOnExec: false },
    open_by_handle_at: { kind: "path", flags: 2, closeOnExec: cloexecIn(2) },
    open_tree: { kind: "path", path: 1, closeOnExec: cloexecIn(2) },
    mq_open: { kind: "mqueue", path: 0, flags: 1, closeOnExec: true },
    fsopen: { kind: "mount", closeOnExec: flag(1, "fsopenFlags", "FSOPEN_CLOEXEC") },
    fspick: { kind: "mount", path: 1, closeOnExec: flag(2, "fspickFlags", "FSPICK_CLOEXEC") },
    fsmount: { kind: "path", closeOnExec: flag(1, "fsmountFlags", "FSMOUNT_CLOEXEC") },
    socket: { kind: "socket", isSocket: true, fixedFlags: O_RDWR, closeOnExec: cloexecIn(1) },
    accept: { kind: "socket", fixedFlags: O_RDWR, closeOnExec: false },
    accept4: { kind: "socket", fixedFlags: O_RDWR, flags: 3, closeOnExec: cloexecIn(3) },
    epoll_create: { kind: "epoll", fixedFlags: O_RDWR, closeOnExec: false },
    epoll_create1: { kind: "epoll", fixedFlags: O_RDWR, closeOnExec: cloexecIn(0) },
    eventfd: { kind: "eventfd", fixedFlags: O_RDWR, closeOnExec: false },
    eventfd2: { kind: "eventfd", fixedFlags: O_RDWR, flags: 1, closeOnExec: cloexecIn(1) },
    timerfd_create: { kind: "timerfd", fixedFlags: O_RDWR, flags: 1, closeOnExec: cloexecIn(1) },
    memfd_create: { kind: "memfd", path: 0, fixedFlags: O_RDWR, closeOnExec: flag(1, "memfdFlags", "MFD_CLOEXEC") },
    memfd_secret: { kind: "other", fixedFlags: O_RDWR, closeOnExec: cloexecIn(0) },
    inotify_init: { kind: "inotify", closeOnExec: false },
    inotify_init1: { kind: "inotify", flags: 0, closeOnExec: cloexecIn(0) },
    fanotify_init: { kind: "fanotify", flags: 1, closeOnExec: flag(0, "fanotifyInitFlags", "FAN_CLOEXEC") },
    pidfd_open: { kind: "pidfd", fixedFlags: O_RDWR, flags: 1, closeOnExec: true },
    userfaultfd: { kind: "userfaultfd", fixedFlags: O_RDWR, flags: 0, closeOnExec: cloexecIn(0) },
    perf_event_open: { kind: "perf", fixedFlags: O_RDWR, closeOnExec: flag(4, "perfFlags", "PERF_FLAG_FD_CLOEXEC") },
    bpf: { kind: "bpf", fixedFlags: O_RDWR, closeOnExec: true, gives: ([command]) => bpf.has(asUnsigned(command)) },
    io_uring_setup: {
      kind: "io_uring",
      fixedFlags: O_RDWR,
      closeOnExec: true,
      gives: ([, params = 0n], memory) => {
        const flags = memory.read(params + BigInt(uringFlags), 4);
        return flags?.length === 4 && (Buffer.from(flags).readUInt32LE() & registeredOnly) === 0;
      },
    },
    landlock_create_ruleset: {
      kind: "landlock",
      fixedFlags: O_RDWR,
      closeOnExec: true,
      gives: ([, , flags = 0n]) => (flags & rulesetQueries) === 0n,
    },
    seccomp: {
      kind: "seccomp",
      fixedFlags: O_RDWR,
      closeOnExec: true,
      gives: ([operation, flags]) => asUnsigned(operation) === 1 && (asUnsigned(flags) & newListener) !== 0,
    },
  };
}

/** What was opened, from the call's arguments. */
export function openedBy(
  abi: Abi,
  opening: Opening,
  args: readonly bigint[],
  memory: ProcessMemory,
): { readonly file: OpenFile; readonly closeOnExec: boolean } {
  const how = opening.how === undefined ? undefined : memory.read(args[opening.how] ?? 0n, 8);
  const given =
    how?.length === 8
      ? Buffer.from(how).readUInt32LE()
      : opening.flags === undefined
        ? 0
        : asUnsigned(args[opening.flags]);
  const path = opening.path === undefined ? undefined : memory.cString(args[opening.path] ?? 0n);
  const facts: FileFacts = {
    kind: opening.kind,
    path: path === undefined ? undefined : Buffer.from(path).toString(),
    flags: statusFlags(abi, opening, given, args),
  };
  return {
    file: new OpenFile(opening.isSocket === true ? { ...facts, ...socketFacts(args) } : facts),
    closeOnExec: how === undefined ? isCloseOnExec(opening.closeOnExec, args) : (given & O_CLOEXEC) !== 0,
  };
}

/** What socket and socketpair were asked for. */
export function socketFacts([family, type, protocol]: readonly bigint[]): Pick<
  FileFacts,
  "family" | "type" | "protocol"
> {
  return {
    family: asUnsigned(family),
    type: asUnsigned(type) & SOCK_TYPE_MASK,
    protocol: asUnsigned(protocol),
  };
}

function statusFlags(abi: Abi, opening: Opening, given: number, args: readonly bigint[]): number {
  if (opening.kind !== "path" && opening.kind !== "mqueue") {
    const nonblock = opening.isSocket === true ? asUnsigned(args[1]) : given;
    return (opening.fixedFlags ?? 0) | (nonblock & O_NONBLOCK);
  }
  const flags = (given | (opening.fixedFlags ?? 0)) & ~(O_CLOEXEC | OPENING_FLAGS);
  if ((flags & O_PATH) === 0) return flags;
  // O_PATH_FLAGS, fs/open.c
  return flags & (O_PATH | valueOf(abi, "openFlags", "O_DIRECTORY") | valueOf(abi, "openFlags", "O_NOFOLLOW"));
}

const isCloseOnExec = (how: boolean | Flag, args: readonly bigint[]): boolean =>
  typeof how === "boolean" ? how : (asUnsigned(args[how[0]]) & how[1]) !== 0;
