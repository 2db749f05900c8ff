/** The driver, run natively and under hooks. */
import { realpathSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { type HookedProgram, type HookFailure, type HookSet, launch, type LaunchOptions } from "../../src/index.ts";
import { goProgram } from "../engine/programs.ts";
import { repository } from "../matrix/cache.ts";
import { run } from "../matrix/run.ts";

/** The driver's path, symbolic links resolved; main.go says what it can do. */
export const driverProgram = async (): Promise<string> =>
  realpathSync(await goProgram(join(repository, "test/hooks/driver")));

export interface Hooked {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
  /** Hooks that failed. */
  readonly failures: readonly HookFailure[];
}

/** The driver's words, an operation after another: "cat /etc/hosts , exe". */
export const words = (operations: string): string[] => operations.split(" ");

/** What the driver prints when nobody hooks it. */
export async function natively(operations: string): Promise<string> {
  const { stdout, stderr, exitCode } = await run([await driverProgram(), ...words(operations)], {
    cwd: "/",
    timeoutMs: 20_000,
  });
  if (exitCode !== 0) throw new Error(`the driver failed: ${stderr}`);
  return stdout;
}

/** What it prints under these hooks, the outermost first. */
export async function hooked(
  operations: string | readonly string[],
  hooks: HookSet | readonly HookSet[],
  options: LaunchOptions = {},
): Promise<Hooked> {
  const failures: HookFailure[] = [];
  await using program: HookedProgram = await launch(await driverProgram(), {
    args: typeof operations === "string" ? words(operations) : operations,
    cwd: "/",
    stdio: ["ignore", "pipe", "pipe"],
    hooks,
    onHookError: (failure) => failures.push(failure),
    ...options,
  });
  const [stdout, stderr, { exitCode }] = await Promise.all([all(program.stdout), all(program.stderr), program.exited]);
  return { stdout, stderr, exitCode, failures };
}

/** Everything that comes out of a program's stream. */
export const all = async (stream: Readable | null): Promise<string> => (stream === null ? "" : text(stream));

/** What the driver printed of its last operation, behind the colon. */
export const answer = (stdout: string): string =>
  stdout
    .trimEnd()
    .split("\n")
    .at(-1)
    ?.replace(/^.*?: /, "") ?? "";
