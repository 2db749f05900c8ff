/** 64 goroutines that ask at once. */
import { figure, type Section } from "./report.ts";
import { measureCalls } from "./roundtrip.ts";
import { interleave, medianOf } from "./statistics.ts";
import { answering, type Tools } from "./tools.ts";

const CALLS = "1280000";
const FEW_CALLS = "256000";
const native = "native";
const answered = "**answered by TypeScript**";
const seccomp = "seccomp notification, answered by C";

export async function benchCrowd(tools: Tools, rounds: number): Promise<Section> {
  const program = (calls: string): string[] => [tools.roundtrip, "-goroutines", "64", "-calls", calls];
  const variants = [
    { name: native, measure: () => measureCalls(program(CALLS), false) },
    { name: answered, measure: () => measureCalls(answering(...program(CALLS)), true) },
    { name: seccomp, measure: () => measureCalls([tools.seccompNotify, ...program(FEW_CALLS)], true) },
  ];
  const results = await interleave(rounds, variants);
  const rate = (name: string): number => medianOf(results.get(name), (result) => result.perSecond);
  return {
    title: "64 goroutines asking at once",
    about: "Calls per second, all goroutines together.",
    columns: ["", "calls/s"],
    rows: variants.map(({ name }) => [name, figure(rate(name))]),
    targets: [
      { what: "64 goroutines, answered", wanted: 500_000, least: true, measured: rate(answered), unit: "calls/s" },
    ],
  };
}
