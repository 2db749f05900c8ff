/** Opens files that hooks make up, in the program's thread and with the program's flags. */
import { closeSync, constants, openSync } from "node:fs";
import { posix } from "node:path";
import { abis } from "../linux/abi.ts";
import { errnoNumber } from "../linux/errno.ts";
import { requireHostMachine } from "../machine/machines.ts";
import { asInt, AT_FDCWD, reachablePath } from "../process/paths.ts";
import type { ErrnoName } from "./generated/calls.ts";
import type { Handled } from "./served-file.ts";
import type { Pointer } from "./pointer.ts";
import {
  type Content,
  fillAndSeal,
  isSealedFile,
  memfdName,
  MFD_ALLOW_SEALING,
  MFD_CLOEXEC,
  SealedFile,
} from "./sealed-file.ts";
import type { CallName, NewArgument, NewArguments } from "./types.ts";

/** A thread that waits in a call, and can make others. */
export interface CallingThread {
  readonly tid: number;
  run(name: CallName, args: Readonly<Record<string, NewArgument | undefined>>): Promise<number | null>;
}

/** What is needed of a call that opens. */
export interface OpeningCall extends CallingThread {
  readonly name: string;
  readonly registers: readonly bigint[];
  readonly path?: string | undefined;
  at(address: bigint): Pointer;
}

const errno = (name: ErrnoName): number => -(errnoNumber(name) ?? 0);
const { openFlags } = abis[requireHostMachine().name].constants;
const flag = (name: string): number => openFlags.find(([each]) => each === name)?.[1] ?? 0;

const O_ACCMODE = constants.O_WRONLY | constants.O_RDWR;
const O_CLOEXEC = flag("O_CLOEXEC");
const O_DIRECTORY = flag("O_DIRECTORY");
export const O_PATH: number = flag("O_PATH");
/**
 * What the program gets in `flags` it shall get: not what is over once the file is open, not O_NOFOLLOW, for we
 * open by a link, not what memory has no use for and may refuse.
 */
const DROPPED = ["O_CREAT", "O_EXCL", "O_NOCTTY", "O_TRUNC", "O_NOFOLLOW", "O_NOATIME", "O_DIRECT"].reduce(
  (mask, name) => mask | flag(name),
  0,
);
/** What the kernel says of another process's descriptors where the program may not look at them (fs/proc/base.c). */
const refused: readonly number[] = (["EACCES", "EPERM", "ENOENT", "ELOOP"] as const).map(errno);

/** O_* flags of a call that opens, as the program gave them; or an error. */
export function openingFlags(call: OpeningCall): number {
  const { name, registers } = call;
  if (name === "creat") return constants.O_CREAT | constants.O_WRONLY | constants.O_TRUNC;
  if (name !== "openat2") return asInt(registers[name === "open" ? 1 : 2] ?? 0n) & 0x7fff_ffff;
  const how = call.at(registers[2] ?? 0n).read(8); // struct open_how begins with u64 flags
  return how.length < 8 ? errno("EFAULT") : Buffer.from(how).readUInt32LE() & 0x7fff_ffff;
}

/** Why a regular file that is there, on a file system that cannot be written, is not opened so (fs/namei.c, do_open); 0 where it is. */
export function whyNot(flags: number): number {
  const has = (mask: number): boolean => (flags & mask) !== 0;
  if (has(O_PATH)) return has(O_DIRECTORY) ? errno("ENOTDIR") : 0;
  if (has(constants.O_CREAT) && has(constants.O_EXCL)) return errno("EEXIST");
  if (has(O_DIRECTORY)) return errno("ENOTDIR");
  return has(O_ACCMODE) || has(constants.O_TRUNC) ? errno("EROFS") : 0;
}

/** The same of a directory. */
export function whyNotDirectory(flags: number): number {
  const has = (mask: number): boolean => (flags & mask) !== 0;
  if (has(O_PATH)) return 0;
  if (has(constants.O_CREAT) && has(constants.O_EXCL)) return errno("EEXIST");
  return has(O_ACCMODE) || has(constants.O_TRUNC) || has(constants.O_CREAT) ? errno("EISDIR") : 0;
}

/** Where the program thinks that it opens: absolute, symbolic links as they are. */
export function openedPath({ name, tid, registers, path = "" }: OpeningCall): string {
  const dirfd = name === "openat" || name === "openat2" ? asInt(registers[0] ?? 0n) : AT_FDCWD;
  return posix.normalize(path.startsWith("/") ? path : (reachablePath(tid, dirfd, path) ?? `/${path}`));
}

/** Behind a file that handlers serve: there is nothing to be read, and seals keep it so. */
const nothing: Content = { content: "", mode: 0o666 };

/** Opens what a served file stands on; the same errors as of a file with a content. */
export async function openServed(
  call: OpeningCall,
  { content, handlers: { write, truncate }, flags = openingFlags(call), path = openedPath(call) }: Handled,
): Promise<number | null> {
  const isForWriting = (flags & O_PATH) === 0 && write !== undefined;
  const error = flags < 0 ? flags : whyNot(isForWriting ? flags & ~(O_ACCMODE | constants.O_TRUNC) : flags);
  if (error < 0) return error;
  if (isForWriting && (flags & constants.O_TRUNC) !== 0) {
    const result = truncate === undefined ? errno("EPERM") : ((await truncate(0)) ?? 0);
    if (result < 0) return result;
  }
  return openFile(call, path, content === undefined ? nothing : { ...nothing, content }, flags);
}

/** Opens a file made up for `path`, whatever call the thread is in. */
export async function openFile(
  call: CallingThread,
  path: string,
  content: Content,
  flags: number,
): Promise<number | null> {
  let result: number | null;
  if (isSealedFile(content)) result = await openLink(call, content.link, flags);
  else {
    using file = new SealedFile(path, content);
    result = await openLink(call, file.link, flags);
  }
  return isRefused(result) ? openInside(call, path, content, flags) : result;
}

/** Whether the program may not look into this process; a file that is there gives no such error for reading. */
export const isRefused = (result: number | null): boolean => result !== null && refused.includes(result);

/** Opens what a link in /proc leads to, with what counts of the program's flags. */
export function openLink(call: CallingThread, link: string, flags: number): Promise<number | null> {
  return call.run("openat", linkArguments(link, flags));
}

/** The arguments of openat for that. */
export const linkArguments = (link: string, flags: number): NewArguments<"openat"> => ({
  dfd: AT_FDCWD,
  filename: link,
  flags: flags & ~DROPPED,
});

/**
 * For a program that may not look into this process, because it has given up rights that this one has or has another
 * /proc: the memory is the program's own, and is filled from here.
 */
export async function openInside(
  call: CallingThread,
  path: string,
  content: Content,
  flags: number,
): Promise<number | null> {
  const closeOnExec = (flags & O_CLOEXEC) === 0 ? 0 : MFD_CLOEXEC;
  const fd = await call.run("memfd_create", { uname_ptr: memfdName(path), flags: MFD_ALLOW_SEALING | closeOnExec });
  if (fd === null || fd < 0) return fd;
  try {
    const ours = openSync(`/proc/${call.tid}/fd/${fd}`, constants.O_RDWR);
    try {
      fillAndSeal(ours, content);
    } finally {
      closeSync(ours);
    }
  } catch {
    await call.run("close", { fd });
    return errno("EACCES");
  }
  const again = await openLink(call, `/proc/thread-self/fd/${fd}`, flags);
  if (again === errno("EACCES")) {
    await call.run("close", { fd }); // not ours to look into, but its own: the mode forbids it
    return again;
  }
  // Without /proc it stays the descriptor that could write, were it not for the seals: EPERM in place of EBADF.
  if (again === null || again < 0) return again === null ? null : fd;
  await call.run("dup3", { oldfd: again, newfd: fd, flags: flags & O_CLOEXEC });
  await call.run("close", { fd: again });
  return fd;
}
