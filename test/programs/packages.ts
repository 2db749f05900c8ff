/** Programs that other people built, from the npm registry into the test cache. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cached, enter, scratch } from "../matrix/cache.ts";
import { run } from "../matrix/run.ts";

/** The folder of `name@version`, unpacked and not installed: none of its scripts run. */
export async function npmPackage(specifier: string): Promise<string> {
  const folder = join(cached("packages"), specifier.replaceAll("/", "_"));
  if (existsSync(folder)) return folder;
  const work = scratch("package");
  try {
    await mustRun(["npm", "pack", "--silent", "--ignore-scripts", specifier], work);
    const archive = readdirSync(work).find((name) => name.endsWith(".tgz"));
    if (archive === undefined) throw new Error(`npm pack ${specifier} brought nothing`);
    await mustRun(["tar", "xzf", archive], work);
    enter(join(work, "package"), folder);
    return folder;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Runs a command that has to succeed and gives its standard output. */
export async function mustRun(
  command: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string> {
  const outcome = await run(command, { cwd, timeoutMs: 600_000, environment });
  if (outcome.exitCode !== 0) throw new Error(`${command.join(" ")}: ${outcome.stderr.trim().slice(-500)}`);
  return outcome.stdout;
}
