/** Runs a program to its end and keeps everything that a comparison needs. */
import { spawn } from "node:child_process";

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  /** Null where a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly timedOut: boolean;
  readonly durationMs: number;
}

export interface RunOptions {
  readonly cwd: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
  /** Written to standard input; without it standard input is /dev/null. */
  readonly input?: string;
}

/**
 * Runs `command` in a session of its own, so that a program that hangs is ended
 * together with everything it started.
 */
export function run(command: readonly string[], options: RunOptions): Promise<Outcome> {
  const [program, ...args] = command;
  if (program === undefined) throw new Error("no command");
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...(options.environment ?? process.env) },
      detached: true,
      stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      endGroup(child.pid);
    }, options.timeoutMs);
    child.stdout?.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on("data", (chunk: Buffer) => stderr.push(chunk));
    // The program may end without having read all of it.
    child.stdin?.on("error", () => {});
    child.stdin?.end(options.input);
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on("close", (exitCode, signal) => {
      clearTimeout(timer);
      resolve({
        stdout: Buffer.concat(stdout).toString("latin1"),
        stderr: Buffer.concat(stderr).toString("latin1"),
        exitCode,
        signal,
        timedOut,
        durationMs: performance.now() - started,
      });
    });
  });
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It ended by itself in the meantime.
  }
}

/** "exit 3", "SIGTERM", "timed out" */
export function ending(outcome: Outcome): string {
  if (outcome.timedOut) return "timed out";
  return outcome.signal ?? `exit ${outcome.exitCode}`;
}

/** Where two runs differ, a line each; none where a user could not tell one from the other. */
export function differences(native: Outcome, hooked: Outcome): string[] {
  const found: string[] = [];
  if (ending(native) !== ending(hooked)) found.push(`ends with ${ending(hooked)} instead of ${ending(native)}`);
  for (const stream of ["stdout", "stderr"] as const)
    found.push(...lineDifferences(native[stream], hooked[stream]).map((line) => `${stream}: ${line}`));
  return found;
}

/** The first lines that differ: after a line too many all of them would. */
function lineDifferences(native: string, hooked: string): string[] {
  const expected = native.split("\n");
  const actual = hooked.split("\n");
  const found: string[] = [];
  for (let line = 0; line < Math.max(expected.length, actual.length) && found.length < 5; line++)
    if (expected[line] !== actual[line])
      found.push(`line ${line + 1} is ${quote(actual[line])} instead of ${quote(expected[line])}`);
  return found;
}

function quote(line: string | undefined): string {
  return line === undefined ? "missing" : JSON.stringify(line.slice(0, 300));
}
