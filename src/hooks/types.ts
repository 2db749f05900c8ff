/** What a hook is given, and what it may give back. */
import type { NewAddress, SocketAddress } from "./address.ts";
import type { ArgumentValue } from "./arguments.ts";
import type { CallBuffer } from "./buffer.ts";
import type { CallTypes, ErrnoName } from "./generated/calls.ts";
import type { FileKind } from "../model/open-file.ts";
import type { Pointer } from "./pointer.ts";
import type { Content } from "./sealed-file.ts";
import type { Handled } from "./served-file.ts";

/** A call's name as the kernel has it. */
export type CallName = keyof CallTypes;

/** Calls that take a path. */
export interface HasPath {
  /**
   * As the program wrote it: relative ones are relative to the working directory, or to the directory that the
   * argument in front of the path is. "" where there is none. Of calls with two paths it is the one that is there
   * already (`rename`, `link`), of `symlink` the link.
   */
  readonly path: string;
}

/** Calls that open a file by its path. */
export interface CanOpen {
  /**
   * Opens a file that exists nowhere, with this content: `return call.openWith({ content: "debug = true" })`. It is a
   * regular file that can only be read; the program's flags count as for any other (O_CLOEXEC, O_NONBLOCK, O_PATH, …).
   * As after `proceed`, the result stands where the hook returns nothing else.
   * With `handlers` the content is asked for when the program reads, and may be written.
   * @returns the descriptor; or −EROFS where the program wants to write or to truncate, −EEXIST with O_CREAT and O_EXCL,
   *   −ENOTDIR with O_DIRECTORY, whatever error opening gives; null when the call is over (its thread died)
   */
  openWith(file: Content | Handled): Promise<number | null>;
}

/** Calls about a descriptor. */
export interface HasDescriptor {
  readonly fd: number;
}

/** Calls that send or get data. */
export interface HasBuffer {
  /** All of its parts, where there are several (readv, sendmsg). */
  readonly buffer: CallBuffer;
}

/** Calls about the address of a socket. */
export interface HasAddress<A extends SocketAddress | undefined> {
  /** Undefined where there is none, or not yet: of accept, recvfrom and the like it is there when the call has succeeded. */
  readonly address: A;
}

/** A hooked process. */
export interface HookedProcess {
  readonly pid: number;
  /** The program's path, symbolic links resolved. */
  readonly program: string;
}

/** An open file description: what `open` made, shared by all descriptors that `dup`, `fork` and messages made of it. */
export interface OpenedFile {
  /** "path" for whatever was opened by one, "socket", "pipe", "epoll", … */
  readonly kind: FileKind;
  /** As the program wrote it, or as the kernel tells it. */
  readonly path: string | undefined;
  /** O_* flags as of now. */
  readonly flags: number;
  /** Of a socket: AF_*, SOCK_*, IPPROTO_*. */
  readonly family: number | undefined;
  readonly type: number | undefined;
  readonly protocol: number | undefined;
  /** Whatever hooks want to remember of it, each under a symbol of its own. */
  readonly data: Map<symbol, unknown>;
  /** Called when no hooked process has a descriptor of it any more. */
  readonly onReleased: (() => void)[];
}

/**
 * The descriptors of the calling thread. From the first use on elsewhere follows every call that changes them, in all
 * hooked processes: each then costs a microsecond or two.
 */
export interface Descriptors extends Iterable<readonly [fd: number, file: OpenedFile]> {
  get(fd: number): OpenedFile | undefined;
  /**
   * Has hooks made by {@link onMarked} asked about this file, by whatever descriptor it is named, here and in children.
   * @returns false where there is no such descriptor
   */
  mark(fd: number): boolean;
  /** The other descriptors of the same open file in the thread's table, as far as they are known. */
  copies(fd: number): readonly number[];
  /** @returns marks, whenever it is called, the file that `fd` is open on now */
  marker(fd: number): () => void;
  unmark(fd: number): void;
  isMarked(fd: number): boolean;
}

/** The process whose thread calls. */
export interface CallingProcess extends HookedProcess {
  readonly descriptors: Descriptors;
  /** The calling thread's working directory. */
  readonly cwd: string;
}

/** What may be given for an argument: text and bytes are put into memory that the program can read. */
export type NewArgument = number | bigint | string | Uint8Array | Pointer;

/** Arguments by the kernel's names. */
export type NewArguments<N extends CallName> = {
  readonly [A in keyof CallTypes[N]["args"]]?: CallTypes[N]["args"][A] extends number | bigint
    ? number | bigint
    : NewArgument;
};

/** What `proceed` may change: arguments by the kernel's names, or what hooks call by a name of their own. */
export type Changes<N extends CallName> = NewArguments<N> &
  (CallTypes[N]["has"] extends HasPath ? { readonly path?: string } : unknown) &
  (CallTypes[N]["has"] extends HasDescriptor ? { readonly fd?: number } : unknown) &
  (CallTypes[N]["has"] extends HasBuffer ? { readonly buffer?: string | Uint8Array } : unknown) &
  (CallTypes[N]["has"] extends HasAddress<SocketAddress | undefined> ? { readonly address?: NewAddress } : unknown);

/** What every hook is given. All of it is about one call, and of use until the call is over. */
export interface BaseCall {
  /** The call's number on this machine. */
  readonly number: number;
  readonly process: CallingProcess;
  /** The calling thread. */
  readonly tid: number;
  /** When the hooks were asked, milliseconds since 1970 with a fraction. */
  readonly time: number;
  /** Aborted when the call is over: it has its result, a signal handler has ended it, or its thread died. */
  readonly signal: AbortSignal;
  /** The six registers, unsigned, whatever they mean. */
  readonly registers: readonly bigint[];

  /** A result: `return call.fail("ENOSPC")`. */
  fail(errno: ErrnoName): number;

  /** What stands at `address` in the program's memory. */
  at(address: bigint): Pointer;

  /**
   * Memory that the program can read and write, for calls made in its name, until the call is over.
   * @param content bytes, or how many
   * @throws RangeError when the 4 MiB for all calls at once are used up
   */
  lend(content: number | string | Uint8Array): Pointer;

  /**
   * Makes another call inside the program's thread.
   * @param args by the kernel's names; those that are not given are 0
   * @returns its result, or −errno; null when the call is over (its thread died)
   * @throws TypeError for a call that does not return (execve, exit, clone and the like)
   */
  run<N extends CallName>(name: N, args: NewArguments<N>): Promise<number | null>;

  /** Waits. The call's thread waits as well, everybody else goes on. */
  delay(time: { readonly milliseconds: number }): Promise<void>;
}

/** What a hook of call `N` is given. */
export type HookCall<N extends CallName = CallName> = BaseCall & {
  readonly name: N;
  /** By the kernel's names: integers, strings, pointers. Each is read when it is asked for. */
  readonly args: CallTypes[N]["args"];
  /**
   * Lets the rest happen: the hooks behind this one, in the end the kernel.
   * @param changes arguments other than the program's own
   * @returns the result, or −errno; null where it is not seen: clone, fork, exit, rt_sigreturn, an execve that
   *   succeeds, a thread that dies meanwhile
   */
  proceed(changes?: Changes<N>): Promise<number | null>;
} & CallTypes[N]["has"];

/** What a hook of a group is given: which call it is shows only at run time. */
export interface AnyCall extends BaseCall {
  readonly name: CallName;
  readonly args: Readonly<Record<string, ArgumentValue | undefined>>;
  readonly path?: string | undefined;
  readonly fd?: number | undefined;
  readonly buffer?: CallBuffer | undefined;
  readonly address?: SocketAddress | undefined;
  /** See {@link HookCall}. */
  proceed(changes?: Readonly<Record<string, NewArgument | NewAddress>>): Promise<number | null>;
  /** Whether it is that call; its arguments have their types then. */
  is<N extends CallName>(name: N): this is HookCall<N>;
}

/**
 * What a hook says: a result (0 and above, or −errno), or nothing. Nothing is the result of `proceed`, where the
 * hook has called that, and else whatever the hooks behind it and the kernel say.
 */
export type Outcome = number | bigint | null | undefined | void;

/** What is asked about a call. */
export type Hook<C> = (call: C) => Outcome | Promise<Outcome>;

/** Groups of calls, with strace's members; `any` are all. */
export type GroupName =
  | "any"
  | "file"
  | "desc"
  | "network"
  | "process"
  | "signal"
  | "ipc"
  | "memory"
  | "creds"
  | "clock";

/** Hooks by the names of calls and groups. */
export type Hooks = { readonly [N in CallName]?: Hook<HookCall<N>> } & { readonly [G in GroupName]?: Hook<AnyCall> };
