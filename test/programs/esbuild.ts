/** esbuild of every Go generation bundles a project, as it is and traced: the same bytes must come out. */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cached } from "../matrix/cache.ts";
import { readTrace, traced } from "../matrix/elsewhere.ts";
import { differences, run } from "../matrix/run.ts";
import { npmPackage } from "./packages.ts";
import { writeProject } from "./project.ts";

export interface EsbuildRelease {
  readonly specifier: string;
  /** The Go release that built it. */
  readonly go: string;
}

export const esbuildReleases: readonly EsbuildRelease[] = [
  { specifier: "esbuild-linux-64@0.5.0", go: "1.14" },
  { specifier: "esbuild-linux-64@0.8.30", go: "1.15" },
  { specifier: "esbuild-linux-64@0.9.0", go: "1.16" },
  { specifier: "esbuild-linux-64@0.13.0", go: "1.17" },
  { specifier: "esbuild-linux-64@0.14.40", go: "1.18" },
  { specifier: "esbuild-linux-64@0.15.0", go: "1.19" },
  { specifier: "@esbuild/linux-x64@0.18.0", go: "1.20" },
  { specifier: "@esbuild/linux-x64@0.23.0", go: "1.22" },
  { specifier: "@esbuild/linux-x64@0.25.0", go: "1.23" },
  { specifier: "@esbuild/linux-x64@0.27.2", go: "1.25" },
  { specifier: "@esbuild/linux-x64@0.28.2", go: "1.26" },
];

/** What is different when it is traced; nothing when all is well. */
export async function judgeEsbuild(release: EsbuildRelease): Promise<string[]> {
  const program = join(await npmPackage(release.specifier), "bin/esbuild");
  const folder = join(cached("runs"), `esbuild-${release.go}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeProject(folder, 60);
  const command = [
    program,
    "source/main.ts",
    "--bundle",
    "--minify",
    "--sourcemap",
    "--outdir=out",
    "--log-level=error",
  ];
  const file = `${folder}.trace`;
  const native = await run(command, { cwd: folder, timeoutMs: 60_000 });
  const nativeBytes = takeOutput(folder);
  const hooked = await run(traced(file, command), { cwd: folder, timeoutMs: 120_000 });
  const hookedBytes = takeOutput(folder);
  const problems = differences(native, hooked);
  if (native.exitCode !== 0) problems.push(`it does not bundle natively: ${native.stderr}`);
  if (nativeBytes.length < 2) problems.push("no bundle and source map were written");
  if (nativeBytes.join() !== hookedBytes.join())
    problems.push(`bundles differ: ${nativeBytes.join()} / ${hookedBytes.join()}`);
  if (!readTrace(file).some((call) => call.call === "write")) problems.push("the trace lacks write");
  rmSync(folder, { recursive: true });
  rmSync(file);
  return problems;
}

/** Names and hashes of what was written, which is then removed. */
function takeOutput(folder: string): string[] {
  const output = join(folder, "out");
  const found = readdirSync(output).map(
    (name) =>
      `${name} ${createHash("sha256")
        .update(readFileSync(join(output, name)))
        .digest("hex")}`,
  );
  rmSync(output, { recursive: true });
  return found;
}
