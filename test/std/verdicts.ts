/** What a test binary says about each of its tests. */

export type Verdict = "PASS" | "FAIL" | "SKIP";

/** Verdicts by test name, subtests included. */
export type Verdicts = ReadonlyMap<string, Verdict>;

// With -test.v=test2json a line that testing wrote begins with ^V, wherever the test's own output stopped.
// eslint-disable-next-line no-control-regex
const line = /(?:^|\u0016) *--- (PASS|FAIL|SKIP): (\S+)/gm;

/** Reads the output of `-test.v`. Names that hold pointers count as one name. */
export function parseVerdicts(output: string): Verdicts {
  const verdicts = new Map<string, Verdict>();
  for (const [, verdict, name] of output.matchAll(line)) {
    const stable = (name ?? "").replace(/0x[0-9a-f]+/g, "0xN").replace(/#\d+$/, "#N");
    // Of tests that share a name, a failure is what counts.
    if (verdicts.get(stable) !== "FAIL") verdicts.set(stable, verdict as Verdict);
  }
  return verdicts;
}

export interface Difference {
  readonly test: string;
  readonly native: Verdict | "absent";
  readonly hooked: Verdict | "absent";
}

/** Tests whose verdicts differ. */
export function compareVerdicts(native: Verdicts, hooked: Verdicts): Difference[] {
  const names = new Set([...native.keys(), ...hooked.keys()]);
  return [...names].sort().flatMap((test) => {
    const one = { test, native: native.get(test) ?? "absent", hooked: hooked.get(test) ?? "absent" } as const;
    return one.native === one.hooked ? [] : [one];
  });
}

export function passes(verdicts: Verdicts): number {
  return [...verdicts.values()].filter((verdict) => verdict === "PASS").length;
}
