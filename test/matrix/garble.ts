/**
 * Builds the garble that belongs to a Go release, with that release, from garble's own
 * module: its go.mod and go.sum choose the dependencies.
 */
import { cpSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cached, enter, scratch } from "./cache.ts";
import type { Release } from "./releases.ts";
import { run } from "./run.ts";
import { downloadModule, type Toolchain } from "./toolchain.ts";

export interface Garble {
  readonly program: string;
  /** What garble and the `go` that it starts need. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The garble for `release`, built when it is not here. */
export async function garbleFor(release: Release, go: Toolchain): Promise<Garble> {
  if (release.garble === undefined) throw new Error(`no garble for Go ${release.version}`);
  const folder = join(cached("garble"), `${release.garble}-go${release.version}`);
  const program = join(folder, "garble");
  if (!existsSync(program)) await build(release.garble, folder, go);
  const root = join(folder, "goroot");
  return {
    program,
    environment: {
      ...go.environment,
      PATH: `${join(root, "bin")}:${go.environment["PATH"]}`,
      // The fixtures' module is what releases obfuscate that ask; the latest take everything.
      GOPRIVATE: "example.com",
      GOGARBLE: "example.com",
    },
  };
}

async function build(version: string, folder: string, go: Toolchain): Promise<void> {
  const work = scratch("garble");
  try {
    const sources = join(work, "sources");
    cpSync(await downloadModule(`mvdan.cc/garble@${version}`, go.go), sources, { recursive: true, mode: 0 });
    await mustRun(["chmod", "-R", "u+w", sources], work, go);
    await mustRun([go.go, "build", "-o", join(work, "garble"), "."], sources, go);
    rmSync(sources, { recursive: true });
    // garble builds a linker of its own over the release's sources, which Go refuses inside the module cache.
    await copyTree(go, join(work, "goroot"), work);
    enter(work, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Hard links where the file system can, or copies. */
async function copyTree(go: Toolchain, target: string, work: string): Promise<void> {
  try {
    await mustRun(["cp", "-al", go.root, target], work, go);
  } catch {
    await mustRun(["cp", "-a", go.root, target], work, go);
  }
  await mustRun(["find", target, "-type", "d", "-exec", "chmod", "u+w", "{}", "+"], work, go);
}

async function mustRun(command: readonly string[], cwd: string, go: Toolchain): Promise<void> {
  const environment = { ...go.environment, CGO_ENABLED: "0" };
  const outcome = await run(command, { cwd, environment, timeoutMs: 600_000 });
  if (outcome.exitCode !== 0) throw new Error(`${command.join(" ")}: ${outcome.stderr.trim().slice(-400)}`);
}
