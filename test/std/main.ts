/**
 * Go's own tests as the judge: test binaries of the standard library, run as they are
 * and with every call through the tool.
 *
 *   node test/std/main.ts [--go 1.27.4] [--by asked|watched|hooks|model|agent|native] [--packages os,net|network|all]
 *                         [--json] [--markdown FILE] [--reuse-native] [--jobs 2]
 *
 * `--markdown FILE` replaces the section of this release and way in FILE. Exit code 0 when every
 * difference is explained.
 */
import { parseArgs } from "node:util";
import { releases } from "../matrix/releases.ts";
import { through, type Way, ways } from "../matrix/elsewhere.ts";
import { isGood, judgePackage, type PackageResult } from "./judge.ts";
import { networkPackages, packagesWithTests, testToolchain } from "./packages.ts";
import { markdownSection, replaceSection } from "./table.ts";

const { values } = parseArgs({
  options: {
    go: { type: "string", default: releases.at(-1)?.version ?? "" },
    packages: { type: "string", default: "all" },
    json: { type: "boolean", default: false },
    markdown: { type: "string" },
    "reuse-native": { type: "boolean", default: false },
    by: { type: "string", default: "asked" },
    jobs: { type: "string", default: "2" },
  },
});

const prefix = values.by === "native" ? (command: readonly string[]) => [...command] : through(way(values.by));
const go = await testToolchain(values.go);
const names =
  values.packages === "network"
    ? networkPackages
    : values.packages === "all"
      ? await packagesWithTests(go)
      : values.packages.split(",");
const results = new Map<string, PackageResult>();
const waiting = names.values();

async function worker(): Promise<void> {
  for (const name of waiting) {
    const result = await judgePackage(name, {
      go,
      prefix,
      reuseNative: values["reuse-native"],
      timeoutMs: 600_000,
      by: values.by,
    });
    results.set(name, result);
    console.error(line(result));
  }
}

function way(name: string): Way {
  if (name in ways) return name as Way;
  throw new Error(`--by ${name}: there are ${Object.keys(ways).join(", ")} and native`);
}

function line(result: PackageResult): string {
  if (result.skipped !== undefined) return `${result.name}: not built: ${result.skipped}`;
  const differences = result.differences.map(
    (each) => `\n    ${each.test}: ${each.native} → ${each.hooked} (${each.explanation ?? "NOT EXPLAINED"})`,
  );
  return (
    `${result.name}: ${result.nativePasses} → ${result.hookedPasses} passes, ` +
    `${result.endings.native} → ${result.endings.hooked}, ` +
    `${result.seconds.native.toFixed(1)} → ${result.seconds.hooked.toFixed(1)} s${differences.join("")}`
  );
}

await Promise.all(Array.from({ length: Number(values.jobs) }, worker));
const head =
  "# Go's own tests, hooked\n\n" +
  "<!-- Written by `node test/std/main.ts --go VERSION --by WAY --markdown docs/go-std-tests.md`. -->\n\n" +
  "The test binaries of the standard library (`go test -c`, `-test.short`, static) ran as they are and with every\n" +
  "call through the tool; verdicts are compared test by test. *asked*: `elsewhere trace -e all --in-step`, which asks\n" +
  "about every call; *watched*: `elsewhere trace -e all -o FILE`; *hooks*: `elsewhere exec --hook`, with a hook for every\n" +
  "call that lets it proceed and sees the real result; *model*: each call is made by its thread, and the models of descriptors\n" +
  "and paths are held against the kernel; *agent*: what it connects (TCP, Unix streams) is connected by an agent on the same\n" +
  "network, so that both ends of every connection are the test's.\n";
const inOrder = names.flatMap((name) => results.get(name) ?? []);
const title = `Go ${values.go}, ${values.by}`;
const section = markdownSection(title, inOrder, new Date());
console.log(values.json ? JSON.stringify(inOrder, null, 2) : section);
if (values.markdown !== undefined) replaceSection(values.markdown, { head, title, section });
if (!inOrder.every(isGood)) process.exitCode = 1;
