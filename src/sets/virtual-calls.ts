/** What each call that takes a path says of a file or directory that exists for the program only. */
import { constants } from "node:fs";
import { type CallPath, callPaths, lookedUp } from "../hooks/call-paths.ts";
import { isRefused, openFile, openingFlags, openLink, whyNotDirectory } from "../hooks/open-with.ts";
import type { SealedFile } from "../hooks/sealed-file.ts";
import type { AnyCall, CallName, Outcome } from "../hooks/types.ts";
import { errnoNumber } from "../linux/errno.ts";
import type { ErrnoName } from "../hooks/generated/calls.ts";
import { AT_FDCWD } from "../process/paths.ts";
import type { NamelessDirectory } from "../hooks/nameless-directory.ts";

/** include/uapi/linux/fcntl.h */
const AT_SYMLINK_NOFOLLOW = 0x100;
const W_OK = 2;

const opening: ReadonlySet<string> = new Set(["open", "openat", "openat2", "creat"]);
const making = /^(?:mkdir|mknod|symlink)(?:at)?$/;
const linking = /^(?:link|linkat)$/;

const errno = (name: ErrnoName): number => -(errnoNumber(name) ?? 0);

/** The paths of a call, a slash at the end only where it counts, in the order in which the kernel looks them up. */
export const lookedUpPaths = (call: AnyCall): CallPath[] =>
  callPaths(call).map((named) => ({ ...named, path: lookedUp({ ...named, isName: isAboutName(call, named) }) }));

const creates = (call: AnyCall): boolean => opening.has(call.name) && (openingFlags(call) & constants.O_CREAT) !== 0;

/** Whether the call makes or removes the name itself: then a slash behind it does not ask for a directory (fs/namei.c). */
const isAboutName = (call: AnyCall, { isName }: CallPath): boolean => isName || creates(call);

/** O_CREAT of a name with a slash behind it (fs/namei.c, open_last_lookups). */
const createsDirectory = (call: AnyCall): boolean => creates(call) && call.path?.endsWith("/") === true;

/** What the call says of a name that is not there. @param inOurs in a directory of ours @param error positive */
export function answerMissing(call: AnyCall, named: CallPath, error: number, inOurs: boolean): number {
  if (!inOurs || !isAboutName(call, named)) return -error;
  return errno(createsDirectory(call) ? "EISDIR" : "EROFS");
}

export function answerFile(call: AnyCall, named: CallPath, path: string, file: SealedFile): Promise<Outcome> {
  if (!createsDirectory(call) && (call.is("open") || call.is("openat") || call.is("openat2") || call.is("creat")))
    return call.openWith(file); // this very promise: then nobody waits for a microtask
  return lookAtFile(call, named, path, file);
}

async function lookAtFile(call: AnyCall, named: CallPath, path: string, file: SealedFile): Promise<Outcome> {
  if (createsDirectory(call)) return errno("EISDIR");
  if (call.name === "chdir") return errno("ENOTDIR");
  const examined = examine(call, file.link);
  if (examined === undefined) return refusal(call, named);
  const result = await examined;
  if (!isRefused(result) || isAccess(call.name)) return result;
  // The program may not look into this process: let it look at a file of its own.
  const fd = await openFile(call, path, file, constants.O_RDONLY | O_CLOEXEC);
  if (fd === null || fd < 0) return fd;
  const own = await examine(call, `/proc/thread-self/fd/${fd}`);
  await call.run("close", { fd });
  return own;
}

export async function answerDirectory(call: AnyCall, named: CallPath, { link }: NamelessDirectory): Promise<Outcome> {
  if (opening.has(call.name)) {
    if (createsDirectory(call)) return errno("EISDIR");
    const flags = openingFlags(call);
    const error = flags < 0 ? flags : whyNotDirectory(flags);
    return error < 0 ? error : openLink(call, link, flags);
  }
  if (call.name === "chdir") return call.run("chdir", { filename: link });
  if (call.name === "truncate") return errno("EISDIR");
  return (await examine(call, link)) ?? refusal(call, named);
}

/** include/uapi/asm-generic/fcntl.h */
const O_CLOEXEC = 0o2000000;
const isAccess = (name: CallName): boolean => name === "access" || name === "faccessat" || name === "faccessat2";

/** The same call on what `link` leads to; undefined for calls that do more than look. */
function examine(call: AnyCall, link: string): Promise<number | null> | undefined {
  const dfd = AT_FDCWD;
  if (isAccess(call.name)) {
    const mode = Number(call.args["mode"]);
    return (mode & W_OK) !== 0 ? Promise.resolve(errno("EROFS")) : call.run("faccessat", { dfd, filename: link, mode });
  }
  if (call.is("stat") || call.is("lstat")) return call.run("stat", { filename: link, statbuf: call.args.statbuf });
  if (call.is("newfstatat")) {
    const { statbuf, flag } = call.args;
    return call.run("newfstatat", { dfd, filename: link, statbuf, flag: flag & ~AT_SYMLINK_NOFOLLOW });
  }
  if (call.is("statx")) {
    const { flags, mask, buffer } = call.args;
    return call.run("statx", { dfd, path: link, flags: flags & ~AT_SYMLINK_NOFOLLOW, mask, buffer });
  }
  if (call.is("statfs")) return call.run("statfs", { path: link, buf: call.args.buf });
  if (call.is("inotify_add_watch")) return call.run("inotify_add_watch", { ...watch(call.args), path: link });
  if (call.is("getxattr") || call.is("lgetxattr")) {
    const { name, value, size } = call.args;
    return call.run("getxattr", { path: link, name, value, size });
  }
  if (call.is("listxattr") || call.is("llistxattr"))
    return call.run("listxattr", { path: link, list: call.args.list, size: call.args.size });
  return undefined;
}

const watch = ({ fd, mask }: { readonly fd: number; readonly mask: number }): { fd: number; mask: number } => ({
  fd,
  mask,
});

/** What calls say that would change something, on a file system that cannot be written; and a few others. */
function refusal({ name }: AnyCall, { isName }: CallPath): number {
  if (name.startsWith("readlink")) return errno("EINVAL");
  if (name.startsWith("execve")) return errno("EACCES");
  if (making.test(name) || (linking.test(name) && isName)) return errno("EEXIST");
  return errno(linking.test(name) ? "EXDEV" : "EROFS");
}
