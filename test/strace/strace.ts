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
  /** False where the process ended first: of such a call strace may have failed to read the registers. */
  readonly returned: boolean;
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
const neverReturned = /(?: <unfinished \.\.\.>| = \?)$/;
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

function outcome(name: string, line: string): Pick<StracedCall, "errno" | "restarted" | "returned" | "child"> {
  const errno = failure.exec(line)?.[1] ?? null;
  const restarted = errno?.startsWith("ERESTART") ?? false;
  const result = makesChild.includes(name) ? success.exec(line)?.[1] : undefined;
  return {
    errno: restarted ? null : errno,
    restarted,
    returned: !neverReturned.test(line),
    ...(result === undefined ? {} : { child: Number(result) }),
  };
}

/**
 * The calls of `program` and of what it starts itself, without those of other programs and
 * of everything that these start: a shell is not hooked, nor is what a shell starts.
 */
export function callsOf(program: string, all: readonly StracedCall[]): readonly StracedCall[] {
  // What started the program itself (setarch) does not count.
  const calls = all.slice(all.findIndex(({ executed }) => executed === program));
  /** From which index on a process is another program's. */
  const foreign = new Map<number, number>();
  const isForeign = (pid: number, index: number): boolean => index > (foreign.get(pid) ?? Infinity);
  // A child's lines may stand before the line that tells its id, so what is found is looked for again.
  for (let known = -1; known !== foreign.size;) {
    known = foreign.size;
    for (const [index, { pid, child, executed, errno }] of calls.entries()) {
      if (executed !== undefined && errno === null && executed !== program && !foreign.has(pid))
        foreign.set(pid, index);
      if (child !== undefined && isForeign(pid, index)) foreign.set(child, -1);
    }
  }
  return calls.filter(({ pid }, index) => !isForeign(pid, index));
}
