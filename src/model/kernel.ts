/**
 * What the kernel itself says of a thread's descriptors: /proc/TID/fd, /proc/TID/fdinfo
 * (Documentation/filesystems/proc.rst, 3.8) and kcmp(2).
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { compareKernelObjects } from "../linux/native.ts";
import type { FileKind } from "./open-file.ts";

/** include/uapi/asm-generic/fcntl.h; in fdinfo the flag stands for the descriptor's FD_CLOEXEC (fs/proc/fd.c). */
export const O_CLOEXEC = 0o2000000;

export interface KernelDescriptor {
  /** What /proc/TID/fd/N reads: a path, or "socket:[123]". */
  readonly link: string;
  readonly closeOnExec: boolean;
  /** Of the open file description: O_* flags without O_CLOEXEC. */
  readonly flags: number;
  /** fdinfo's inode number and mount, as text; "" before Linux 5.14. */
  readonly identity: string;
}

/** Numbers of all open descriptors, or undefined where the thread is gone. */
export function listDescriptors(tid: number): readonly number[] | undefined {
  try {
    return readdirSync(`/proc/${tid}/fd`).map(Number);
  } catch {
    return undefined;
  }
}

/** Undefined where there is no such descriptor. */
export function readDescriptor(tid: number, number: number): KernelDescriptor | undefined {
  const link = readLink(`/proc/${tid}/fd/${number}`);
  if (link === undefined) return undefined;
  try {
    const info = readFileSync(`/proc/${tid}/fdinfo/${number}`, "latin1");
    const flags = Number.parseInt(/^flags:\s*([0-7]+)$/m.exec(info)?.[1] ?? "0", 8);
    const identity = [/^mnt_id:.*$/m.exec(info)?.[0], /^ino:.*$/m.exec(info)?.[0]].join(" ");
    return { link, closeOnExec: (flags & O_CLOEXEC) !== 0, flags: flags & ~O_CLOEXEC, identity };
  } catch {
    return undefined;
  }
}

/** The kernel's side of descriptor tables. */
export interface KernelTables {
  list(tid: number): readonly number[] | undefined;
  read(tid: number, number: number): KernelDescriptor | undefined;
}

export const procTables: KernelTables = { list: listDescriptors, read: readDescriptor };

/** The process that a pidfd refers to, by fdinfo's "Pid:"; undefined where it is none, or that process is gone. */
export function processOfPidfd(tid: number, number: number): number | undefined {
  try {
    const pid = Number(/^Pid:\s*(-?\d+)$/m.exec(readFileSync(`/proc/${tid}/fdinfo/${number}`, "latin1"))?.[1]);
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

export function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** Beginnings of links of files without a path, as fs/anon_inodes.c and its callers name them. */
const kinds: readonly (readonly [start: string, kind: FileKind])[] = [
  ["socket:", "socket"],
  ["pipe:", "pipe"],
  ["/memfd:", "memfd"],
  ["anon_inode:[eventpoll]", "epoll"],
  ["anon_inode:[eventfd]", "eventfd"],
  ["anon_inode:[timerfd]", "timerfd"],
  ["anon_inode:[signalfd]", "signalfd"],
  ["anon_inode:inotify", "inotify"],
  ["anon_inode:[fanotify]", "fanotify"],
  ["anon_inode:[pidfd]", "pidfd"],
  ["pidfd:", "pidfd"],
  ["anon_inode:[userfaultfd]", "userfaultfd"],
  ["anon_inode:[perf_event]", "perf"],
  ["anon_inode:bpf", "bpf"],
  ["anon_inode:btf", "bpf"],
  ["anon_inode:[io_uring]", "io_uring"],
  ["anon_inode:[landlock-ruleset]", "landlock"],
  ["anon_inode:seccomp notify", "seccomp"],
  ["anon_inode:[fscontext]", "mount"],
  ["/", "path"],
];

/** The kind of a file by its link. */
export const kindOf = (link: string): FileKind => kinds.find(([start]) => link.startsWith(start))?.[1] ?? "other";

/** include/uapi/linux/kcmp.h */
const compared = { file: 0, files: 2, fs: 3 } as const;

/** kcmp(2): whether two threads share something. Undefined where the system does not say. */
export class Kcmp {
  readonly #number: number;

  /** @param callNumber the processor's number of kcmp */
  constructor(callNumber: number) {
    this.#number = callNumber;
  }

  /** Whether two descriptors refer to one open file description. */
  sameFile(tid: number, number: number, otherTid: number, other: number): boolean | undefined {
    return this.#same(tid, otherTid, compared.file, number, other);
  }

  /** Whether two threads have one descriptor table. */
  sameTable(tid: number, other: number): boolean | undefined {
    return this.#same(tid, other, compared.files, 0, 0);
  }

  /** Whether two threads have one working directory and root. */
  sameDirectory(tid: number, other: number): boolean | undefined {
    return this.#same(tid, other, compared.fs, 0, 0);
  }

  #same(tid: number, other: number, what: number, index: number, otherIndex: number): boolean | undefined {
    const order = compareKernelObjects(this.#number, tid, other, what, index, otherIndex);
    return order < 0 ? undefined : order === 0;
  }
}
