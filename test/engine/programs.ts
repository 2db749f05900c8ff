/** Programs of the tests, built, and the command that runs it with its getpgid answered. */
import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cached, contentHash, folderContents, repository, scratch } from "../matrix/cache.ts";
import { run } from "../matrix/run.ts";

/** The probe's path: static, built once per content. */
export const probeProgram = (): Promise<string> => goProgram("probe", join(repository, "test/engine/probe"));

/** The Go program `name` whose sources are in this folder: static, built once per content. */
export async function goProgram(name: string, source: string): Promise<string> {
  const folder = join(cached("programs"), `${name}-${contentHash(folderContents(source, /\.(go|mod)$/))}`);
  const program = join(folder, name);
  if (existsSync(program)) return program;
  const work = scratch(name);
  const environment = { ...process.env, CGO_ENABLED: "0" };
  const built = await run(["go", "build", "-trimpath", "-o", join(work, name), "."], {
    cwd: source,
    environment,
    timeoutMs: 300_000,
  });
  if (built.exitCode !== 0) throw new Error(`${name} does not build:\n${built.stderr}`);
  if (existsSync(folder)) rmSync(work, { recursive: true });
  else renameSync(work, folder);
  return program;
}

/** The command that runs `program` with getpgid answered by answer.ts; `flags` are for answer.ts. */
export function answered(flags: readonly string[], program: readonly string[]): string[] {
  return [process.execPath, join(repository, "test/engine/answer.ts"), ...flags, "--", ...program];
}
