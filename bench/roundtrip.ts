/** One getpgid from Go: what a hook costs, and what an answer costs, by every way there is. */
import { figure, type Section } from "./report.ts";
import { run } from "./run.ts";
import { interleave, medianOf, type Variant } from "./statistics.ts";
import { answering, elsewhere, hooked, type Tools } from "./tools.ts";

/** What the Go program prints: nanoseconds. */
export interface RoundTrip {
  readonly value: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly perCall: number;
  readonly perSecond: number;
}

const ANSWER = 4242;
const CALLS = 100_000;
/** For what takes tens of microseconds. */
const FEW_CALLS = 10_000;

/** Runs the Go program and checks that it was answered, or was not. */
export async function measureCalls(command: readonly string[], answered: boolean): Promise<RoundTrip> {
  const { stdout } = await run(command);
  const result = JSON.parse(stdout) as RoundTrip;
  if ((result.value === ANSWER) !== answered) throw new Error(`getpgid gave ${result.value}`);
  return result;
}

const names = {
  native: "native",
  nobody: "hooked, nobody asks",
  answered: "**answered by TypeScript**",
  traced: "`elsewhere trace -e getpgid`",
  seccomp: "seccomp notification, answered by C",
  strace: "`strace --seccomp-bpf --inject`",
  fridaNative: "native, for Frida: dynamic, one thread, no GC",
  frida: "Frida, JavaScript `Interceptor`",
} as const;

export async function benchRoundTrip(tools: Tools, rounds: number): Promise<Section> {
  const calls = ["-calls", String(CALLS)];
  const few = ["-calls", String(FEW_CALLS)];
  const variant = (name: string, answered: boolean, command: readonly string[]): Variant<RoundTrip> => ({
    name,
    measure: () => measureCalls(command, answered),
  });
  const variants = [
    variant(names.native, false, [tools.roundtrip, ...calls]),
    variant(names.nobody, false, hooked(tools.roundtrip, ...calls)),
    variant(names.answered, true, answering(tools.roundtrip, ...calls)),
    variant(names.traced, false, [
      ...elsewhere("trace", "-e", "getpgid", "-o", "/dev/null", "--", tools.roundtrip),
      ...calls,
    ]),
    variant(names.seccomp, true, [tools.seccompNotify, tools.roundtrip, ...calls]),
    variant(names.strace, true, [
      ..."strace -f --seccomp-bpf -e trace=getpgid -e inject=getpgid:retval=4242 -o /dev/null".split(" "),
      tools.roundtrip,
      ...few,
    ]),
  ];
  if ("python" in tools.frida) {
    const tame = [tools.roundtripDynamic, "-tame", ...calls];
    variants.push(variant(names.fridaNative, false, tame));
    const script = new URL("frida-answer.py", import.meta.url).pathname;
    variants.push(variant(names.frida, true, [tools.frida.python, script, ...tame]));
  }
  const results = await interleave(rounds, variants);
  const of = (name: string, number: keyof RoundTrip): number => medianOf(results.get(name), (result) => result[number]);
  const rows = variants.map(({ name }) => {
    const result = results.get(name);
    if (typeof result === "string") return [name, result.split("\n")[0] ?? "", "", "", "", ""];
    const base = name === names.frida || name === names.fridaNative ? names.fridaNative : names.native;
    return [
      name,
      ...(["p50", "p90", "p99", "perCall"] as const).map((number) => figure(of(name, number))),
      figure(of(name, "perCall") / of(base, "perCall")),
    ];
  });
  if ("missing" in tools.frida) rows.push([names.frida, `not installed: ${tools.frida.missing}`, "", "", "", ""]);
  const p50 = of(names.answered, "p50");
  const p99 = of(names.answered, "p99");
  const fridaTargets =
    "python" in tools.frida
      ? [
          { what: "answered, p50, against Frida", wanted: 1, measured: p50 / of(names.frida, "p50"), unit: "×" },
          { what: "answered, p99, against Frida", wanted: 1, measured: p99 / of(names.frida, "p99"), unit: "×" },
        ]
      : [];
  return {
    title: "One `getpgid` from Go",
    about:
      "Nanoseconds, the real call included; p50, p90, p99 of calls that are timed one by one, " +
      `then the mean of batches. Medians of ${rounds} rounds.`,
    columns: ["", "p50", "p90", "p99", "per call", "× native"],
    rows,
    targets: [
      {
        what: "a call nobody asked for, against native",
        wanted: 1.02,
        measured: of(names.nobody, "perCall") / of(names.native, "perCall"),
        unit: "×",
      },
      { what: "answered by TypeScript, p50", wanted: 1500, measured: p50, unit: "ns" },
      { what: "answered by TypeScript, p99", wanted: 20_000, measured: p99, unit: "ns" },
      {
        what: "strace, p50, against answered",
        wanted: 10,
        least: true,
        measured: of(names.strace, "p50") / p50,
        unit: "×",
      },
      { what: "answered, p50, against seccomp", wanted: 1, measured: p50 / of(names.seccomp, "p50"), unit: "×" },
      { what: "answered, p99, against seccomp", wanted: 1, measured: p99 / of(names.seccomp, "p99"), unit: "×" },
      ...fridaTargets,
    ],
  };
}
