/**
 * Which calls a trace can watch instead of asking about, and what their threads must copy for the decoder: what the
 * tables under decode/calls/ read, no less. Calls that are not here (vectors, messages, lists of strings) are asked.
 */
import { type Capture, type Captured, STRING_LIMIT } from "../mailbox/journal.ts";
import { pathCapture } from "../process/identity.ts";
import type { Memory } from "./decode/memory.ts";

/** Go reads directories in pieces of 8 KiB (os/dir_unix.go). */
const DIRECTORY_LIMIT = 8192;

/** A path that the call does not follow at its end, or any other string. */
const string = (pointer: number): Capture => ({ kind: "string", when: "before", pointer, limit: STRING_LIMIT });
/** A structure that the call reads; it may be a number instead, which then leads nowhere. */
const input = (pointer: number, size: number): Capture => ({
  kind: "fixed",
  when: "before",
  pointer,
  unit: size,
  limit: size,
});
/** A structure that the call fills in. */
const output = (pointer: number, size: number): Capture => ({ ...input(pointer, size), when: "afterSuccess" });
/** A structure that a call fills in when a signal has interrupted it. */
const leftover = (pointer: number, size: number): Capture => ({ ...input(pointer, size), when: "after" });
/** A buffer or address whose length another argument tells. */
const counted = (pointer: number, length: number, limit: number): Capture => ({
  kind: "counted",
  when: "before",
  pointer,
  length,
  limit,
});
/** As many units as the call returned. */
const returned = (pointer: number, limit: number, unit: number = 1): Capture => ({
  kind: "returned",
  when: "afterSuccess",
  pointer,
  unit,
  limit,
});

/** All of what the call returned, which is at most as long as an argument says. */
const whole = (pointer: number, length: number, limit: number): Capture => ({
  kind: "whole",
  when: "afterSuccess",
  pointer,
  length,
  limit,
});

/** Sizes of structures, the same on every 64-bit machine unless it says otherwise (include/uapi). */
const size = {
  descriptors: 8,
  flock: 32,
  int: 4,
  offset: 8,
  openHow: 24,
  rlimit: 16,
  rusage: 144,
  sigaction: 32,
  signalSet: 8,
  sigaltstack: 24,
  sockaddr: 128,
  statfs: 120,
  statx: 256,
  sysinfo: 112,
  timespec: 16,
  itimerspec: 32,
  utsname: 390,
} as const;

/** Which arguments are addresses: of a socket, and how long. */
const outputAddress = (address: number, length: number): readonly Capture[] => [
  input(length, size.int),
  output(address, size.sockaddr),
  output(length, size.int),
];

/** Calls whose arguments are numbers. */
const plainCalls =
  "close close_range dup dup2 dup3 lseek fsync fdatasync sync syncfs ftruncate fchmod fchown flock fallocate fadvise64 " +
  "readahead fchdir umask getpid gettid getppid getuid geteuid getgid getegid setuid setgid setreuid setregid " +
  "setresuid setresgid getpgid setpgid getpgrp setsid getsid socket listen shutdown epoll_create epoll_create1 " +
  "eventfd eventfd2 timerfd_create mmap munmap mprotect madvise mremap brk msync mlock munlock mlockall munlockall " +
  "kill tkill tgkill sched_yield pidfd_open pidfd_getfd inotify_init1 inotify_rm_watch alarm getpriority setpriority " +
  "memfd_secret set_tid_address";

/**
 * What the calls' threads copy, by kernel name.
 * @param stringLimit bytes of a buffer and elements of an array that are shown
 * @param sizes       of structures that differ by machine
 */
export function watchedCalls(
  stringLimit: number,
  sizes: { readonly stat: number; readonly epollEvent: number },
): ReadonlyMap<string, readonly Capture[]> {
  const stat = (pointer: number): Capture => output(pointer, sizes.stat);
  const inputBuffer = counted(1, 2, stringLimit);
  const outputBuffer = returned(1, stringLimit);
  const events = returned(1, stringLimit * sizes.epollEvent, sizes.epollEvent);
  const calls: Readonly<Record<string, readonly Capture[]>> = {
    ...Object.fromEntries(plainCalls.split(" ").map((name) => [name, []])),
    open: [pathCapture(0)],
    openat: [pathCapture(1)],
    openat2: [pathCapture(1), input(2, size.openHow)],
    creat: [string(0)],
    stat: [pathCapture(0), stat(1)],
    lstat: [string(0), stat(1)],
    fstat: [stat(1)],
    newfstatat: [pathCapture(1), stat(2)],
    statx: [pathCapture(1), output(4, size.statx)],
    readlink: [pathCapture(0), returned(1, stringLimit)],
    readlinkat: [pathCapture(1), returned(2, stringLimit)],
    statfs: [string(0), output(1, size.statfs)],
    fstatfs: [output(1, size.statfs)],
    access: [string(0)],
    faccessat: [string(1)],
    faccessat2: [string(1)],
    chdir: [string(0)],
    getcwd: [returned(0, STRING_LIMIT)],
    mkdir: [string(0)],
    mkdirat: [string(1)],
    rmdir: [string(0)],
    unlink: [string(0)],
    unlinkat: [string(1)],
    rename: [string(0), string(1)],
    renameat: [string(1), string(3)],
    renameat2: [string(1), string(3)],
    link: [string(0), string(1)],
    linkat: [string(1), string(3)],
    symlink: [string(0), string(1)],
    symlinkat: [string(0), string(2)],
    chmod: [string(0)],
    fchmodat: [string(1)],
    fchmodat2: [string(1)],
    chown: [string(0)],
    lchown: [string(0)],
    fchownat: [string(1)],
    truncate: [string(0)],
    utimensat: [string(1), input(2, 2 * size.timespec)],
    inotify_add_watch: [string(1)],
    memfd_create: [string(0)],
    read: [outputBuffer],
    pread64: [outputBuffer],
    write: [inputBuffer],
    pwrite64: [inputBuffer],
    getdents64: [whole(1, 2, DIRECTORY_LIMIT)],
    fcntl: [input(2, size.flock), output(2, size.flock)],
    pipe: [output(0, size.descriptors)],
    pipe2: [output(0, size.descriptors)],
    sendfile: [input(2, size.offset), output(2, size.offset)],
    getrandom: [returned(0, stringLimit)],
    epoll_ctl: [input(3, sizes.epollEvent)],
    epoll_wait: [events],
    epoll_pwait: [events, input(4, size.signalSet)],
    epoll_pwait2: [events, input(3, size.timespec), input(4, size.signalSet)],
    futex: [input(3, size.timespec)],
    nanosleep: [input(0, size.timespec), leftover(1, size.timespec)],
    clock_nanosleep: [input(2, size.timespec), leftover(3, size.timespec)],
    clock_gettime: [output(1, size.timespec)],
    clock_getres: [output(1, size.timespec)],
    gettimeofday: [output(0, size.timespec)],
    timerfd_settime: [input(2, size.itimerspec), output(3, size.itimerspec)],
    timerfd_gettime: [output(1, size.itimerspec)],
    rt_sigaction: [input(1, size.sigaction), output(2, size.sigaction)],
    rt_sigprocmask: [input(1, size.signalSet), output(2, size.signalSet)],
    sigaltstack: [input(0, size.sigaltstack), output(1, size.sigaltstack)],
    connect: [counted(1, 2, size.sockaddr)],
    bind: [counted(1, 2, size.sockaddr)],
    accept: outputAddress(1, 2),
    accept4: outputAddress(1, 2),
    getsockname: outputAddress(1, 2),
    getpeername: outputAddress(1, 2),
    sendto: [inputBuffer, counted(4, 5, size.sockaddr)],
    recvfrom: [outputBuffer, ...outputAddress(4, 5)],
    socketpair: [output(3, size.descriptors)],
    wait4: [output(1, size.int), output(3, size.rusage)],
    prlimit64: [input(2, size.rlimit), output(3, size.rlimit)],
    getrlimit: [output(1, size.rlimit)],
    setrlimit: [input(1, size.rlimit)],
    getrusage: [output(1, size.rusage)],
    uname: [output(0, size.utsname)],
    sysinfo: [output(0, size.sysinfo)],
    sched_getaffinity: [returned(2, STRING_LIMIT)],
  };
  return new Map(Object.entries(calls));
}

/** What a call's thread has copied, as the decoder reads it. */
export class CapturedMemory implements Memory {
  readonly #captures: readonly Captured[];

  /** @param captures of which the first counts where two overlap */
  constructor(captures: readonly Captured[]) {
    this.#captures = captures;
  }

  read(address: bigint, length: number): Uint8Array | undefined {
    for (const { address: start, bytes } of this.#captures) {
      const offset = Number(address - start);
      if (offset >= 0 && offset < bytes.length) return bytes.subarray(offset, offset + length);
    }
    return undefined;
  }
}
