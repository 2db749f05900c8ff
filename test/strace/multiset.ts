/** Calls as a multiset: how often each call ended with each error. */

export interface EndedCall {
  readonly call: string;
  readonly errno: string | null;
}

/** Counts by "openat" or "openat ENOENT". */
export type CallCounts = ReadonlyMap<string, number>;

/**
 * Ends that say when something happened, not what the program did: how often a
 * descriptor was not ready yet, or a signal came first, differs from run to run.
 */
const untimely: readonly string[] = ["EAGAIN", "EINTR"];

export function countCalls(calls: Iterable<EndedCall>, ignored: ReadonlySet<string>): CallCounts {
  const counts = new Map<string, number>();
  for (const { call, errno } of calls) {
    if (ignored.has(call) || (errno !== null && untimely.includes(errno))) continue;
    const key = errno === null ? call : `${call} ${errno}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/**
 * Where two multisets differ, a line each.
 * @param timed calls of which only the presence is compared
 */
export function compareCounts(strace: CallCounts, trace: CallCounts, timed: ReadonlySet<string>): string[] {
  const keys = [...new Set([...strace.keys(), ...trace.keys()])].sort();
  return keys.flatMap((key) => {
    const expected = strace.get(key) ?? 0;
    const found = trace.get(key) ?? 0;
    const equal = timed.has(key) ? (expected === 0) === (found === 0) : expected === found;
    return equal ? [] : [`${key}: ${expected} by strace, ${found} by elsewhere`];
  });
}
