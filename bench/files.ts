/** A file of 4 KiB opened, read and closed from Go: on the disk, and from a hook. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { figure, type Section } from "./report.ts";
import type { RoundTrip } from "./roundtrip.ts";
import { run } from "./run.ts";
import { interleave, medianOf, type Variant } from "./statistics.ts";
import { elsewhere, folder, type Tools } from "./tools.ts";

const CALLS = 20_000;
const SIZE = 4096;

interface Times {
  /** Nanoseconds. */
  readonly opening: RoundTrip;
  /** With reading and closing. */
  readonly all: RoundTrip;
}

export async function benchFiles(tools: Tools, rounds: number): Promise<Section> {
  const onDisk = join(folder, "file-on-disk");
  const madeUp = join(folder, "file-made-up");
  writeFileSync(onDisk, "x".repeat(SIZE));
  const measure = async (command: readonly string[]): Promise<Times> => {
    const { stdout } = await run(command);
    const [opening, all] = JSON.parse(stdout) as [RoundTrip, RoundTrip];
    if (opening.value !== SIZE) throw new Error(`read gave ${opening.value}`);
    return { opening, all };
  };
  const under = (name: string, hooks: string, path: string): Variant<Times> => {
    const file = join(folder, `hook-${name.replaceAll(/\W/g, "")}.mjs`);
    writeFileSync(file, `import { defineHooks, virtualFiles } from "elsewhere";\nexport default ${hooks};\n`);
    const program = [tools.roundtrip, "-calls", String(CALLS), "-file", path];
    return { name, measure: () => measure(elsewhere("exec", "--hook", file, "--", ...program)) };
  };
  const content = `"x".repeat(${SIZE})`;
  const variants: Variant<Times>[] = [
    { name: "native", measure: () => measure([tools.roundtrip, "-calls", String(CALLS), "-file", onDisk]) },
    under("a hook that says nothing", "defineHooks({ openat() {} })", onDisk),
    under("`virtualFiles`", `virtualFiles({ "${madeUp}": ${content} })`, madeUp),
    under(
      "`openWith({ content })`",
      `defineHooks({ openat: (call) => call.openWith({ content: ${content} }) })`,
      madeUp,
    ),
    under(
      "`openWith({ handlers })`",
      `defineHooks({ openat: (call) => call.openWith({ handlers: { read: () => ${content} } }) })`,
      madeUp,
    ),
  ];
  const results = await interleave(rounds, variants);
  const of = (name: string, which: keyof Times, number: "p50" | "p90"): number =>
    medianOf(results.get(name), (times) => times[which][number]);
  return {
    title: "A file that does not exist",
    about: `Nanoseconds to open a file of 4 KiB, and to open, read and close it. Medians of ${rounds} rounds.`,
    columns: ["", "open, p50", "p90", "all three, p50", "p90"],
    rows: variants.map(({ name }) => [
      name,
      ...(["opening", "all"] as const).flatMap((which) =>
        (["p50", "p90"] as const).map((number) => figure(of(name, which, number))),
      ),
    ]),
    targets: [
      {
        what: "opening a virtual file, p50, of opening a real one",
        wanted: 2,
        measured: of("`virtualFiles`", "opening", "p50") / of("native", "opening", "p50"),
        unit: "×",
      },
    ],
  };
}
