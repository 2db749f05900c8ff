/** One getpgid from Go, through a hook file: what the ways to write a hook cost; and reads beside hooks of other calls. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { figure, type Section } from "./report.ts";
import { measureCalls, type RoundTrip } from "./roundtrip.ts";
import { interleave, medianOf, type Variant } from "./statistics.ts";
import { elsewhere, folder, type Tools } from "./tools.ts";

const CALLS = 100_000;

interface Written {
  readonly name: string;
  /** The hook set as a user writes it; undefined for the program natively. */
  readonly hooks: string | undefined;
  /** Whether it answers, rather than the kernel. */
  readonly answers: boolean;
  /** Measures reads of one byte instead. */
  readonly reads?: boolean;
}

const sync = "**`getpgid: () => 4242`**";
const async = "**`async getpgid() { return 4242; }`**";

const nativeRead = "`read` of one byte, native";
const unmarked = "`read` of a descriptor that is not marked, while another one is";
const besideFiles = "`read`, while calls with paths are hooked";

const ways: readonly Written[] = [
  { name: sync, hooks: "defineHooks({ getpgid: () => 4242 })", answers: true },
  { name: "`getpgid() {}`", hooks: "defineHooks({ getpgid() {} })", answers: false },
  {
    name: "`getpgid: (call) => call.proceed()`",
    hooks: "defineHooks({ getpgid: (call) => call.proceed() })",
    answers: false,
  },
  { name: async, hooks: "defineHooks({ async getpgid() { return 4242; } })", answers: true },
  {
    name: "`async getpgid(call) { await call.proceed(); }`",
    hooks: "defineHooks({ async getpgid(call) { await call.proceed(); } })",
    answers: false,
  },
  { name: nativeRead, hooks: undefined, answers: false, reads: true },
  { name: besideFiles, hooks: "defineHooks({ file() {} })", answers: false, reads: true },
  {
    name: unmarked,
    hooks: "defineHooks({ openat(call) { call.process.descriptors.mark(0); }, read: onMarked(() => 0) })",
    answers: false,
    reads: true,
  },
  {
    name: "`read`, under `faults` with a rule for another file",
    hooks: 'faults({ rules: [{ calls: "read", path: "/nowhere", error: "EIO" }] })',
    answers: false,
    reads: true,
  },
];

export async function benchHooks(tools: Tools, rounds: number): Promise<Section> {
  const variants = ways.map(({ name, hooks, answers, reads }, index): Variant<RoundTrip> => {
    const program = [tools.roundtrip, ...(reads === true ? ["-read"] : []), "-calls", String(CALLS)];
    if (hooks === undefined) return { name, measure: () => measureCalls(program, answers) };
    const file = join(folder, `hook-${index}.mjs`);
    writeFileSync(file, `import { defineHooks, faults, onMarked } from "elsewhere";\nexport default ${hooks};\n`);
    const command = elsewhere("exec", "--hook", file, "--", ...program);
    return { name, measure: () => measureCalls(command, answers) };
  });
  const results = await interleave(rounds, variants);
  const of = (name: string, number: keyof RoundTrip): number => medianOf(results.get(name), (result) => result[number]);
  return {
    title: "One `getpgid` through a hook",
    about: `Nanoseconds, the real call included where it is made. Medians of ${rounds} rounds.`,
    columns: ["", "p50", "p90", "p99", "per call"],
    rows: variants.map(({ name }) => [
      name,
      ...(["p50", "p90", "p99", "perCall"] as const).map((number) => figure(of(name, number))),
    ]),
    targets: [
      { what: "a synchronous hook, p50", wanted: 1500, measured: of(sync, "p50"), unit: "ns" },
      { what: "an asynchronous hook, p50", wanted: 5000, measured: of(async, "p50"), unit: "ns" },
      ...[besideFiles, unmarked].map((name) => ({
        what: `${name}, against native`,
        wanted: 1.02,
        measured: of(name, "perCall") / of(nativeRead, "perCall"),
        unit: "×",
      })),
    ],
  };
}
