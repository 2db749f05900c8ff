/** What a trace adds to a short program: `tsc --version`. */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { figure, type Section } from "./report.ts";
import { type Outcome, run } from "./run.ts";
import { interleave, medianOf } from "./statistics.ts";
import { elsewhere, folder, type Tools } from "./tools.ts";

const native = "native";
const warm = "traced, patched copy in the cache";
const cold = "traced, empty cache";

export async function benchStartup(tools: Tools, rounds: number): Promise<Section> {
  const program = [tools.tsc, "--version"];
  const traced = elsewhere("trace", "-o", "/dev/null", "--", ...program);
  const measure = (command: readonly string[], env = process.env): Promise<Outcome> =>
    run(command, { env, watchMemory: command !== program });
  await run(traced); // fills the cache
  const variants = [
    { name: native, measure: () => measure(program) },
    { name: warm, measure: () => measure(traced) },
    {
      name: cold,
      measure: async () => {
        const empty = mkdtempSync(join(folder, "empty-"));
        try {
          return await measure(traced, { ...process.env, ELSEWHERE_CACHE_DIR: empty });
        } finally {
          rmSync(empty, { recursive: true });
        }
      },
    },
  ];
  const results = await interleave(rounds * 3, variants);
  const ms = (name: string): number => medianOf(results.get(name), (result) => result.elapsedMs);
  const mb = (name: string): number => medianOf(results.get(name), (result) => result.memoryMb);
  return {
    title: "`tsc --version`",
    about: `TypeScript's compiler is a Go program of 24 MB. From start to end; medians of ${rounds * 3} runs.`,
    columns: ["", "ms", "added ms", "supervisor's memory, MB"],
    rows: variants.map(({ name }) => [
      name,
      figure(ms(name)),
      name === native ? "" : figure(ms(name) - ms(native)),
      name === native ? "" : figure(mb(name)),
    ]),
    targets: [
      { what: "`tsc --version` traced, added, warm", wanted: 150, measured: ms(warm) - ms(native), unit: "ms" },
      { what: "`tsc --version` traced, added, empty cache", wanted: 600, measured: ms(cold) - ms(native), unit: "ms" },
      { what: "supervisor's memory", wanted: 130, measured: Math.max(mb(warm), mb(cold)), unit: "MB" },
    ],
  };
}
