/** What processes there are, and what they hold, by /proc. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Bytes and counts of one process. */
export interface Held {
  readonly residentKilobytes: number;
  readonly descriptors: number;
  readonly threads: number;
}

/** Undefined where there is no such process. */
export function heldBy(pid: number): Held | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    const field = (name: string): number => Number(new RegExp(`^${name}:\\s*(\\d+)`, "m").exec(status)?.[1] ?? 0);
    return {
      residentKilobytes: field("VmRSS"),
      threads: field("Threads"),
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
    };
  } catch {
    return undefined;
  }
}

export const childrenOf = (pid: number): number[] =>
  everybody((each) => Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${each}/status`, "latin1"))?.[1]) === pid);

/** Processes that were started with this in their environment, all that they have started included. Zombies have none. */
export const startedWith = (variable: string): number[] =>
  everybody((pid) => readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(variable));

export const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
};

/** Namespaces that these processes are in, by kind and number. */
export function namespacesOf(pids: readonly number[]): Set<string> {
  const found = new Set<string>();
  for (const pid of pids)
    for (const kind of ["user", "mnt", "pid", "net", "uts"])
      try {
        found.add(readlinkSync(`/proc/${pid}/ns/${kind}`));
      } catch {
        // gone
      }
  return found;
}

const everybody = (isMeant: (pid: number) => boolean): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return isMeant(pid);
      } catch {
        return false; // gone meanwhile
      }
    });
