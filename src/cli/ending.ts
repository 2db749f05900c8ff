/**
 * Ends as the program ended: with its exit code, or by its signal. `_exit` rather than
 * `process.exit`, for Node.js would put the terminal back to what it was when Node.js
 * started, and undo what the program did to it (`stty`, a pager, an editor).
 */
import { constants } from "node:os";
import { exitNow, kill, RLIMIT_CORE, setResourceLimit } from "../linux/native.ts";
import type { Ending } from "../process/launch.ts";
import { reportError } from "./report.ts";

/** Signals that ask elsewhere alone to end, or tell it something: the program gets them. */
const forwarded: readonly NodeJS.Signals[] = ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"];
/** Sent by the terminal to every process in the foreground: the program has them already. */
const shared: readonly NodeJS.Signals[] = ["SIGINT", "SIGQUIT"];

/** From now on signals are the program's business. */
export function leaveSignalsTo(pid: number): void {
  for (const signal of forwarded) process.on(signal, () => void kill(pid, constants.signals[signal]));
  for (const signal of shared) process.on(signal, () => {});
}

/**
 * Does what is left to do when the program has ended: every step, whatever became of those before. A failure is told to the user,
 * and how the program had ended as well, for nothing else tells it then.
 * @returns the exit code of the first failure; undefined where there is none
 */
export async function finish(
  ending: Ending,
  steps: readonly (() => void | Promise<void>)[],
): Promise<number | undefined> {
  let failed: number | undefined;
  for (const step of steps)
    try {
      await step();
    } catch (error) {
      const code = reportError(error);
      failed ??= code;
    }
  if (failed !== undefined) console.error(`  the program itself had ended with ${describe(ending)}`);
  return failed;
}

const describe = ({ exitCode, signal }: Ending): string =>
  signal === null ? `exit code ${exitCode ?? 0}` : `signal ${signal}`;

export function endAs({ exitCode, signal }: Ending): never {
  if (signal !== null) {
    setResourceLimit(0, RLIMIT_CORE, { soft: 0n, hard: 0n }); // one core file is enough: the program's
    process.removeAllListeners(signal);
    kill(process.pid, constants.signals[signal]);
  }
  exitNow(signal === null ? (exitCode ?? 0) : 128 + constants.signals[signal]);
  throw new Error("_exit returned");
}
