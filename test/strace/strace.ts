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
}

const call = /^(\d+) +\[([0-9a-f?]+)\] ([a-z_0-9]+)\(/;
const resumed = /^(\d+) +\[[0-9a-f?]+\] <\.\.\. ([a-z_0-9]+) resumed>/;
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
      calls.push({ pid: Number(pid), address: BigInt(`0x${address}`), call: name, ...outcome(line) });
      continue;
    }
    const pid = Number(resumed.exec(line)?.[1]);
    const index = unfinished.get(pid);
    const earlier = index === undefined ? undefined : calls[index];
    if (index === undefined || earlier === undefined) continue;
    calls[index] = { ...earlier, ...outcome(line) };
    unfinished.delete(pid);
  }
  return calls;
}

function outcome(line: string): Pick<StracedCall, "errno" | "restarted"> {
  const errno = failure.exec(line)?.[1] ?? null;
  const restarted = errno?.startsWith("ERESTART") ?? false;
  return { errno: restarted ? null : errno, restarted };
}
