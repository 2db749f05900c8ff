/** One getpgid from Go, through a hook file: what the ways to write a hook cost. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { figure, type Section } from "./report.ts";
import { measureCalls, type RoundTrip } from "./roundtrip.ts";
import { interleave, medianOf, type Variant } from "./statistics.ts";
import { elsewhere, folder, type Tools } from "./tools.ts";

const CALLS = 100_000;

interface Written {
  readonly name: string;
  /** The hook as a user writes it. */
  readonly hook: string;
  /** Whether it answers, rather than the kernel. */
  readonly answers: boolean;
}

const sync = "**`getpgid: () => 4242`**";
const async = "**`async getpgid() { return 4242; }`**";

const ways: readonly Written[] = [
  { name: sync, hook: "getpgid: () => 4242", answers: true },
  { name: "`getpgid() {}`", hook: "getpgid() {}", answers: false },
  { name: "`getpgid: (call) => call.proceed()`", hook: "getpgid: (call) => call.proceed()", answers: false },
  { name: async, hook: "async getpgid() { return 4242; }", answers: true },
  {
    name: "`async getpgid(call) { await call.proceed(); }`",
    hook: "async getpgid(call) { await call.proceed(); }",
    answers: false,
  },
];

const nativeRead = "`read`, native";
const unmarkedRead = "`read` of a descriptor that is not marked";
/** Files are hooked, a descriptor is marked, and reads of marked ones are answered. */
const MARKING = `import { defineHooks, onMarked } from "elsewhere";
export default defineHooks({
  openat(call) {
    call.process.descriptors.mark(0);
  },
  read: onMarked(() => 0),
});
`;

export async function benchHooks(tools: Tools, rounds: number): Promise<Section> {
  const variants: Variant<RoundTrip>[] = ways.map(({ name, hook, answers }, index): Variant<RoundTrip> => {
    const file = join(folder, `hook-${index}.mjs`);
    writeFileSync(file, `import { defineHooks } from "elsewhere";\nexport default defineHooks({ ${hook} });\n`);
    const command = elsewhere("exec", "--hook", file, "--", tools.roundtrip, "-calls", String(CALLS));
    return { name, measure: () => measureCalls(command, answers) };
  });
  const reading = ["-calls", String(CALLS), "-read"];
  const marking = join(folder, "hook-marking.mjs");
  writeFileSync(marking, MARKING);
  variants.push(
    { name: nativeRead, measure: () => measureCalls([tools.roundtrip, ...reading], false) },
    {
      name: unmarkedRead,
      measure: () => measureCalls(elsewhere("exec", "--hook", marking, "--", tools.roundtrip, ...reading), false),
    },
  );
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
      {
        what: "read of a descriptor that is not marked, against native",
        wanted: 1.02,
        measured: of(unmarkedRead, "perCall") / of(nativeRead, "perCall"),
        unit: "×",
      },
    ],
  };
}
