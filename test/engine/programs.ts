/** The probe, built, and the command that runs it with its getpgid answered. */
import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cached, contentHash, folderContents, repository, scratch } from "../matrix/cache.ts";
import { run } from "../matrix/run.ts";

const source = join(repository, "test/engine/probe");

/** The probe's path: static, built once per content. */
export async function probeProgram(): Promise<string> {
  const folder = join(cached("programs"), `probe-${contentHash(folderContents(source, /\.(go|mod)$/))}`);
  const program = join(folder, "probe");
  if (existsSync(program)) return program;
  const work = scratch("probe");
  const environment = { ...process.env, CGO_ENABLED: "0" };
  const built = await run(["go", "build", "-trimpath", "-o", join(work, "probe"), "."], {
    cwd: source,
    environment,
    timeoutMs: 300_000,
  });
  if (built.exitCode !== 0) throw new Error(`the probe does not build:\n${built.stderr}`);
  if (existsSync(folder)) rmSync(work, { recursive: true });
  else renameSync(work, folder);
  return program;
}

/** The command that runs `program` with getpgid answered by answer.ts; `flags` are for answer.ts. */
export function answered(flags: readonly string[], program: readonly string[]): string[] {
  return [process.execPath, join(repository, "test/engine/answer.ts"), ...flags, "--", ...program];
}
