/**
 * The program runs from a patched copy and must not see it: /proc/self/exe (and /proc/PID/exe
 * of hooked processes) is its own file, whether the link is read or opened.
 */
import type { CallTable } from "../linux/calls.ts";
import type { Call, Done } from "./call.ts";
import { namedByExeLink } from "./paths.ts";
import type { Supervisor } from "./supervisor.ts";

/** Calls that take such a path, and which argument it is. */
const pathArguments: Readonly<Record<string, number>> = {
  open: 0,
  openat: 1,
  openat2: 1,
  stat: 0,
  newfstatat: 1,
  statx: 1,
  readlink: 0,
  readlinkat: 1,
};

const EFAULT = -14n;

export class Identity {
  /** Numbers of the calls that may name such a link. */
  readonly calls: readonly number[];
  readonly #supervisor: Supervisor;
  readonly #pathArgument: (number | undefined)[] = [];
  readonly #isReadlink: boolean[] = [];

  constructor(supervisor: Supervisor, calls: CallTable) {
    this.#supervisor = supervisor;
    this.calls = Object.keys(pathArguments).flatMap((name) => calls.number(name) ?? []);
    for (const [name, index] of Object.entries(pathArguments)) {
      const number = calls.number(name);
      if (number === undefined) continue;
      this.#pathArgument[number] = index;
      this.#isReadlink[number] = name.startsWith("readlink");
    }
  }

  /**
   * Makes `call` tell the program's truth about an exe link.
   * @param done gets the result; it ends the call
   * @returns false when the call names no such link and must be served as any other
   */
  serve(call: Call, done: Done): boolean {
    const index = this.#pathArgument[call.number];
    if (index === undefined) return false;
    const start = call.memory.read(call.args[index] ?? 0n, 64);
    if (start === undefined || !startsWithProc(start)) return false;
    const end = start.indexOf(0);
    const path = Buffer.from(start.subarray(0, end < 0 ? start.length : end)).toString("latin1");
    const process = namedByExeLink(path, call.process, this.#supervisor.processes);
    if (process === undefined) return false;
    if (this.#isReadlink[call.number] === true) done(this.#readlink(call, index, process.program));
    else this.#open(call, index, process.program, done);
    return true;
  }

  /** readlink(2): as many bytes as fit, no NUL. */
  #readlink(call: Call, index: number, program: string): bigint {
    const size = Number(BigInt.asIntN(32, call.args[index + 2] ?? 0n));
    if (size <= 0) return -22n;
    const bytes = Buffer.from(program).subarray(0, size);
    const written = call.memory.write(call.args[index + 1] ?? 0n, bytes);
    return written === bytes.length ? BigInt(written) : EFAULT;
  }

  /** The same call on the program's own file. */
  #open(call: Call, index: number, program: string, done: Done): void {
    const bytes = Buffer.from(`${program}\0`);
    const loan = this.#supervisor.arena.borrow(bytes.length);
    if (loan === undefined) {
      call.run(done);
      return;
    }
    this.#supervisor.mailbox.u8.set(bytes, loan.offset);
    const giveBack = (): void => this.#supervisor.arena.giveBack(loan);
    call.onAbandoned(giveBack);
    call.run(
      (result) => {
        giveBack();
        done(result);
      },
      call.number,
      call.args.with(index, call.addressInProgram(loan.offset)),
    );
  }
}

/** "/proc" as one comparison: this runs for every file that a program opens. */
const startsWithProc = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x2f && bytes[1] === 0x70 && bytes[2] === 0x72 && bytes[3] === 0x6f && bytes[4] === 0x63;
