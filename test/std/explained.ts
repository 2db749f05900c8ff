/**
 * Tests whose verdict depends on more than the hook, and endings ("exit 97"), each with the reason. A difference
 * that is not listed here is a failure.
 */

export interface Explanation {
  readonly package: string;
  readonly test: RegExp;
  /** The only way that it explains. */
  readonly by?: string;
  readonly reason: string;
}

export const explanations: readonly Explanation[] = [
  {
    package: "net/http/pprof",
    test: /^TestDeltaProfile$/,
    reason: "skips itself where its goroutines have not waited for each other in time (pprof_test.go)",
  },
  {
    package: "net",
    test: /^TestMultiPathTCP$/,
    by: "agent",
    reason: "connections of the target are TCP, without MPTCP: its end says so, as with any peer that has none",
  },
  {
    package: "github.com/jackc/pgx/v5@v5.12.0/pgconn",
    test: /^TestParseConfigSSLCertMode\/servicefile=/,
    reason: "its name holds its temporary directory, another one each time",
  },
  {
    package: "runtime",
    test: /^exit 97$/,
    by: "model",
    reason:
      "its tests make and close pipes by the runtime's own calls (runtime.Pipe, nbpipe_test.go), which nobody hooks: " +
      "the model hears of such a descriptor when something is done with it",
  },
];

export function explanationOf(name: string, test: string, by?: string): string | undefined {
  return explanations.find(
    (entry) => entry.package === name && entry.test.test(test) && (entry.by === undefined || entry.by === by),
  )?.reason;
}
