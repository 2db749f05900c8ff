/**
 * Runs a package's test binary as it is and hooked, and compares verdict by verdict.
 * A test that differs runs again, alone, both ways: what then agrees depended on the
 * machine's load, not on the hook, and is reported as such.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contentHash } from "../matrix/cache.ts";
import { ending, type Outcome, run } from "../matrix/run.ts";
import type { Toolchain } from "../matrix/toolchain.ts";
import { explanationOf } from "./explained.ts";
import { sourcesOf, testBinary, testFlags } from "./packages.ts";
import { compareVerdicts, type Difference, parseVerdicts, passes, type Verdicts } from "./verdicts.ts";

/** How long one test may take that runs again: one that hangs is to be told by name, not by the end of the whole. */
const ALONE_MS = 30_000;

export interface PackageResult {
  readonly name: string;
  /** Why there is nothing to compare. */
  readonly skipped?: string;
  readonly nativePasses: number;
  readonly hookedPasses: number;
  /** How each run ended: "exit 0". */
  readonly endings: { readonly native: string; readonly hooked: string };
  /** Why it ended otherwise, where no verdict differs. */
  readonly endingExplanation?: string | undefined;
  readonly differences: readonly ExplainedDifference[];
  readonly seconds: { readonly native: number; readonly hooked: number };
}

export interface ExplainedDifference extends Difference {
  /** Undefined: nobody knows, the run fails. */
  readonly explanation: string | undefined;
}

export interface JudgeOptions {
  readonly go: Toolchain;
  /** Puts the tool in front of a command. */
  readonly prefix: (command: readonly string[]) => string[];
  /** Take the native verdicts of an earlier run of the same binary. */
  readonly reuseNative: boolean;
  readonly timeoutMs: number;
  /** Which way it is, where differences are explained by that. */
  readonly by?: string;
  /** More flags for the test binary. */
  readonly flags?: readonly string[];
  /** Where the package is, if not in the standard library. */
  readonly sources?: string;
  /** What its tests want to be told beside what the toolchain needs. */
  readonly environment?: Readonly<Record<string, string>>;
}

export async function judgePackage(name: string, options: JudgeOptions): Promise<PackageResult> {
  const binary = await testBinary(options.go, name, options.sources);
  if ("reason" in binary) return nothing(name, binary.reason);
  const native = await nativeRun(name, binary.program, options);
  const hooked = await testRun(name, options.prefix([binary.program, ...flagsOf(options)]), options);
  const hookedVerdicts = parseVerdicts(hooked.stdout);
  const nativeVerdicts = parseVerdicts(native.stdout);
  const differences: ExplainedDifference[] = [];
  for (const difference of compareVerdicts(nativeVerdicts, hookedVerdicts)) {
    const known = explanationOf(name, difference.test, options.by);
    differences.push({
      ...difference,
      explanation: known ?? (await differsByLoad(name, binary.program, difference.test, options)),
    });
  }
  return {
    name,
    nativePasses: passes(nativeVerdicts),
    hookedPasses: passes(hookedVerdicts),
    endings: { native: ending(native), hooked: ending(hooked) },
    endingExplanation: ending(native) === ending(hooked) ? undefined : explanationOf(name, ending(hooked), options.by),
    differences,
    seconds: { native: native.durationMs / 1000, hooked: hooked.durationMs / 1000 },
  };
}

/** Whether a result is good: every difference explained, and an ending that is, or that only such a difference changed. */
export function isGood(result: PackageResult): boolean {
  if (result.skipped !== undefined) return true;
  if (result.differences.some((difference) => difference.explanation === undefined)) return false;
  const { endings, endingExplanation, differences } = result;
  return endings.native === endings.hooked || differences.length > 0 || endingExplanation !== undefined;
}

const flagsOf = ({ go, flags = [] }: JudgeOptions): string[] => [...testFlags(go), ...flags];

async function nativeRun(name: string, program: string, options: JudgeOptions): Promise<Outcome> {
  const { flags = [] } = options;
  const file = `${program}${flags.length === 0 ? "" : `.${contentHash(flags)}`}.native.json`;
  if (options.reuseNative) {
    try {
      return JSON.parse(readFileSync(file, "utf8")) as Outcome;
    } catch {
      // There was no earlier run.
    }
  }
  const outcome = await testRun(name, [program, ...flagsOf(options)], options);
  writeFileSync(file, JSON.stringify(outcome));
  return outcome;
}

async function testRun(name: string, command: readonly string[], options: JudgeOptions): Promise<Outcome> {
  const cwd = options.sources ?? sourcesOf(options.go, name);
  // Some tests leave files behind; Unix sockets want a short path.
  const temporary = mkdtempSync(join(tmpdir(), "go-std-"));
  try {
    return await run(command, {
      cwd,
      // `go test` sets PWD so, and tests of working directories compare with it.
      environment: { ...options.go.environment, ...options.environment, PWD: cwd, TMPDIR: temporary },
      timeoutMs: options.timeoutMs,
    });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Runs one test alone, both ways, up to three times, until both agree. */
async function differsByLoad(
  name: string,
  program: string,
  test: string,
  options: JudgeOptions,
): Promise<string | undefined> {
  const pattern = `^${(test.split("/")[0] ?? test).replace(/[^A-Za-z0-9_]/g, ".")}$`;
  const flags = [...testFlags(options.go), `-test.run=${pattern}`];
  const verdict = (verdicts: Verdicts): string => verdicts.get(test) ?? "absent";
  const alone = { ...options, timeoutMs: Math.min(options.timeoutMs, ALONE_MS) };
  for (let attempt = 1; attempt <= 3; attempt++) {
    const native = parseVerdicts((await testRun(name, [program, ...flags], alone)).stdout);
    const hooked = parseVerdicts((await testRun(name, options.prefix([program, ...flags]), alone)).stdout);
    if (verdict(native) === verdict(hooked))
      return `run alone, ${verdict(native)} both ways: depends on load or on tests before it`;
  }
  return undefined;
}

function nothing(name: string, skipped: string): PackageResult {
  return {
    name,
    skipped,
    nativePasses: 0,
    hookedPasses: 0,
    endings: { native: "", hooked: "" },
    differences: [],
    seconds: { native: 0, hooked: 0 },
  };
}
