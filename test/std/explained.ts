/**
 * Tests whose verdict depends on more than the hook, each with the reason. A difference
 * that is not listed here is a failure.
 */

export interface Explanation {
  readonly package: string;
  readonly test: RegExp;
  readonly reason: string;
}

export const explanations: readonly Explanation[] = [
  {
    package: "net/http/pprof",
    test: /^TestDeltaProfile$/,
    reason: "skips itself where its goroutines have not waited for each other in time (pprof_test.go)",
  },
];

export function explanationOf(name: string, test: string): string | undefined {
  return explanations.find((entry) => entry.package === name && entry.test.test(test))?.reason;
}
