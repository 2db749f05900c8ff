/**
 * Reads what `strace -f -i -o FILE` wrote: which call, at which instruction, how it ended.
 *
 *   18751 [0000000000408c0e] openat(AT_FDCWD, "/dev/null", O_RDONLY|O_CLOEXEC) = 3
 *   18752 [0000000000408c0e] read(3,  <unfinished ...>
 *   18752 [0000000000408c0e] <... read resumed>"x", 1) = 1
 *
 * The address is that of the instruction behind the SYSCALL.
 */

export interface StracedCall {
  readonly pid: number;
  /** Behind the SYSCALL instruction that made it. */
  readonly address: bigint;
  readonly call: string;
  /** Name of the error, or null. */
  readonly errno: string | null;
  /** The kernel interrupted it and will make it again: not an end that the program sees. */
  readonly restarted: boolean;
  /** Of a call that makes a process or thread, its id. */
  readonly child?: number;
  /** Of a successful execve, the path. */
  readonly executed?: string;
}

const call = /^(\d+) +\[([0-9a-f?]+)\] ([a-z_0-9]+)\(/;
const resumed = /^(\d+) +\[[0-9a-f?]+\] <\.\.\. ([a-z_0-9]+) resumed>/;
const success = / = (\d+)(?: |$)/;
const makesChild: readonly string[] = ["clone", "clone3", "fork", "vfork"];
const executedPath = /execve(?:at)?\(.*?"([^"]*)"/;
const failure = / = (?:-1|\?) (E[A-Z0-9]+) \([^()]*\)(?: \(DELAYED\))?$/;

/** The calls in the order in which they began. Those that never ended have no error. */
export function parseStrace(text: string): StracedCall[] {
  const calls: StracedCall[] = [];
  const unfinished = new Map<number, number>();
  for (const line of text.split("\n")) {
    const begun = call.exec(line);
    if (begun) {
      const [, pid = "", address = "", name = ""] = begun;
      if (address.includes("?")) continue;
      if (line.endsWith("<unfinished ...>")) unfinished.set(Number(pid), calls.length);
      const executed = executedPath.exec(line)?.[1];
      calls.push({
        pid: Number(pid),
        address: BigInt(`0x${address}`),
        call: name,
        ...(executed === undefined ? {} : { executed }),
        ...outcome(name, line),
      });
      continue;
    }
    const pid = Number(resumed.exec(line)?.[1]);
    const index = unfinished.get(pid);
    const earlier = index === undefined ? undefined : calls[index];
    if (index === undefined || earlier === undefined) continue;
    calls[index] = { ...earlier, ...outcome(earlier.call, line) };
    unfinished.delete(pid);
  }
  return calls;
}

function outcome(name: string, line: string): Pick<StracedCall, "errno" | "restarted" | "child"> {
  const errno = failure.exec(line)?.[1] ?? null;
  const restarted = errno?.startsWith("ERESTART") ?? false;
  const result = makesChild.includes(name) ? success.exec(line)?.[1] : undefined;
  return { errno: restarted ? null : errno, restarted, ...(result === undefined ? {} : { child: Number(result) }) };
}

/**
 * The processes that run, or descend from one that ran, another program than `program`:
 * what such a program starts is not hooked.
 */
export function foreignProcesses(calls: readonly StracedCall[], program: string): ReadonlySet<number> {
  const foreign = new Set<number>();
  // A child's lines may stand before the line that tells its id, so what is found is looked for again.
  for (let found = -1; found !== foreign.size;) {
    found = foreign.size;
    for (const { pid, child, executed, errno } of calls) {
      if (executed !== undefined && errno === null && executed !== program) foreign.add(pid);
      if (child !== undefined && foreign.has(pid)) foreign.add(child);
    }
  }
  return foreign;
}
