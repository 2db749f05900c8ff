/** The processes of a run, numbered in the order in which they are met. */
import { readFileSync, readlinkSync } from "node:fs";
import type { AnyCall } from "../../hooks/types.ts";

export interface MetProcess {
  readonly id: number;
  readonly parent: number | null;
  readonly pid: number;
  readonly program: string;
}

/** What it was started with. */
export interface Start {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: readonly string[];
}

export class MetProcesses {
  readonly #byPid = new Map<number, MetProcess>();
  #count = 0;
  readonly #met: (process: MetProcess, tid: number) => void;

  /** @param met called for each that is new: also for another program after execve */
  constructor(met: (process: MetProcess, tid: number) => void) {
    this.#met = met;
  }

  of({ process: { pid, program }, tid }: AnyCall): MetProcess {
    const known = this.#byPid.get(pid);
    if (known?.program === program) return known;
    const parent = known ?? this.#byPid.get(parentOf(pid));
    const process = { id: this.#count++, parent: parent?.id ?? null, pid, program };
    this.#byPid.set(pid, process);
    this.#met(process, tid);
    return process;
  }
}

const words = (path: string): string[] => {
  try {
    return readFileSync(path, "utf8").split("\0").slice(0, -1);
  } catch {
    return []; // it is gone already
  }
};

export function startOf(pid: number): Start {
  let cwd = "/";
  try {
    cwd = readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // It is gone already.
  }
  // What its bootstrap has taken out is there still.
  const env = words(`/proc/${pid}/environ`).filter((variable) => !/^ELSEWHERE_(?:MAILBOX|PROGRAM)=/.test(variable));
  return { argv: words(`/proc/${pid}/cmdline`), cwd, env };
}

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]);
  } catch {
    return 0;
  }
}
