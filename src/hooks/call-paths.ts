/**
 * Which arguments of a call are paths, and how the kernel looks them up: from where, whether a symbolic link in the
 * last place is followed, whether the call is about the name rather than about what stands there.
 *
 * Not here: `fsconfig`, whose value is a path for two of its commands only, the quota file of `quotactl(Q_QUOTAON)`,
 * and the devices that some file systems take for mount's first argument.
 */
import { constants } from "node:fs";
import type { ResolveOptions } from "../model/resolve.ts";
import { callTables } from "../linux/calls.ts";
import { u32 } from "../linux/scalar.ts";
import { AT_FDCWD } from "../process/paths.ts";
import { O_PATH, openingFlags } from "./open-with.ts";
import { canOpen } from "./parameters.ts";
import type { AnyCall, CallName } from "./types.ts";

/** A path among a call's arguments; with what it takes to resolve it. */
export interface CallPath extends Required<ResolveOptions> {
  /** The argument, by the kernel's name: what `proceed` takes. Of the address of a socket it is "address". */
  readonly argument: string;
  /** The descriptor of the directory that a relative path begins at, or AT_FDCWD. */
  readonly dirfd: number;
  /** As the program wrote it; "" for NULL. */
  readonly path: string;
  /** What it is where that is not UTF-8, and `path` is not all of it. */
  readonly bytes?: Uint8Array;
  /**
   * The call makes, removes or moves the name itself. It is looked up in its directory and no further, so
   * slashes behind it do not count (fs/namei.c, filename_parentat).
   */
  readonly isName: boolean;
}

/** What the kernel does with a path argument. Flags are those of the argument `flags`. */
interface PathRule {
  readonly argument: string;
  /** The argument with the directory's descriptor. */
  readonly dirfd?: string;
  /** The argument with the flags that the rules below look at. */
  readonly flags?: string;
  /** Whether a link in the last place is followed: always or never, or by one of the flags. */
  readonly follow: boolean | { readonly unless: number } | { readonly when: number };
  /** The flag with which an empty path means the descriptor itself. */
  readonly empty?: number | "always";
  /** It must be a directory, always or with this flag. */
  readonly directory?: number | "always";
  readonly isName?: true;
  /** What NULL is: the descriptor itself, or no path at all. */
  readonly null?: "descriptor" | "none";
  /** It is a path with one of these flags only, and with none of `never`. */
  readonly only?: number;
  readonly never?: number;
}

/** include/uapi/linux/fcntl.h */
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_SYMLINK_FOLLOW = 0x400;
const AT_EMPTY_PATH = 0x1000;
/** include/uapi/linux/inotify.h, fanotify.h */
const IN_ONLYDIR = 0x0100_0000;
const IN_DONT_FOLLOW = 0x0200_0000;
const FAN_MARK_DONT_FOLLOW = 0x04;
const FAN_MARK_ONLYDIR = 0x08;
/** include/uapi/linux/mount.h; include/linux/fs.h */
const MS_REMOUNT = 0x20;
const MS_BIND = 0x1000;
const MS_MOVE = 0x2000;
const UMOUNT_NOFOLLOW = 0x08;
const MOVE_MOUNT_F_SYMLINKS = 0x01;
const MOVE_MOUNT_F_EMPTY_PATH = 0x04;
const MOVE_MOUNT_T_SYMLINKS = 0x10;
const MOVE_MOUNT_T_EMPTY_PATH = 0x40;
const FSPICK_SYMLINK_NOFOLLOW = 0x02;
const FSPICK_EMPTY_PATH = 0x08;

const followed = (argument: string, dirfd?: string): PathRule => ({
  argument,
  ...(dirfd !== undefined && { dirfd }),
  follow: true,
});
/** The link itself, if it is one. */
const unfollowed = (argument: string, dirfd?: string): PathRule => ({ ...followed(argument, dirfd), follow: false });
const nameOf = (argument: string, dirfd?: string): PathRule => ({ ...unfollowed(argument, dirfd), isName: true });
/** As newer calls take them: AT_SYMLINK_NOFOLLOW and AT_EMPTY_PATH. */
const byFlags = (argument: string, flags: string): PathRule => ({
  argument,
  dirfd: "dfd",
  flags,
  follow: { unless: AT_SYMLINK_NOFOLLOW },
  empty: AT_EMPTY_PATH,
});
const directory = (argument: string): PathRule => ({ ...followed(argument), directory: "always" });

/** By the call's name, in the order of the arguments. Calls that open are in {@link openingPath}. */
const rules: Readonly<Record<string, readonly PathRule[]>> = {
  // fs/stat.c
  stat: [followed("filename")],
  lstat: [unfollowed("filename")],
  newfstatat: [byFlags("filename", "flag")],
  statx: [byFlags("path", "flags")],
  readlink: [unfollowed("path")],
  readlinkat: [{ ...unfollowed("path", "dfd"), empty: "always" }], // do_readlinkat: LOOKUP_EMPTY
  // fs/open.c
  access: [followed("filename")],
  faccessat: [followed("filename", "dfd")],
  faccessat2: [byFlags("filename", "flags")],
  chdir: [directory("filename")],
  chroot: [directory("filename")],
  chmod: [followed("filename")],
  fchmodat: [followed("filename", "dfd")],
  fchmodat2: [byFlags("filename", "flags")],
  chown: [followed("filename")],
  lchown: [unfollowed("filename")],
  fchownat: [byFlags("filename", "flag")],
  truncate: [followed("path")],
  // fs/namei.c
  mkdir: [nameOf("pathname")],
  mkdirat: [nameOf("pathname", "dfd")],
  mknod: [nameOf("filename")],
  mknodat: [nameOf("filename", "dfd")],
  rmdir: [nameOf("pathname")],
  unlink: [nameOf("pathname")],
  unlinkat: [nameOf("pathname", "dfd")],
  symlink: [nameOf("new")], // the first argument is the link's text
  symlinkat: [nameOf("newname", "newdfd")],
  link: [unfollowed("oldname"), nameOf("newname")],
  linkat: [
    { ...byFlags("oldname", "flags"), dirfd: "olddfd", follow: { when: AT_SYMLINK_FOLLOW } },
    nameOf("newname", "newdfd"),
  ],
  rename: [nameOf("oldname"), nameOf("newname")],
  renameat: [nameOf("oldname", "olddfd"), nameOf("newname", "newdfd")],
  renameat2: [nameOf("oldname", "olddfd"), nameOf("newname", "newdfd")],
  // fs/utimes.c; do_utimes takes the descriptor for NULL
  utime: [followed("filename")],
  utimes: [followed("filename")],
  futimesat: [{ ...followed("filename", "dfd"), null: "descriptor" }],
  utimensat: [{ ...byFlags("filename", "flags"), null: "descriptor" }],
  // fs/exec.c, do_open_execat
  execve: [followed("filename")],
  execveat: [byFlags("filename", "flags")],
  uselib: [followed("library")],
  // fs/statfs.c, fs/xattr.c
  statfs: [followed("path")],
  setxattr: [followed("path")],
  lsetxattr: [unfollowed("path")],
  getxattr: [followed("path")],
  lgetxattr: [unfollowed("path")],
  listxattr: [followed("path")],
  llistxattr: [unfollowed("path")],
  removexattr: [followed("path")],
  lremovexattr: [unfollowed("path")],
  // fs/notify, fs/fhandle.c
  inotify_add_watch: [
    { ...followed("path"), flags: "mask", follow: { unless: IN_DONT_FOLLOW }, directory: IN_ONLYDIR },
  ],
  fanotify_mark: [
    {
      ...followed("pathname", "fd"),
      flags: "flags",
      follow: { unless: FAN_MARK_DONT_FOLLOW },
      directory: FAN_MARK_ONLYDIR,
      null: "descriptor",
    },
  ],
  name_to_handle_at: [{ ...byFlags("name", "flag"), follow: { when: AT_SYMLINK_FOLLOW } }],
  // fs/namespace.c, fs/fsopen.c
  mount: [
    { ...followed("dev_name"), flags: "flags", only: MS_BIND | MS_MOVE, never: MS_REMOUNT },
    followed("dir_name"),
  ],
  umount2: [{ ...followed("name"), flags: "flags", follow: { unless: UMOUNT_NOFOLLOW } }],
  pivot_root: [directory("new_root"), directory("put_old")],
  open_tree: [byFlags("path", "flags")],
  move_mount: [
    {
      ...followed("from_path", "from_dfd"),
      flags: "ms_flags",
      follow: { when: MOVE_MOUNT_F_SYMLINKS },
      empty: MOVE_MOUNT_F_EMPTY_PATH,
    },
    {
      ...followed("to_path", "to_dfd"),
      flags: "ms_flags",
      follow: { when: MOVE_MOUNT_T_SYMLINKS },
      empty: MOVE_MOUNT_T_EMPTY_PATH,
    },
  ],
  fspick: [{ ...byFlags("path", "flags"), follow: { unless: FSPICK_SYMLINK_NOFOLLOW }, empty: FSPICK_EMPTY_PATH }],
  mount_setattr: [byFlags("path", "flags")],
  // mm/swapfile.c, kernel/acct.c, fs/quota/quota.c
  swapon: [followed("specialfile")],
  swapoff: [followed("specialfile")],
  acct: [{ ...followed("name"), null: "none" }],
  quotactl: [{ ...followed("special"), null: "none" }],
};

/** Every call that {@link callPaths} finds a path in. */
export const callsWithPaths: readonly CallName[] = [
  "open",
  "openat",
  "openat2",
  "creat",
  ...(Object.keys(rules) as CallName[]),
];

/** All paths that the call names, in the order of its arguments. */
export function callPaths(call: AnyCall): readonly CallPath[] {
  if (canOpen(call.name)) return [openingPath(call)];
  const found: CallPath[] = [];
  for (const rule of rules[call.name] ?? []) {
    const path = pathBy(rule, call);
    if (path !== undefined) found.push(path);
  }
  return found;
}

/**
 * The path of a Unix socket that the call binds, connects or sends to (net/unix/af_unix.c, unix_bind_bsd,
 * unix_find_bsd); undefined where there is none, as of abstract sockets.
 */
export function socketPath(call: AnyCall): CallPath | undefined {
  const path = call.address?.path ?? "";
  if (path === "" || path.startsWith("\0") || !takesAddress.has(call.name)) return undefined;
  const isName = call.name === "bind";
  return {
    argument: "address",
    dirfd: AT_FDCWD,
    path,
    follow: !isName,
    isName,
    emptyPath: false,
    directory: false,
    resolve: 0,
  };
}

const takesAddress: ReadonlySet<string> = new Set(["bind", "connect", "sendto", "sendmsg"]);

/** The path without what the kernel does not look at: slashes behind a name that is made, removed or moved. */
export const lookedUp = ({ path, isName }: CallPath): string =>
  isName && path.endsWith("/") ? path.replace(/(?!^)\/+$/, "") : path;

function pathBy(rule: PathRule, call: AnyCall): CallPath | undefined {
  const flags = rule.flags === undefined ? 0 : bitsOf(call.args[rule.flags]);
  const isSet = (mask: number): boolean => (flags & mask) !== 0;
  if (rule.only !== undefined && (!isSet(rule.only) || isSet(rule.never ?? 0))) return undefined;
  const isNull = rule.null !== undefined && call.registers[positionOf(call.name, rule.argument)] === 0n;
  if (isNull && rule.null === "none") return undefined;
  const { follow } = rule;
  const path = textOf(call.args[rule.argument]);
  return {
    argument: rule.argument,
    dirfd: rule.dirfd === undefined ? AT_FDCWD : Number(call.args[rule.dirfd]),
    path,
    ...bytesOf(path, call, rule.argument),
    follow: typeof follow === "boolean" ? follow : "when" in follow ? isSet(follow.when) : !isSet(follow.unless),
    isName: rule.isName === true,
    emptyPath: rule.empty === "always" || isNull || isSet(rule.empty ?? 0),
    directory: rule.directory === "always" || isSet(rule.directory ?? 0),
    resolve: 0,
  };
}

/**
 * fs/open.c, build_open_flags: O_EXCL with O_CREAT does not follow, and with O_PATH other flags do not count.
 * An O_CREAT that makes the file follows dangling links, so the path is no name.
 */
function openingPath(call: AnyCall): CallPath {
  const at = call.name === "openat" || call.name === "openat2";
  const flags = Math.max(openingFlags(call), 0); // what cannot be read opens nothing
  const isSet = (mask: number): boolean => (flags & mask) === mask;
  const isNew = isSet(constants.O_CREAT | constants.O_EXCL) && !isSet(O_PATH);
  const argument = call.name === "creat" ? "pathname" : "filename";
  const path = call.path ?? "";
  return {
    argument,
    dirfd: at ? Number(call.args["dfd"]) : AT_FDCWD,
    path,
    ...bytesOf(path, call, argument),
    follow: !isSet(constants.O_NOFOLLOW) && !isNew,
    isName: false,
    emptyPath: false,
    directory: isSet(constants.O_DIRECTORY),
    resolve: call.is("openat2") ? resolveOf(call.args.how.read(OPEN_HOW)) : 0,
  };
}

/** struct open_how (include/uapi/linux/openat2.h): u64 flags, mode, resolve. */
const OPEN_HOW = 24;
const resolveOf = (how: Uint8Array): number => (how.length < OPEN_HOW ? 0 : u32(how, 16));

/** PATH_MAX (include/uapi/linux/limits.h) */
const PATH_MAX = 4096;

/** A path with U+FFFD may have been something else. */
function bytesOf(path: string, call: AnyCall, argument: string): { readonly bytes?: Uint8Array } {
  if (!path.includes("\uFFFD")) return {};
  const bytes = call.at(call.registers[positionOf(call.name, argument)] ?? 0n).read(PATH_MAX);
  return { bytes: bytes.subarray(0, bytes.indexOf(0)) };
}

const textOf = (argument: unknown): string => (typeof argument === "string" ? argument : "");
const bitsOf = (argument: unknown): number =>
  typeof argument === "bigint" ? Number(BigInt.asUintN(32, argument)) : Number(argument);

function positionOf(call: string, argument: string): number {
  const signature = Object.values(callTables)
    .map((table) => table.signature(call))
    .find((found) => found !== undefined);
  return signature?.parameters.findIndex((parameter) => parameter.name === argument) ?? -1;
}
