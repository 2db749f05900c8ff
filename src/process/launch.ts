/**
 * Starts a program hooked and stays out of its way: its own name and arguments, its
 * standard streams, process group, terminal, working directory and resource limits are those
 * it would have without us; its end is reported as the kernel reports it.
 */
import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import { readFileSync, readlinkSync, realpathSync } from "node:fs";
import { ElsewhereError, exitCodes } from "../errors.ts";
import { getResourceLimit, type ResourceLimit, RLIMIT_NOFILE, setResourceLimit } from "../linux/native.ts";
import { environment } from "../mailbox/layout.ts";
import type { CopyCache } from "../patch/cache.ts";
import { copyFor, findProgram } from "./program.ts";
import type { Supervisor } from "./supervisor.ts";

export interface LaunchOptions {
  /** As the user typed it: a path, or a name to be found on PATH. */
  readonly program: string;
  readonly args: readonly string[];
  /** argv[0]; `program` where it is not given. */
  readonly argv0?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly stdio: StdioOptions;
  readonly cache: CopyCache;
  /** What the program sees as its own path, where that is not where it is started from. */
  readonly seenAs?: string | undefined;
}

/** How a process ended: exactly one of both is not null. */
export interface Ending {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Launched {
  readonly pid: number;
  /** The program's real path. */
  readonly program: string;
  readonly child: ChildProcess;
  readonly ended: Promise<Ending>;
}

/**
 * @throws ElsewhereError when the program is not found or cannot be hooked; nothing was started then
 */
export async function launch(supervisor: Supervisor, options: LaunchOptions): Promise<Launched> {
  const program = realpathSync(findProgram(options.program, options.env, options.cwd));
  const copy = await copyFor(options.cache, program, options.program);
  const child = spawn(copy.path, options.args, {
    argv0: options.argv0 ?? options.program,
    cwd: options.cwd,
    stdio: options.stdio,
    // Last and in this order: the bootstrap takes them out again.
    env: { ...options.env, ...bootstrapEnvironment(supervisor, options.seenAs ?? program) },
  });
  supervisor.onProcess.push(({ pid }) => {
    if (pid === child.pid) restoreFileLimit(pid);
  });
  const ended = new Promise<Ending>((resolve, reject) => {
    child.once("error", (cause) =>
      reject(
        new ElsewhereError({
          code: "launch-failed",
          message: `${options.program} cannot be started`,
          context: [cause.message, `patched copy: ${copy.path}`],
          exitCode: exitCodes.cannotRun,
          cause,
        }),
      ),
    );
    child.once("exit", (exitCode, signal) => resolve({ exitCode, signal }));
  });
  if (child.pid === undefined) await ended;
  return { pid: child.pid ?? 0, program, child, ended };
}

function bootstrapEnvironment(supervisor: Supervisor, program: string): Record<string, string> {
  return { [environment.mailbox]: supervisor.mailbox.path, [environment.program]: program };
}

/**
 * Node.js raises its own soft limit of open files at start (node.cc, PlatformInit). Gives the process
 * the limit it would have had: that of the nearest ancestor that is not Node.js, where the
 * hard limit is the same. Before the program's first instruction, so nobody can notice.
 */
function restoreFileLimit(pid: number): void {
  const ours = getResourceLimit(0, RLIMIT_NOFILE);
  const theirs = inheritedFileLimit();
  if (ours !== undefined && theirs !== undefined && theirs.hard === ours.hard && theirs.soft < ours.soft)
    setResourceLimit(pid, RLIMIT_NOFILE, theirs);
}

function inheritedFileLimit(): ResourceLimit | undefined {
  try {
    const node = readlinkSync("/proc/self/exe");
    for (let pid = process.ppid; pid > 0; pid = parentOf(pid))
      if (readlinkSync(`/proc/${pid}/exe`) !== node) return getResourceLimit(pid, RLIMIT_NOFILE);
  } catch {
    // An ancestor of another user: its limits are not ours to see.
  }
  return undefined;
}

const parentOf = (pid: number): number =>
  Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? 0);
