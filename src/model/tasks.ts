/**
 * Which thread has which descriptor table and which working directory, through clone, fork,
 * vfork, unshare and execve.
 *
 * A child is not reported: the call that makes it returns twice and goes to the kernel unseen.
 * It is noticed at its own first call. What it inherited is what its parent had when the
 * call began, so that is remembered then (a {@link Fork}), and what other threads of the
 * parent did between that moment and the kernel's copy is put right from /proc/CHILD/fd: its
 * numbers are exactly the child's, since the child waits. A number that changed hands in
 * the parent meanwhile is compared by kcmp(2).
 *
 * At the hello after execve the process has one thread, which waits: /proc says exactly
 * what is open, the model adds what each was.
 */
import { readdirSync, readFileSync } from "node:fs";
import type { Process } from "../process/processes.ts";
import { WorkingDirectory } from "./directory.ts";
import { type Kcmp, listDescriptors } from "./kernel.ts";
import type { OpenFile } from "./open-file.ts";
import { DescriptorTable, now, type Surprises } from "./table.ts";

/** What one thread has. Threads that share everything have the same task. */
export interface Task {
  readonly descriptors: DescriptorTable;
  readonly directory: WorkingDirectory;
}

/** A process's threads. */
interface Group {
  readonly process: Process;
  /** Of every thread that has none of its own. */
  main: Task;
  /** Of threads that called unshare, by thread id; and of those that were found to share with them. */
  readonly own: Map<number, Task>;
  /** The thread that execve was called by, until its hello. */
  executing: Task | undefined;
}

/** A call that makes a child, from its beginning until the child was noticed. */
interface Fork {
  readonly parent: Group;
  readonly tid: number;
  readonly image: number;
  readonly isVfork: boolean;
  /** What the child has at first. */
  readonly task: Task;
  /** The parent's own at that time, where the child's is a copy. */
  readonly origin: DescriptorTable;
}

interface PendingPidfd {
  readonly began: number;
  readonly table: DescriptorTable;
}

/** What of its parent a child or thread keeps. */
export interface Sharing {
  readonly files: boolean;
  readonly directory: boolean;
}

/** No thread's id: the kernel knows nothing of a table whose process has not been noticed yet. */
const NOBODY = 0;
/** Children that have not called anything yet; beyond this the oldest is forgotten. */
const forksLimit = 1024;

export class Tasks {
  readonly #kcmp: Kcmp;
  readonly #surprises: Surprises;
  readonly #groups = new Map<number, Group>();
  #forks: Fork[] = [];
  /** By thread that called clone with CLONE_PIDFD: the table that gets a descriptor. */
  readonly #pidfds = new Map<number, PendingPidfd>();

  constructor(kcmp: Kcmp, surprises: Surprises) {
    this.#kcmp = kcmp;
    this.#surprises = surprises;
  }

  /** What thread `tid` of `process`, which waits in a call, has. */
  of(process: Process, tid: number): Task {
    let group = this.#groups.get(process.pid);
    if (group === undefined || group.process !== process) group = this.#meet(process, tid, group);
    const task = group.own.size === 0 ? group.main : this.#ownOf(group, tid);
    task.descriptors.tid = tid;
    return task;
  }

  /** The descriptor table of a process that was met before. */
  tableOf(pid: number): DescriptorTable | undefined {
    return this.#groups.get(pid)?.main.descriptors;
  }

  /** `process` has said hello: it was started, or has called execve. */
  begin(process: Process): void {
    const old = this.#groups.get(process.pid);
    const fork = old === undefined ? this.#claim(process.pid, undefined) : undefined;
    const before = old === undefined ? fork?.task : (old.executing ?? old.main);
    const table = before?.descriptors.copy(process.pid) ?? new DescriptorTable(process.pid, this.#surprises);
    table.closeOnExec();
    this.#putRight(table, fork, before === undefined);
    const directory = before?.directory.copy() ?? new WorkingDirectory();
    if (old !== undefined) leaveAll(old);
    else fork?.task.descriptors.leave();
    this.#put(process, { descriptors: table, directory });
  }

  /** execve begins in thread `tid`. */
  execute(process: Process, tid: number): void {
    const task = this.of(process, tid);
    const group = this.#groups.get(process.pid);
    if (group !== undefined) group.executing = task;
  }

  /** The process is gone. */
  end(process: Process): void {
    const group = this.#groups.get(process.pid);
    if (group?.process !== process) return;
    this.#groups.delete(process.pid);
    leaveAll(group);
  }

  /**
   * A call that makes a child process begins.
   * @param hasPidfd whether it gets a descriptor for the child (CLONE_PIDFD)
   */
  fork(process: Process, tid: number, sharing: Sharing, isVfork: boolean, hasPidfd: boolean): void {
    const task = this.of(process, tid);
    if (hasPidfd) this.#pidfds.set(tid, { began: now(), table: task.descriptors });
    const parent = this.#groups.get(process.pid);
    if (parent === undefined) return;
    const child: Task = {
      descriptors: sharing.files ? task.descriptors.share() : task.descriptors.copy(NOBODY),
      directory: sharing.directory ? task.directory : task.directory.copy(),
    };
    this.#forks.push({ parent, tid, image: process.image, isVfork, task: child, origin: task.descriptors });
    if (this.#forks.length > forksLimit) this.#forks.shift()?.task.descriptors.leave();
  }

  /**
   * Thread `tid` calls again: if it has made a child, that call is over. A vfork child was
   * noticed, or has ended without a call.
   */
  returned(tid: number): void {
    if (this.#pidfds.size > 0) {
      this.#findPidfd(tid);
      this.#pidfds.delete(tid);
    }
    if (this.#forks.some((fork) => fork.tid === tid && fork.isVfork)) this.#endVforks(tid);
  }

  /**
   * CLONE_PIDFD writes the descriptor's number to memory, which the program has given other
   * uses by the time it calls again; but the table knows all of its numbers except that one.
   */
  #findPidfd(tid: number): void {
    const pending = this.#pidfds.get(tid);
    if (pending === undefined) return;
    pending.table.tid = tid; // in clone, or just back from it
    for (const number of listDescriptors(tid) ?? []) pending.table.foundPidfd(number, pending.began);
  }

  #endVforks(tid: number): void {
    this.#forks = this.#forks.filter((fork) => {
      if (fork.tid !== tid || !fork.isVfork) return true;
      fork.task.descriptors.leave();
      return false;
    });
  }

  /** unshare or close_range has given thread `tid` a table or a directory of its own. */
  unshare(process: Process, tid: number, sharing: Sharing): Task {
    const old = this.of(process, tid);
    const group = this.#groups.get(process.pid);
    const task: Task = {
      descriptors: sharing.files ? old.descriptors : old.descriptors.copy(tid),
      directory: sharing.directory ? old.directory : old.directory.copy(),
    };
    if (group === undefined) return task;
    if (threadsOf(process.pid).length <= 1) {
      if (sharing.files) task.descriptors.share();
      leaveAll(group);
      group.own.clear();
      group.main = task;
      task.descriptors.tid = tid;
    } else {
      if (sharing.files) task.descriptors.share();
      if (group.own.has(tid)) old.descriptors.leave();
      group.own.set(tid, task);
      if (!sharing.files) old.descriptors.tid = this.#anotherWith(group, old, tid);
    }
    if (!sharing.files) task.descriptors.reconcile();
    return task;
  }

  /** A thread other than `tid` that has the table of `task`. */
  #anotherWith(group: Group, task: Task, tid: number): number {
    const hasIt = (other: number): boolean =>
      other !== tid && (group.own.get(other) ?? group.main).descriptors === task.descriptors;
    return threadsOf(group.process.pid).find(hasIt) ?? NOBODY;
  }

  /** A process that called for the first time: a child that has not called execve, or one never heard of. */
  #meet(process: Process, tid: number, old: Group | undefined): Group {
    if (old !== undefined) this.end(old.process); // its number is another's now
    const fork = this.#claim(process.pid, process.image);
    if (fork === undefined) {
      const descriptors = new DescriptorTable(tid, this.#surprises);
      descriptors.reconcile();
      return this.#put(process, { descriptors, directory: new WorkingDirectory() });
    }
    const { descriptors } = fork.task;
    descriptors.tid = tid;
    if (descriptors !== fork.origin) this.#putRight(descriptors, fork, false);
    return this.#put(process, fork.task);
  }

  /**
   * Makes the table hold what the kernel's holds.
   * @param isFirst nothing was known of this process
   */
  #putRight(table: DescriptorTable, fork: Fork | undefined, isFirst: boolean): void {
    const origin = fork?.origin;
    if (origin === undefined) {
      table.reconcile(isFirst ? (number) => this.#sharedWithin(table, number) : undefined);
      return;
    }
    const isParents = (number: number): boolean | undefined =>
      this.#kcmp.sameFile(table.tid, number, origin.tid, number);
    for (const { number, file } of table.all()) {
      const theirs = origin.peek(number);
      if (theirs !== undefined && theirs.file !== file && isParents(number) === true)
        table.replaced(number, theirs.file, theirs.closeOnExec);
    }
    table.reconcile((number) => (isParents(number) === true ? origin.peek(number)?.file : undefined));
  }

  /** The file of a lower number that `number` is a duplicate of: 2>&1. */
  #sharedWithin(table: DescriptorTable, number: number): OpenFile | undefined {
    for (const other of table.all())
      if (this.#kcmp.sameFile(table.tid, number, table.tid, other.number) === true) return other.file;
    return undefined;
  }

  /** The call that made process `pid`. */
  #claim(pid: number, image: number | undefined): Fork | undefined {
    if (this.#forks.length === 0) return undefined;
    const parent = parentOf(pid);
    const ofParent = this.#forks.filter((fork) => fork.parent.process.pid === parent);
    const candidates =
      ofParent.length > 0 || image === undefined ? ofParent : this.#forks.filter((fork) => fork.image === image);
    const chosen =
      candidates.length > 1
        ? (candidates.find(({ parent: group, tid }) => isChildOf(pid, group.process.pid, tid)) ?? candidates[0])
        : candidates[0];
    if (chosen === undefined) return undefined;
    this.#forks.splice(this.#forks.indexOf(chosen), 1);
    this.#findPidfd(chosen.tid); // it was there before the child was
    return chosen;
  }

  #put(process: Process, main: Task): Group {
    const group: Group = { process, main, own: new Map(), executing: undefined };
    this.#groups.set(process.pid, group);
    return group;
  }

  /** In a process where some thread has called unshare: a new thread has what its creator has. */
  #ownOf(group: Group, tid: number): Task {
    const known = group.own.get(tid);
    if (known !== undefined) return known;
    const isSame = (other: number): boolean =>
      this.#kcmp.sameTable(tid, other) === true && this.#kcmp.sameDirectory(tid, other) === true;
    const task = group.own.entries().find(([other]) => isSame(other))?.[1] ?? group.main;
    task.descriptors.share();
    group.own.set(tid, task);
    return task;
  }
}

/** Its tables are no longer those of its threads; another process may share one, and will say so when it calls. */
function leaveAll({ main, own }: Group): void {
  for (const { descriptors } of [main, ...own.values()]) {
    descriptors.tid = NOBODY;
    descriptors.leave();
  }
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]);
  } catch {
    return undefined;
  }
}

/** Whether thread `tid` made child `pid` (CONFIG_PROC_CHILDREN). */
function isChildOf(pid: number, parent: number, tid: number): boolean {
  try {
    return readFileSync(`/proc/${parent}/task/${tid}/children`, "latin1").split(" ").includes(String(pid));
  } catch {
    return false;
  }
}

function threadsOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [];
  }
}
