/** Builds the fixtures with a release in a link mode, once per content. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cached, contentHash, enter, folderContents, repository, scratch } from "./cache.ts";
import { garbleFor } from "./garble.ts";
import { commonFlags, type LinkMode } from "./modes.ts";
import type { Release } from "./releases.ts";
import { run } from "./run.ts";
import { toolchain } from "./toolchain.ts";

export const fixtureSources: string = join(repository, "test/fixtures");

export type Build =
  | { readonly program: string }
  /** The toolchain's own words. */
  | { readonly reason: string };

/** The program "fixtures" of this cell, or why there cannot be one. */
export async function buildFixtures(release: Release, mode: LinkMode): Promise<Build> {
  if (mode.garble && release.garble === undefined)
    return { reason: "no garble of the module proxy works with this release" };
  const hash = contentHash([JSON.stringify([release, mode]), ...folderContents(fixtureSources, /\.(go|mod)$/)]);
  const folder = join(cached("programs"), `go${release.minor}-${mode.name}-${hash}`);
  const program = join(folder, "fixtures");
  if (existsSync(program)) return { program };

  const go = await toolchain(release.version);
  const work = scratch("build");
  try {
    const garble = mode.garble ? await garbleFor(release, go) : undefined;
    const outcome = await run(
      [garble?.program ?? go.go, "build", ...commonFlags(release), ...mode.flags, "-o", join(work, "fixtures"), "."],
      {
        cwd: fixtureSources,
        environment: { ...(garble ?? go).environment, CGO_ENABLED: mode.cgo ? "1" : "0" },
        timeoutMs: 600_000,
      },
    );
    if (outcome.exitCode !== 0) return { reason: reasonFrom(outcome.stderr, outcome.timedOut) };
    enter(work, folder);
    return { program };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The last line of a toolchain's complaint that says something. */
function reasonFrom(stderr: string, timedOut: boolean): string {
  if (timedOut) return "the build took more than ten minutes";
  const silent = /^(#|go: downloading|exit status|collect2:|$)/;
  const lines = stderr.split("\n").map((line) => line.trim());
  return (lines.findLast((line) => !silent.test(line)) ?? "no reason given").slice(0, 400);
}

/** What the fixtures are known to call: a list of "name|name" or "name|name=ERRNO" for each. */
export const knownCalls: Readonly<Record<string, readonly string[]>> = JSON.parse(
  readFileSync(join(fixtureSources, "calls.json"), "utf8"),
) as Record<string, string[]>;
