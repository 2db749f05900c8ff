/** What each call that takes a path says of a file or directory that exists for the program only. */
import { constants } from "node:fs";
import { isRefused, openFile, openingFlags, openLink, whyNotDirectory } from "../hooks/open-with.ts";
import type { SealedFile } from "../hooks/sealed-file.ts";
import type { AnyCall, CallName, Outcome } from "../hooks/types.ts";
import { errnoNumber } from "../linux/errno.ts";
import type { ErrnoName } from "../hooks/generated/calls.ts";
import { AT_FDCWD } from "../process/paths.ts";
import type { VirtualDirectory } from "./virtual-directory.ts";

/** A path in a call's arguments. */
export interface NamedPath {
  /** The argument's name, as `proceed` takes it. */
  readonly argument: string;
  readonly dirfd: number;
  readonly path: string;
  /** Whether a symbolic link in the last place is followed. */
  readonly follow: boolean;
}

/** include/uapi/linux/fcntl.h */
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_SYMLINK_FOLLOW = 0x400;
const W_OK = 2;

const opening: ReadonlySet<string> = new Set(["open", "openat", "openat2", "creat"]);
/** Calls about a name rather than what a link in its place leads to. */
const ofNames =
  /^(?:l(?:stat|chown|[a-z]*xattr)|unlink(?:at)?|rmdir|rename(?:at2?)?|mkdir(?:at)?|mknod(?:at)?|symlink(?:at)?|readlink(?:at)?)$/;
/** Of two paths the first one; the second is always such a name. */
const changingNames = /^(?:unlink(?:at)?|rmdir|rename(?:at2?)?|(?:mkdir|mknod|symlink)(?:at)?)$/;
const making = /^(?:mkdir|mknod|symlink)(?:at)?$/;
const linking = /^(?:link|linkat)$/;
const renaming = /^rename(?:at2?)?$/;

const errno = (name: ErrnoName): number => -(errnoNumber(name) ?? 0);

/** The paths of a call, a slash at the end only where it counts, in the order in which the kernel looks them up. */
export function namedPaths(call: AnyCall): NamedPath[] {
  return pathsOf(call).map((named) =>
    named.path.endsWith("/") && isAboutName(call, named.argument)
      ? { ...named, path: named.path.replace(/(?!^)\/+$/, "") }
      : named,
  );
}

function pathsOf(call: AnyCall): NamedPath[] {
  const { name, args } = call;
  const descriptor = (argument: string): number => (typeof args[argument] === "number" ? args[argument] : AT_FDCWD);
  const text = (argument: string): string => (typeof args[argument] === "string" ? args[argument] : "");
  if (renaming.test(name) || linking.test(name)) {
    const follow = name === "linkat" && (Number(args["flags"]) & AT_SYMLINK_FOLLOW) !== 0;
    return [
      { argument: "oldname", dirfd: descriptor("olddfd"), path: text("oldname"), follow },
      { argument: "newname", dirfd: descriptor("newdfd"), path: text("newname"), follow: false },
    ];
  }
  if (call.path === undefined) return [];
  const dirfd = name === "symlinkat" ? descriptor("newdfd") : descriptor("dfd");
  return [{ argument: "path", dirfd, path: call.path, follow: followsLink(call) }];
}

function followsLink(call: AnyCall): boolean {
  if (ofNames.test(call.name)) return false;
  if (opening.has(call.name)) {
    const flags = openingFlags(call);
    const isNew = (flags & constants.O_CREAT) !== 0 && (flags & constants.O_EXCL) !== 0;
    return (flags & constants.O_NOFOLLOW) === 0 && !isNew;
  }
  const flags = call.args["flag"] ?? call.args["flags"];
  return typeof flags !== "number" || (flags & AT_SYMLINK_NOFOLLOW) === 0;
}

const creates = (call: AnyCall): boolean => opening.has(call.name) && (openingFlags(call) & constants.O_CREAT) !== 0;

/** Whether the call makes or removes the name itself: then a slash behind it does not ask for a directory (fs/namei.c). */
const isAboutName = (call: AnyCall, argument: string): boolean =>
  changingNames.test(call.name) || argument === "newname" || creates(call);

/** O_CREAT of a name with a slash behind it (fs/namei.c, open_last_lookups). */
const createsDirectory = (call: AnyCall): boolean => creates(call) && call.path?.endsWith("/") === true;

/** What the call says of a name that is not there. @param inOurs in a directory of ours @param error positive */
export function answerMissing(call: AnyCall, argument: string, error: number, inOurs: boolean): number {
  if (!inOurs || !isAboutName(call, argument)) return -error;
  return errno(createsDirectory(call) ? "EISDIR" : "EROFS");
}

export function answerFile(call: AnyCall, argument: string, path: string, file: SealedFile): Promise<Outcome> {
  if (!createsDirectory(call) && (call.is("open") || call.is("openat") || call.is("openat2") || call.is("creat")))
    return call.openWith(file); // this very promise: then nobody waits for a microtask
  return lookAtFile(call, argument, path, file);
}

async function lookAtFile(call: AnyCall, argument: string, path: string, file: SealedFile): Promise<Outcome> {
  if (createsDirectory(call)) return errno("EISDIR");
  if (call.name === "chdir") return errno("ENOTDIR");
  const examined = examine(call, file.link);
  if (examined === undefined) return refusal(call, argument);
  const result = await examined;
  if (!isRefused(result) || isAccess(call.name)) return result;
  // The program may not look into this process: let it look at a file of its own.
  const fd = await openFile(call, path, file, constants.O_RDONLY | O_CLOEXEC);
  if (fd === null || fd < 0) return fd;
  const own = await examine(call, `/proc/thread-self/fd/${fd}`);
  await call.run("close", { fd });
  return own;
}

export async function answerDirectory(call: AnyCall, argument: string, { link }: VirtualDirectory): Promise<Outcome> {
  if (opening.has(call.name)) {
    if (createsDirectory(call)) return errno("EISDIR");
    const flags = openingFlags(call);
    const error = flags < 0 ? flags : whyNotDirectory(flags);
    return error < 0 ? error : openLink(call, link, flags);
  }
  if (call.name === "chdir") return call.run("chdir", { filename: link });
  if (call.name === "truncate") return errno("EISDIR");
  return (await examine(call, link)) ?? refusal(call, argument);
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
function refusal({ name }: AnyCall, argument: string): number {
  if (name.startsWith("readlink")) return errno("EINVAL");
  if (name.startsWith("execve")) return errno("EACCES");
  if (making.test(name) || (linking.test(name) && argument === "newname")) return errno("EEXIST");
  return errno(linking.test(name) ? "EXDEV" : "EROFS");
}
