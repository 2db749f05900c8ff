/**
 * The hooked processes, and which thread belongs to which. A process is known from its
 * bootstrap's hello; a forked child that has not called execve yet carries its parent's
 * number and is told apart by its thread group (`Tgid` in /proc/TID/status).
 */
import { existsSync, readFileSync } from "node:fs";

export interface Process {
  readonly pid: number;
  /** What the bootstrap was told; forked children share it with their parent. */
  readonly image: number;
  /** The program's own path, symbolic links resolved: what /proc/PID/exe should say. */
  readonly program: string;
}

interface Thread {
  readonly image: number;
  readonly process: Process;
}

export class Processes {
  /** By image number − 1: what said hello, and as which process; 0 stands for one that never did. */
  readonly #images: { program: string; pid: number }[] = [];
  readonly #threads = new Map<number, Thread>();
  readonly #processes = new Map<number, Process>();

  /** A bootstrap said hello: process `pid` now runs `program`. */
  begin(pid: number, program: string): Process {
    this.end(pid);
    const process: Process = { pid, image: this.#images.push({ program, pid }), program };
    this.#processes.set(pid, process);
    this.#threads.set(pid, { image: process.image, process });
    return process;
  }

  /** The process that thread `tid` belongs to; `image` is what its slot says. */
  ofThread(tid: number, image: number): Process {
    const known = this.#threads.get(tid);
    if (known !== undefined && known.image === image) return known.process;
    const origin = this.#images[image - 1];
    const pid = threadGroup(tid) ?? origin?.pid ?? tid; // a thread that is gone was most likely the image's own
    let process = this.#processes.get(pid);
    if (process === undefined || process.image !== image) {
      process = { pid, image, program: origin?.program ?? "?" };
      this.#processes.set(pid, process);
    }
    this.#threads.set(tid, { image, process });
    return process;
  }

  get(pid: number): Process | undefined {
    return this.#processes.get(pid);
  }

  /** All that have made a call and are not known to be gone. */
  get all(): readonly Process[] {
    return [...this.#processes.values()];
  }

  /** Forgets `pid` and its threads. */
  end(pid: number): void {
    if (!this.#processes.delete(pid)) return;
    for (const [tid, { process }] of this.#threads) if (process.pid === pid) this.#threads.delete(tid);
  }

  /** Processes that are gone, forgotten by this call. */
  sweep(): readonly Process[] {
    const gone = [...this.#processes.values()].filter(({ pid }) => !isAlive(pid));
    for (const { pid } of gone) this.end(pid);
    return gone;
  }
}

/** Whether the process or thread exists (a zombie does not call any more, but is still there). */
export const isAlive = (tid: number): boolean => existsSync(`/proc/${tid}`);

function threadGroup(tid: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${tid}/status`, "latin1");
    return Number(/^Tgid:\s*(\d+)$/m.exec(status)?.[1]);
  } catch {
    return undefined;
  }
}
