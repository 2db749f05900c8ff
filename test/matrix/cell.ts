/**
 * A cell of the matrix: one release, one link mode. Its fixtures run as they are and
 * hooked, each time in an empty directory of the same name; both must give the same
 * output, end the same way, and the trace must hold the calls that the fixture is
 * known to make.
 */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildFixtures, knownCalls } from "./build.ts";
import { cached } from "./cache.ts";
import { missingCalls, readTrace, traced } from "./elsewhere.ts";
import { type LinkMode } from "./modes.ts";
import type { Release } from "./releases.ts";
import { differences, ending, type Outcome, run } from "./run.ts";

export interface FixtureRun {
  readonly name: string;
  readonly args: readonly string[];
  /** Only in builds with cgo. */
  readonly cgo?: true;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Every run of a cell; the name is a key of calls.json. */
export const fixtureRuns: readonly FixtureRun[] = [
  { name: "files", args: ["files"] },
  { name: "tcp", args: ["tcp"] },
  { name: "udp", args: ["udp"] },
  { name: "unix", args: ["unix"] },
  { name: "exec", args: ["exec"] },
  { name: "signals", args: ["signals"] },
  { name: "timers", args: ["timers"] },
  { name: "goroutines", args: ["goroutines"] },
  { name: "stacks", args: ["stacks"] },
  { name: "identity", args: ["identity", "an argument", ""] },
  { name: "resolver", args: ["resolver"], environment: { GODEBUG: "netdns=go" } },
  { name: "resolver", args: ["resolver"], cgo: true, environment: { GODEBUG: "netdns=cgo" } },
  { name: "cgo", args: ["cgo"], cgo: true },
  { name: "exit", args: ["exit", "0"] },
  { name: "exit", args: ["exit", "42"] },
  { name: "die", args: ["die", "TERM"] },
  { name: "die", args: ["die", "KILL"] },
];

export type CellResult =
  | { readonly verdict: "same"; readonly runs: number }
  | { readonly verdict: "differs"; readonly problems: readonly string[] }
  /** The toolchain does not build it, or what it builds does not run by itself. */
  | { readonly verdict: "impossible"; readonly reason: string };

export interface CellOptions {
  /** Run without the tool, twice natively: shows what the machine and the fixtures do by themselves. */
  readonly nativeOnly?: boolean;
  /** Runs only fixtures of these names. */
  readonly fixtures?: readonly string[];
}

/** Builds and judges a cell. */
export async function judgeCell(release: Release, mode: LinkMode, options: CellOptions = {}): Promise<CellResult> {
  const build = await buildFixtures(release, mode);
  if ("reason" in build) return { verdict: "impossible", reason: build.reason };
  const folder = join(cached("runs"), `go${release.minor}-${mode.name}`);
  const problems: string[] = [];
  let runs = 0;
  for (const fixture of fixtureRuns) {
    if (fixture.cgo && !mode.cgo) continue;
    if (options.fixtures && !options.fixtures.includes(fixture.name)) continue;
    const environment = { ...plainEnvironment, ...mode.environment, ...fixture.environment };
    const command = [build.program, ...fixture.args];
    const native = await runInEmptyFolder(folder, command, environment);
    if (native.timedOut || native.exitCode === 66 || native.stderr.includes("ThreadSanitizer"))
      return {
        verdict: "impossible",
        reason: `${fixture.name} does not run: ${ending(native)} ${native.stderr.slice(0, 200)}`,
      };
    runs++;
    const title = fixture.args.join(" ").trim();
    if (options.nativeOnly) {
      const again = await runInEmptyFolder(folder, command, environment);
      problems.push(...differences(native, again).map((line) => `${title}: ${line}`));
      continue;
    }
    const file = `${folder}.trace`;
    rmSync(file, { force: true });
    const hooked = await runInEmptyFolder(folder, traced(file, command), environment);
    problems.push(...differences(native, hooked).map((line) => `${title}: ${line}`));
    problems.push(...traceProblems(file, fixture.name).map((line) => `${title}: ${line}`));
  }
  rmSync(folder, { recursive: true, force: true });
  rmSync(`${folder}.trace`, { force: true });
  return problems.length === 0 ? { verdict: "same", runs } : { verdict: "differs", problems };
}

/** Nothing of the machine's own environment reaches a fixture. */
const plainEnvironment: Readonly<Record<string, string>> = {
  PATH: "/usr/local/bin:/usr/bin:/bin",
  HOME: process.env["HOME"] ?? "/",
  LANG: "C.UTF-8",
};

async function runInEmptyFolder(
  folder: string,
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Outcome> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return run(command, { cwd: folder, environment, timeoutMs: 60_000 });
}

function traceProblems(file: string, fixture: string): string[] {
  if (!existsSync(file)) return ["no trace was written"];
  const known = knownCalls[fixture];
  if (known === undefined) throw new Error(`calls.json does not know ${fixture}`);
  try {
    return missingCalls(known, readTrace(file)).map((call) => `the trace lacks ${call}`);
  } catch (error) {
    return [String(error)];
  }
}
