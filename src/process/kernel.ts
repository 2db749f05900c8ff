/**
 * The kernel as the program sees it: what stands behind everybody who watches or changes a
 * call. A program that is started is hooked as well, and the path that the program sees of
 * itself is its own; every other call is the kernel's.
 */
import type { CallTable } from "../linux/calls.ts";
import { INTERRUPTED, interruptionOf } from "../linux/interruption.ts";
import type { Capture } from "../mailbox/journal.ts";
import type { Machine } from "../machine/machine.ts";
import type { CopyCache } from "../patch/cache.ts";
import type { Call, Done, Reported } from "./call.ts";
import { ExecFollower, type Unhooked } from "./exec.ts";
import { Identity } from "./identity.ts";
import type { Supervisor } from "./supervisor.ts";

/** Calls that return twice, elsewhere or never: the kernel serves them unseen. */
export const unseenCalls: readonly string[] = [
  "clone",
  "clone3",
  "fork",
  "vfork",
  "exit",
  "exit_group",
  "rt_sigreturn",
];

export interface KernelOptions {
  readonly machine: Machine;
  readonly cache: CopyCache;
  /** Whether programs that the program starts are hooked too. */
  readonly follow: boolean;
  readonly unhooked: Unhooked;
}

/** How somebody wants a call made. */
export interface Wish {
  /** Whether anybody wants the result; where nobody does, the thread makes the call by itself. */
  readonly result: boolean;
  /** Arguments other than the program's own. */
  readonly args?: readonly bigint[] | undefined;
  /** Of a call that starts a program: what the program is to see as its own path, other than the one that is started. */
  readonly program?: string | undefined;
}

/** Somebody behind whom, in the end, the kernel stands. */
export interface CallServer {
  /** Numbers of the calls that it must be asked about. */
  readonly calls: readonly number[];
  /** Calls that it must be asked about where they name a path under /proc, by number, with the path to look at. */
  readonly paths: ReadonlyMap<number, Capture>;
  /** Calls that it must be asked about where their first argument is a marked descriptor. */
  readonly markedCalls: readonly number[];
  /** Whoever asks for them is told here when they have changed. */
  onCalls?: (() => void) | undefined;
  /** @param done gets the result and ends the call; null: the thread makes it by itself, and its result is not seen */
  serve(call: Call, done: Done, wish: Wish): void;
  /** Has the call's thread make another call meanwhile. @param reported gets its result */
  run(call: Call, reported: Reported, number: number, args: readonly bigint[]): void;
  /** Whether the call has no result that could be seen. */
  isUnseen(number: number): boolean;
  /** Whether the call replaces the program. */
  isExec(number: number): boolean;
  /** The program has ended: nothing is served any more. */
  ended?(): Promise<void>;
}

export class Kernel implements CallServer {
  readonly calls: readonly number[];
  readonly paths: ReadonlyMap<number, Capture>;
  readonly markedCalls: readonly number[] = [];
  readonly #identity: Identity;
  readonly #exec: ExecFollower;
  readonly #follow: boolean;
  readonly #table: CallTable;
  readonly #execs: boolean[] = [];
  readonly #unseen: boolean[] = [];

  constructor(supervisor: Supervisor, { machine, cache, follow, unhooked }: KernelOptions) {
    this.#identity = new Identity(supervisor, machine);
    this.#exec = new ExecFollower(supervisor, cache, machine.calls, unhooked);
    this.#follow = follow;
    this.#table = machine.calls;
    this.calls = this.#exec.calls;
    this.paths = this.#identity.paths;
    for (const number of this.#exec.calls) this.#execs[number] = true;
    for (const name of unseenCalls) this.#unseen[machine.calls.number(name) ?? -1] = true;
  }

  isUnseen(number: number): boolean {
    return this.#unseen[number] === true;
  }

  isExec(number: number): boolean {
    return this.#execs[number] === true;
  }

  serve(call: Call, done: Done, { result, args, program }: Wish): void {
    if (this.#isInterrupted(call)) done(INTERRUPTED);
    else if (this.#follow && this.isExec(call.number)) this.#exec.serve(call, done, args, program);
    else if (this.#identity.serve(call, done, args)) return;
    else if (this.isUnseen(call.number) || (!result && args === undefined)) done(null);
    else call.run(done, call.number, args);
  }

  /** Had it been in the kernel when the handler ran, it would have ended; there it might now sleep for good. */
  #isInterrupted(call: Call): boolean {
    if (!call.isInterrupted || call.hasMadeOwn) return false;
    return interruptionOf(this.#table.name(call.number) ?? "", call.args) === "always";
  }

  run(call: Call, reported: Reported, number: number, args: readonly bigint[]): void {
    call.run(reported, number, args, false);
  }
}

/** Ends `call` with what a {@link Done} is told. */
export const endOf =
  (call: Call): Done =>
  (result) => {
    if (result === null) call.continue();
    else call.return(result);
  };
