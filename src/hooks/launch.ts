/** A program started under hooks, as a library sees it. */
import type { StdioOptions } from "node:child_process";
import { fstatSync, readFileSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { kill } from "../linux/native.ts";
import { requireHostMachine } from "../machine/machines.ts";
import { ListeningKernel } from "../model/listening.ts";
import { CopyCache } from "../patch/cache.ts";
import { AskedCalls, lookAt } from "../process/asked.ts";
import { dieWithParent, Guard } from "../process/guard.ts";
import { endOf, Kernel } from "../process/kernel.ts";
import { type Ending, launch as launchProgram, type Launched } from "../process/launch.ts";
import { isAlive } from "../process/processes.ts";
import { Supervisor } from "../process/supervisor.ts";
import type { HookSet } from "./define.ts";
import type { OnHookError } from "./failure.ts";
import { HookChains } from "./hook-chains.ts";
import type { HookedProcess } from "./types.ts";

/** How a program is started. */
export interface LaunchOptions {
  readonly args?: readonly string[];
  /** What the program gets as argv[0]; `program` where it is not given. */
  readonly argv0?: string | undefined;
  /** The path that the program sees as its own, where that is not where it is started from. */
  readonly seenAs?: string | undefined;
  /** The whole environment; this process's own where it is not given. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** As of `child_process.spawn`; "pipe" where it is not given. */
  readonly stdio?: StdioOptions;
  /** The first one is the outermost. */
  readonly hooks?: HookSet | readonly HookSet[];
  /** Behind all of those, and those that are added while it runs. */
  readonly innermost?: readonly HookSet[];
  /** Ends the program as disposal does. */
  readonly signal?: AbortSignal;
  /** Where patched copies are kept; the user's cache where it is not given. */
  readonly cache?: string;
  /** Whether Go programs that the program starts are hooked too: true. */
  readonly follow?: boolean;
  /**
   * Whether the program goes on without hooks when this process is killed: true. Else it is killed as well, and so are
   * hooked programs that it has started.
   */
  readonly survives?: boolean;
  /** Told of hooks that fail, once per place; prints to standard error where it is not given. */
  readonly onHookError?: OnHookError;
  /** Told before a program starts that cannot be hooked. */
  readonly onUnhooked?: (unhooked: { readonly pid: number; readonly program: string; readonly reason: string }) => void;
}

/** A program that runs, or has run, under hooks. */
export interface HookedProgram extends AsyncDisposable {
  readonly pid: number;
  /** How it ended: one of both is null. Its calls are not hooked any more then, nor those of programs it left behind. */
  readonly exited: Promise<Ending>;
  /** Null where it is not a pipe. */
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** The hooked processes that have made a call and are there: the program, and what it started. */
  readonly processes: readonly HookedProcess[];
  /** Asked behind those that are there, from the next call on. @throws ElsewhereError on a name that is no call */
  addHooks(...hooks: readonly HookSet[]): void;
  /** Calls that wait for one of its hooks still get its answer. */
  removeHooks(...hooks: readonly HookSet[]): void;
  /** `after` stands where `before` stood. @throws ElsewhereError on a name that is no call; nothing has changed then */
  replaceHooks(before: HookSet, after: HookSet): void;
  /** Ends the program, and the hooked ones that it started, with SIGKILL if need be; waits until it has ended. */
  [Symbol.asyncDispose](): Promise<void>;
}

const SIGKILL = 9;

/**
 * Starts a program hooked.
 * @param program a path, or a name to be found on PATH
 * @throws ElsewhereError when it is not found, or cannot be hooked; nothing was started then
 */
export async function launch(program: string, options: LaunchOptions = {}): Promise<HookedProgram> {
  options.signal?.throwIfAborted();
  const machine = requireHostMachine();
  const cache = new CopyCache(options.cache);
  const supervisor = new Supervisor({
    futexCall: machine.calls.number("futex") ?? 0,
    isDeadly: options.survives === false,
  });
  const { ino } = fstatSync(supervisor.mailbox.descriptor);
  const guard = options.survives === false ? new Guard(ino) : undefined;
  if (guard !== undefined)
    supervisor.prepare = (call, done) => dieWithParent(call, machine.calls.number("prctl") ?? 0, done);
  try {
    const kernel = new Kernel(supervisor, {
      machine,
      cache,
      follow: options.follow ?? true,
      unhooked: (call, path, reason) => options.onUnhooked?.({ pid: call.process.pid, program: path, reason }),
    });
    const chains = new HookChains(supervisor, {
      calls: machine.calls,
      behind: new ListeningKernel(supervisor, machine, kernel),
      onHookError: options.onHookError,
      innermost: options.innermost,
    });
    const asked = new AskedCalls(supervisor, (call) => chains.serve(call, endOf(call), { result: false }));
    chains.onCalls = () =>
      asked.set({ always: chains.calls, watched: lookAt(chains.paths), marked: chains.markedCalls });
    chains.add(...[options.hooks ?? []].flat());
    const launched = await launchProgram(supervisor, {
      program,
      args: options.args ?? [],
      argv0: options.argv0,
      seenAs: options.seenAs,
      env: options.env ?? process.env,
      cwd: options.cwd ?? process.cwd(),
      stdio: options.stdio ?? "pipe",
      cache,
    });
    return handleOf(supervisor, chains, launched, { ino, guard, signal: options.signal });
  } catch (error) {
    supervisor[Symbol.dispose]();
    guard?.[Symbol.dispose]();
    throw error;
  }
}

interface Surroundings {
  /** Of the mailbox. */
  readonly ino: number;
  readonly guard: Guard | undefined;
  readonly signal: AbortSignal | undefined;
}

function handleOf(
  supervisor: Supervisor,
  chains: HookChains,
  { pid, child, ended }: Launched,
  { ino, guard, signal }: Surroundings,
): HookedProgram {
  const exited = finished();
  const end = (): void => {
    child.kill("SIGKILL");
    for (const process of supervisor.processes.all)
      if (process.pid !== pid && mapsFile(process.pid, ino)) kill(process.pid, SIGKILL);
  };
  async function finished(): Promise<Ending> {
    const ending = await ended;
    signal?.removeEventListener("abort", end);
    try {
      supervisor.drain();
    } finally {
      supervisor[Symbol.dispose]();
      guard?.[Symbol.dispose]();
    }
    await chains.ended();
    return ending;
  }
  signal?.addEventListener("abort", end);
  if (signal?.aborted === true) end();
  return {
    pid,
    exited,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    get processes() {
      return supervisor.processes.all.filter(({ pid }) => isAlive(pid)).map(({ pid, program }) => ({ pid, program }));
    },
    addHooks: (...hooks) => chains.add(...hooks),
    removeHooks: (...hooks) => chains.remove(...hooks),
    replaceHooks: (before, after) => chains.replace(before, after),
    async [Symbol.asyncDispose]() {
      end();
      await exited;
    },
  };
}

/** Whether the process has the mailbox mapped: its number may be another's by now. */
function mapsFile(pid: number, inode: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/maps`, "latin1").includes(` ${inode} `);
  } catch {
    return false;
  }
}
