/** Builds the garble that belongs to a Go release, with that release. */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cached, scratch } from "./cache.ts";
import type { Release } from "./releases.ts";
import { run } from "./run.ts";
import type { Toolchain } from "./toolchain.ts";

/** Path of the `garble` command for `release`. */
export async function garbleFor(release: Release, go: Toolchain): Promise<string> {
  const folder = join(cached("garble"), `${release.garble}-go${release.version}`);
  const program = join(folder, "garble");
  if (existsSync(program)) return program;
  const work = scratch("garble");
  try {
    // A module of our own that requires it: `go install path@version` is younger than the oldest release here.
    mkdirSync(join(work, "module"));
    writeFileSync(join(work, "module/go.mod"), `module tool\n\ngo ${release.minor}\n`);
    writeFileSync(join(work, "module/tool.go"), '// +build tools\n\npackage tool\n\nimport _ "mvdan.cc/garble"\n');
    const steps = [
      ["get", "-d", `mvdan.cc/garble@${release.garble}`],
      ["build", "-mod=mod", "-o", join(work, "garble"), "mvdan.cc/garble"],
    ];
    for (const step of steps) {
      const outcome = await run([go.go, ...step], {
        cwd: join(work, "module"),
        environment: { ...go.environment, CGO_ENABLED: "0" },
        timeoutMs: 600_000,
      });
      if (outcome.exitCode !== 0)
        throw new Error(`cannot build garble ${release.garble}: ${outcome.stderr.trim().split("\n").at(-1)}`);
    }
    rmSync(join(work, "module"), { recursive: true });
    if (!existsSync(folder)) renameSync(work, folder);
    return program;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
