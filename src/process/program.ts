/** From what the user names to a program that can be started hooked: looks it up and gets its patched copy. */
import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { ElsewhereError, exitCodes } from "../errors.ts";
import type { CopyCache, PatchedCopy } from "../patch/cache.ts";

const S_ISUID_OR_ISGID = 0o6000;

/** The patched copy of the program at `path`, started as `name`. @throws ElsewhereError when it cannot be hooked */
export async function copyFor(cache: CopyCache, path: string, name: string): Promise<PatchedCopy> {
  const { mode } = statSync(path);
  if ((mode & S_ISUID_OR_ISGID) !== 0)
    throw new ElsewhereError({
      code: "patch-impossible",
      message: `${path} changes its user or group when it starts (set-user-ID)`,
      context: ["a copy would run without those rights"],
      exitCode: exitCodes.cannotRun,
    });
  return cache.copyOf(path, basename(name), async (bytes) => {
    const { planFor } = await import("./plan.ts");
    return planFor(bytes, path);
  });
}

/** Whether what is started from the file at `path` can be hooked. */
export async function canBeHooked(path: string): Promise<boolean> {
  const { planFor } = await import("./plan.ts");
  try {
    await planFor(readFileSync(path), path);
    return true;
  } catch (error) {
    if (error instanceof ElsewhereError) return false;
    throw error;
  }
}

/**
 * The file that `name` stands for, as a shell finds it: with a slash a path, without one
 * the first executable file of that name on PATH.
 * @throws ElsewhereError `not-found`, `not-a-file`, `not-executable`
 */
export function findProgram(name: string, env: NodeJS.ProcessEnv, cwd: string): string {
  if (name.includes("/")) return checkProgram(join(name.startsWith("/") ? "/" : cwd, name), name);
  let refused: ElsewhereError | undefined;
  for (const folder of (env["PATH"] ?? "").split(":")) {
    try {
      return checkProgram(join(folder === "" ? cwd : folder, name), name);
    } catch (error) {
      if (!(error instanceof ElsewhereError)) throw error;
      if (error.code !== "not-found") refused ??= error;
    }
  }
  throw refused ?? notFound(name, "it is in no directory of PATH");
}

function checkProgram(path: string, name: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw notFound(name, `${path} does not exist`);
  if (!stat.isFile())
    throw new ElsewhereError({
      code: "not-a-file",
      message: `${name} is ${stat.isDirectory() ? "a directory" : "not a regular file"}`,
      exitCode: exitCodes.cannotRun,
    });
  try {
    accessSync(path, constants.X_OK);
  } catch (cause) {
    throw new ElsewhereError({
      code: "not-executable",
      message: `${name} is not executable`,
      context: [`mode: 0${(stat.mode & 0o7777).toString(8)}`],
      hint: `chmod +x ${path}`,
      exitCode: exitCodes.cannotRun,
      cause,
    });
  }
  return path;
}

function notFound(name: string, why: string): ElsewhereError {
  return new ElsewhereError({
    code: "not-found",
    message: `${name}: program not found`,
    context: [why],
    exitCode: exitCodes.notFound,
  });
}

/** Whether execve could start the file at `path`, as far as its mode says. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
