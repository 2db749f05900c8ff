/** One answered call after some quiet, against two C programs that wake each other through pipes. */
import { figure, type Section } from "./report.ts";
import { measureCalls } from "./roundtrip.ts";
import { run } from "./run.ts";
import { interleave, medianOf } from "./statistics.ts";
import { answering, type Tools } from "./tools.ts";

interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

const CALLS = "200";
const QUIET_MS = 10;
const pipes = "two C programs, pipes";
const answered = "**answered by TypeScript**";
const seccomp = "seccomp notification, answered by C";

export async function benchQuiet(tools: Tools, rounds: number): Promise<Section> {
  const program = [tools.roundtrip, "-gap", `${QUIET_MS}ms`, "-calls", CALLS];
  const results = await interleave<Percentiles>(rounds, [
    {
      name: pipes,
      measure: async () => JSON.parse((await run([tools.pipeWake, CALLS, String(QUIET_MS)])).stdout) as Percentiles,
    },
    { name: answered, measure: () => measureCalls(answering(...program), true) },
    { name: seccomp, measure: () => measureCalls([tools.seccompNotify, ...program], true) },
  ]);
  const p50 = (name: string): number => medianOf(results.get(name), (result) => result.p50);
  return {
    title: `One answered call after ${QUIET_MS} ms of quiet`,
    about:
      "Microseconds. Waking an idle virtual processor is most of it, and differs from run to run: " +
      "hence the pipes, in the same run.",
    columns: ["", "p50", "p90", "p99", "× pipes"],
    rows: [pipes, answered, seccomp].map((name) => [
      name,
      ...(["p50", "p90", "p99"] as const).map((number) =>
        figure(medianOf(results.get(name), (result) => result[number]) / 1000),
      ),
      figure(p50(name) / p50(pipes)),
    ]),
    targets: [
      { what: "after quiet, p50, against pipes", wanted: 1.5, measured: p50(answered) / p50(pipes), unit: "×" },
    ],
  };
}
