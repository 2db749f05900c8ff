/** What hooks in TypeScript cost a Go program: those that are asked, and those that are asked about other calls. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { figure, type Section } from "./report.ts";
import { measureCalls, type RoundTrip } from "./roundtrip.ts";
import { interleave, medianOf, type Variant } from "./statistics.ts";
import { elsewhere, folder, type Tools } from "./tools.ts";

const CALLS = ["-calls", "50000"];

/** Hook files by what stands in the table: the hooks, and whether they answer getpgid. */
const files = {
  sync: ["defineHooks({ getpgid: () => 4242 })", true],
  nothing: ["defineHooks({ getpgid() {} })", false],
  async: ["defineHooks({ getpgid: async () => 4242 })", true],
  proceed: ["defineHooks({ async getpgid(call) { await call.proceed(); } })", false],
  file: ["defineHooks({ file() {} })", false],
  faults: ['faults({ rules: [{ calls: "read", path: "/nowhere", error: "EIO" }] })', false],
} as const;

const names = {
  native: "`getpgid`, native",
  sync: "answered by a synchronous hook",
  nothing: "a synchronous hook that says nothing",
  async: "answered by an asynchronous hook",
  proceed: "an asynchronous hook that sees the kernel's result",
  nativeRead: "`read` of one byte, native",
  file: "`read`, while hooks are asked about all calls with paths",
  faults: "`read`, under `faults` with a rule for another file",
} as const;

export async function benchHooks(tools: Tools, rounds: number): Promise<Section> {
  const variant = (key: keyof typeof names, ...flags: readonly string[]): Variant<RoundTrip> => {
    const program = [tools.roundtrip, ...flags, ...CALLS];
    if (key === "native" || key === "nativeRead")
      return { name: names[key], measure: () => measureCalls(program, false) };
    const [hooks, answers] = files[key];
    const file = join(folder, `${key}.mjs`);
    writeFileSync(file, `import { defineHooks, faults } from "elsewhere";\nexport default ${hooks};\n`);
    return {
      name: names[key],
      measure: () => measureCalls(elsewhere("exec", "--hook", file, "--", ...program), answers),
    };
  };
  const variants = [
    variant("native"),
    variant("sync"),
    variant("nothing"),
    variant("async"),
    variant("proceed"),
    variant("nativeRead", "-read"),
    variant("file", "-read"),
    variant("faults", "-read"),
  ];
  const results = await interleave(rounds, variants);
  const of = (name: string, number: keyof RoundTrip): number => medianOf(results.get(name), (result) => result[number]);
  return {
    title: "Hooks in TypeScript",
    about: `Nanoseconds per call, under \`elsewhere exec --hook\`. Medians of ${rounds} rounds.`,
    columns: ["", "p50", "p90", "p99", "per call"],
    rows: variants.map(({ name }) => {
      const result = results.get(name);
      if (typeof result === "string") return [name, result.split("\n")[0] ?? "", "", "", ""];
      return [name, ...(["p50", "p90", "p99", "perCall"] as const).map((number) => figure(of(name, number)))];
    }),
    targets: [
      { what: "a synchronous hook, p50", wanted: 1500, measured: of(names.sync, "p50"), unit: "ns" },
      { what: "an asynchronous hook, p50", wanted: 5000, measured: of(names.async, "p50"), unit: "ns" },
      {
        what: "`read` while calls with paths are hooked, against native",
        wanted: 1.02,
        measured: of(names.file, "perCall") / of(names.nativeRead, "perCall"),
        unit: "×",
      },
    ],
  };
}
