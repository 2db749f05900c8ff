/**
 * The program runs from a patched copy and must not see it: /proc/self/exe (and /proc/PID/exe
 * of hooked processes) is its own file, whether the link is read or opened, and /proc/…/auxv tells its own entry point.
 */
import { closeSync, writeSync } from "node:fs";
import { abis } from "../linux/abi.ts";
import { type Capture, STRING_LIMIT } from "../mailbox/journal.ts";
import type { Machine } from "../machine/machine.ts";
import { memfdCreate } from "../linux/native.ts";
import { namedByAuxv, ownAuxiliaryVector } from "./auxiliary-vector.ts";
import type { Call, Done } from "./call.ts";
import { namedByExeLink } from "./paths.ts";
import type { Supervisor } from "./supervisor.ts";

interface PathCall {
  /** Which argument is the path. */
  readonly path: number;
  /** Which argument may say that the link itself is meant, and how. */
  readonly link?: { readonly argument: number; readonly flag: "O_NOFOLLOW" | "AT_SYMLINK_NOFOLLOW" };
}

/** Calls that follow such a link, or read it. */
const pathCalls: Readonly<Record<string, PathCall>> = {
  open: { path: 0, link: { argument: 1, flag: "O_NOFOLLOW" } },
  openat: { path: 1, link: { argument: 2, flag: "O_NOFOLLOW" } },
  openat2: { path: 1 },
  stat: { path: 0 },
  newfstatat: { path: 1, link: { argument: 3, flag: "AT_SYMLINK_NOFOLLOW" } },
  statx: { path: 1, link: { argument: 2, flag: "AT_SYMLINK_NOFOLLOW" } },
  readlink: { path: 0 },
  readlinkat: { path: 1 },
};

/** A path that the call follows: a thread that watches the call asks when it is under /proc. */
export const pathCapture = (pointer: number): Capture => ({
  kind: "path",
  when: "before",
  pointer,
  limit: STRING_LIMIT,
});

/** include/uapi/linux/memfd.h */
const MFD_CLOEXEC = 1;
const EFAULT = -14n;
const EINVAL = -22n;

export class Identity {
  /** The calls that may name such a link: then they must be asked about. By number, with the path to look at. */
  readonly paths: ReadonlyMap<number, Capture>;
  readonly #supervisor: Supervisor;
  readonly #pathCalls: (PathCall | undefined)[] = [];
  readonly #isReadlink: boolean[] = [];
  readonly #isOpening: boolean[] = [];
  readonly #flags: ReadonlyMap<string, bigint>;

  constructor(supervisor: Supervisor, { calls, name: machineName }: Machine) {
    this.#supervisor = supervisor;
    const paths = new Map<number, Capture>();
    this.paths = paths;
    for (const [name, pathCall] of Object.entries(pathCalls)) {
      const number = calls.number(name);
      if (number === undefined) continue;
      this.#pathCalls[number] = pathCall;
      paths.set(number, pathCapture(pathCall.path));
      this.#isOpening[number] = name.startsWith("open");
      this.#isReadlink[number] = name.startsWith("readlink");
    }
    const { constants } = abis[machineName];
    this.#flags = new Map([...constants.openFlags, ...constants.atFlags].map(([name, value]) => [name, BigInt(value)]));
  }

  /**
   * Makes `call` tell the program's truth about an exe link, or an auxiliary vector.
   * @param done gets the result; it ends the call
   * @param changed what the call is to be made with instead of the program's own arguments
   * @returns false when the call names no such file and must be served as any other
   */
  serve(call: Call, done: Done, changed?: readonly bigint[]): boolean {
    const pathCall = this.#pathCalls[call.number];
    if (pathCall === undefined) return false;
    const args = changed ?? call.args;
    const index = pathCall.path;
    const start = call.memory.read(args[index] ?? 0n, 64);
    if (start === undefined || !startsWithProc(start)) return false;
    const end = start.indexOf(0);
    const path = Buffer.from(start.subarray(0, end < 0 ? start.length : end)).toString("latin1");
    const traced = namedByAuxv(path, call.process.pid);
    if (traced !== undefined) return this.#openAuxv(call, args, index, traced, done);
    const process = namedByExeLink(path, call.process, this.#supervisor.processes);
    if (process === undefined || this.#meansLink(args, pathCall)) return false;
    if (this.#isReadlink[call.number] === true) done(this.#readlink(call, args, index, process.program));
    else this.#open(call, args, index, process.program, done);
    return true;
  }

  /** lstat and its like: what the link itself is, the copy has no part in. */
  #meansLink(args: readonly bigint[], { link }: PathCall): boolean {
    if (link === undefined) return false;
    return ((args[link.argument] ?? 0n) & (this.#flags.get(link.flag) ?? 0n)) !== 0n;
  }

  /** readlink(2): as many bytes as fit, no NUL. */
  #readlink(call: Call, args: readonly bigint[], index: number, program: string): bigint {
    const size = Number(BigInt.asIntN(32, args[index + 2] ?? 0n));
    if (size <= 0) return EINVAL;
    const bytes = Buffer.from(program).subarray(0, size);
    const written = call.memory.write(args[index + 1] ?? 0n, bytes);
    return written === bytes.length ? BigInt(written) : EFAULT;
  }

  /** On a file in memory that says what the program's own would have. */
  #openAuxv(call: Call, args: readonly bigint[], index: number, pid: number, done: Done): boolean {
    const content = this.#isOpening[call.number] === true ? ownAuxiliaryVector(pid) : undefined;
    if (content === undefined) return false;
    const descriptor = memfdCreate("auxv", MFD_CLOEXEC);
    if (descriptor < 0) return false;
    writeSync(descriptor, content);
    let isOpen = true;
    const close = (): void => {
      if (isOpen) closeSync(descriptor);
      isOpen = false;
    };
    call.onAbandoned(close);
    this.#open(call, args, index, `/proc/${process.pid}/fd/${descriptor}`, (result) => {
      close();
      done(result);
    });
    return true;
  }

  /** The same call on another file. */
  #open(call: Call, args: readonly bigint[], index: number, path: string, done: Done): void {
    const bytes = Buffer.from(`${path}\0`);
    const loan = this.#supervisor.arena.borrow(bytes.length);
    if (loan === undefined) {
      call.run(done, call.number, args);
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
      args.with(index, call.addressInProgram(loan.offset)),
    );
  }
}

/** "/proc" as one comparison: this runs for every file that a program opens. */
const startsWithProc = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x2f && bytes[1] === 0x70 && bytes[2] === 0x72 && bytes[3] === 0x6f && bytes[4] === 0x63;
