/**
 * Follows execve and execveat: what is started next is hooked as well, if it can be.
 *
 * The call is made with the patched copy's path and the two variables for its bootstrap
 * behind the environment that the program gave (also when it gave none), all in memory
 * lent from the arena. If the kernel refuses the copy (another root, no rights), the
 * program's own call is made. A program that cannot be hooked runs untouched, and
 * `unhooked` hears of it.
 */
import type { CallTable } from "../linux/calls.ts";
import { environment } from "../mailbox/layout.ts";
import { ElsewhereError } from "../errors.ts";
import type { CopyCache, PatchedCopy } from "../patch/cache.ts";
import type { Call, Done } from "./call.ts";
import { asInt, AT_FDCWD, namedByExeLink, reachablePath, resolved } from "./paths.ts";
import { copyFor, isExecutable } from "./program.ts";
import type { Supervisor } from "./supervisor.ts";

/** Told before a program starts that cannot be hooked. */
export type Unhooked = (call: Call, program: string, reason: string) => void;

interface ExecCall {
  /** As the program wrote it. */
  readonly path: string;
  readonly dirfd: number;
  readonly argv: bigint;
  readonly envp: bigint;
}

const POINTER = 8;

export class ExecFollower {
  /** Numbers of the calls it serves. */
  readonly calls: readonly number[];
  readonly #supervisor: Supervisor;
  readonly #cache: CopyCache;
  readonly #unhooked: Unhooked;
  readonly #execve: number;

  constructor(supervisor: Supervisor, cache: CopyCache, calls: CallTable, unhooked: Unhooked) {
    this.#supervisor = supervisor;
    this.#cache = cache;
    this.#unhooked = unhooked;
    this.#execve = calls.number("execve") ?? 0;
    this.calls = [this.#execve, ...[calls.number("execveat") ?? []].flat()];
  }

  /**
   * @param done ends the call; with null for a program that starts unhooked
   * @param args what the call is to be made with instead of the program's own arguments
   * @param seen what the program is to see as its own path
   */
  serve(call: Call, done: Done, args?: readonly bigint[], seen?: string): void {
    const exec = readExec(call, call.number !== this.#execve, args ?? call.args);
    const plain = (): void => call.run(done, call.number, args);
    const program = this.#programOf(call, exec);
    if (program === undefined || !isExecutable(program)) {
      plain(); // the kernel knows best what is wrong
      return;
    }
    const unhooked = (reason: string): void => {
      this.#unhooked(call, seen ?? program, reason);
      if (args === undefined) done(null);
      else plain();
    };
    copyFor(this.#cache, program, exec.path || program).then(
      (copy) => this.#start(call, exec, seen ?? program, copy, done, plain) || unhooked("its environment is too large"),
      (error: unknown) => unhooked(error instanceof ElsewhereError ? error.message : String(error)),
    );
  }

  #programOf(call: Call, { path, dirfd }: ExecCall): string | undefined {
    const self = namedByExeLink(path, call.process, this.#supervisor.processes);
    if (self !== undefined) return self.program;
    const reachable = reachablePath(call.tid, dirfd, path);
    return reachable === undefined ? undefined : resolved(reachable);
  }

  /** @returns false when there is no room for the call's strings */
  #start(call: Call, exec: ExecCall, program: string, copy: PatchedCopy, done: Done, plain: () => void): boolean {
    const vector = call.memory.pointers(exec.envp) ?? [];
    const strings = [
      copy.path,
      `${environment.mailbox}=${this.#supervisor.mailbox.path}`,
      `${environment.program}=${program}`,
    ].map((text) => Buffer.from(`${text}\0`));
    const vectorLength = (vector.length + strings.length) * POINTER; // two variables and NULL
    const loan = this.#supervisor.arena.borrow(vectorLength + strings.reduce((sum, { length }) => sum + length, 0));
    if (loan === undefined) return false;
    const { u8, u64 } = this.#supervisor.mailbox;
    const giveBack = (): void => this.#supervisor.arena.giveBack(loan);
    let at = loan.offset + vectorLength;
    const [copyPath = 0n, ...variables] = strings.map((bytes) => {
      u8.set(bytes, at);
      at += bytes.length;
      return call.addressInProgram(at - bytes.length);
    });
    for (const [index, pointer] of [...vector, ...variables, 0n].entries()) u64[(loan.offset >> 3) + index] = pointer;
    call.onAbandoned(giveBack); // the hello of what was started, or its death
    call.run(
      (result) => {
        giveBack();
        if (result < 0n) plain(); // the copy was refused: the program's own call decides
        else done(result);
      },
      this.#execve,
      [copyPath, exec.argv, call.addressInProgram(loan.offset)],
      false,
    );
    return true;
  }
}

/** execve(path, argv, envp), or execveat(dirfd, path, argv, envp, flags). */
function readExec(call: Call, at: boolean, args: readonly bigint[]): ExecCall {
  const [path = 0n, argv = 0n, envp = 0n] = at ? args.slice(1) : args;
  const bytes = call.memory.cString(path);
  return {
    path: bytes === undefined ? "" : Buffer.from(bytes).toString(),
    dirfd: at ? asInt(args[0] ?? 0n) : AT_FDCWD,
    argv,
    envp,
  };
}
