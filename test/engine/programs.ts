/** The tests' own Go programs, built, and the command that runs the probe with its getpgid answered. */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { cached, contentHash, enter, folderContents, repository, scratch } from "../matrix/cache.ts";
import { run } from "../matrix/run.ts";

/** The probe's path. */
export const probeProgram = (): Promise<string> => goProgram(join(repository, "test/engine/probe"));

/**
 * The path of the program whose sources are in folder `source`: static, named like the folder, built once per content.
 * @param flags more of `go build`
 */
export async function goProgram(source: string, flags: readonly string[] = []): Promise<string> {
  const name = basename(source);
  const folder = join(
    cached("programs"),
    `${name}-${contentHash([...folderContents(source, /\.(go|mod)$/), ...flags])}`,
  );
  const program = join(folder, name);
  if (existsSync(program)) return program;
  const work = scratch(name);
  const environment = { ...process.env, CGO_ENABLED: "0" };
  const built = await run(["go", "build", "-trimpath", ...flags, "-o", join(work, name), "."], {
    cwd: source,
    environment,
    timeoutMs: 300_000,
  });
  if (built.exitCode !== 0) throw new Error(`${name} does not build:\n${built.stderr}`);
  enter(work, folder);
  return program;
}

/** The command that runs `program` with getpgid answered by answer.ts; `flags` are for answer.ts. */
export function answered(flags: readonly string[], program: readonly string[]): string[] {
  return [process.execPath, join(repository, "test/engine/answer.ts"), ...flags, "--", ...program];
}
