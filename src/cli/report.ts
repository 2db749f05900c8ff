/** How a failure looks to the user: what, the facts, what to do. Never a stack trace for their mistake. */
import { isatty } from "node:tty";
import { CommanderError } from "commander";
import pc from "picocolors";
import { ElsewhereError, exitCodes } from "../errors.ts";

const STDERR = 2;

/** Whether standard error takes colours: a terminal, and NO_COLOR is not set (no-color.org). */
export function wantsColour(env: NodeJS.ProcessEnv = process.env, descriptor: number = STDERR): boolean {
  if (env["NO_COLOR"]) return false;
  if (env["FORCE_COLOR"] !== undefined) return env["FORCE_COLOR"] !== "0";
  return isatty(descriptor) && env["TERM"] !== "dumb";
}

/** What `using` makes of two failures (SuppressedError, which not every Node.js has); it says of neither what it was. */
const isSuppressed = (error: unknown): error is { readonly error: unknown; readonly suppressed: unknown } =>
  error instanceof Error && "suppressed" in error && "error" in error;

/** Prints `error` to standard error. @returns the exit code */
export function reportError(error: unknown): number {
  if (isSuppressed(error)) {
    const code = reportError(error.suppressed); // what went wrong first; the other while that was cleared up
    reportError(error.error);
    return code;
  }
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.toolFailed; // it has printed itself
  const { bold, red, dim } = pc.createColors(wantsColour());
  if (!(error instanceof ElsewhereError)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    console.error(`${red(bold("elsewhere: a bug of elsewhere:"))} ${text}\nPlease report it, with the command.`);
    return exitCodes.toolFailed;
  }
  console.error(`${red(bold("elsewhere:"))} ${error.message}`);
  for (const line of error.context) console.error(`  ${line}`);
  if (error.hint !== undefined) console.error(dim(`  → ${error.hint}`));
  return error.exitCode;
}
