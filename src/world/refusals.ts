/** What the kernel refuses before it looks at a path: values of arguments that no file could make right. */
import { constants } from "node:fs";
import type { AnyCall, Outcome } from "../hooks/types.ts";
import { error } from "./errors.ts";

/** include/uapi/linux/fcntl.h, stat.h, fs.h, xattr.h, unistd.h */
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_REMOVEDIR = 0x200;
const AT_EACCESS = 0x200;
const AT_SYMLINK_FOLLOW = 0x400;
const AT_NO_AUTOMOUNT = 0x800;
const AT_EMPTY_PATH = 0x1000;
const AT_STATX_SYNC_TYPE = 0x6000;
const RENAME_EXCHANGE = 2;
const RENAME_NOREPLACE_OR_WHITEOUT = 5;
const XATTR_CREATE_OR_REPLACE = 3;
const UTIME_OMIT = 0x3fff_fffe;
const RWX = 7;
const STATX_RESERVED = 0x8000_0000;
const S_IFMT = 0o170000;
const { S_IFREG, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK } = constants;
const NODES: readonly number[] = [S_IFREG, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK];
/** include/uapi/linux/limits.h */
const XATTR_NAME_MAX = 255;
const XATTR_SIZE_MAX = 65_536;

type Check = (call: AnyCall) => Outcome;

const text = (argument: unknown): string => (typeof argument === "string" ? argument : "");
const numberOf = (call: AnyCall, name: string): number => Number(call.args[name]);
const onlyFlags =
  (argument: string, known: number): Check =>
  (call) =>
    (numberOf(call, argument) & ~known) === 0 ? undefined : error("EINVAL");

const examined = (argument: string): Check =>
  onlyFlags(argument, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE);
const accessed: Check = (call) => ((numberOf(call, "mode") & ~RWX) === 0 ? undefined : error("EINVAL"));

/** fs/namei.c, do_renameat2 */
const renamed: Check = (call) => {
  const flags = numberOf(call, "flags");
  const both = (flags & RENAME_NOREPLACE_OR_WHITEOUT) !== 0 && (flags & RENAME_EXCHANGE) !== 0;
  return both || (flags & ~(RENAME_NOREPLACE_OR_WHITEOUT | RENAME_EXCHANGE)) !== 0 ? error("EINVAL") : undefined;
};

/** fs/xattr.c, import_xattr_name */
const named: Check = (call) => {
  const { length } = Buffer.from(text(call.args["name"]));
  return length === 0 || length > XATTR_NAME_MAX ? error("ERANGE") : undefined;
};

/** fs/xattr.c, setxattr_copy */
const attributeSet: Check = (call) => {
  if ((numberOf(call, "flags") & ~XATTR_CREATE_OR_REPLACE) !== 0) return error("EINVAL");
  return named(call) ?? (numberOf(call, "size") > XATTR_SIZE_MAX ? error("E2BIG") : undefined);
};

/** fs/utimes.c: with nothing to do the path is not even looked at. */
const timed: Check = (call) => {
  const times = call.args["utimes"];
  if (typeof times === "object" && !times.isNull) {
    const bytes = Buffer.from(times.read(32));
    if (bytes.length < 32) return error("EFAULT");
    if ([8, 24].every((at) => bytes.readBigInt64LE(at) === BigInt(UTIME_OMIT))) return 0;
  }
  return onlyFlags("flags", AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)(call);
};

/** fs/namei.c, getname: a link that leads nowhere at all. */
const led =
  (argument: string): Check =>
  (call) =>
    call.args[argument] === "" ? error("ENOENT") : undefined;

/** fs/namei.c, may_mknod */
const made: Check = (call) => {
  const type = numberOf(call, "mode") & S_IFMT;
  if (type === constants.S_IFDIR) return error("EPERM");
  return type === 0 || NODES.includes(type) ? undefined : error("EINVAL");
};

const checks: Readonly<Record<string, Check>> = {
  newfstatat: examined("flag"),
  statx: (call) => (numberOf(call, "mask") & STATX_RESERVED ? error("EINVAL") : examined("flags")(call)),
  access: accessed,
  faccessat: accessed,
  faccessat2: (call) => accessed(call) ?? onlyFlags("flags", AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)(call),
  unlinkat: onlyFlags("flag", AT_REMOVEDIR),
  renameat2: renamed,
  mknod: made,
  mknodat: made,
  linkat: onlyFlags("flags", AT_SYMLINK_FOLLOW | AT_EMPTY_PATH),
  fchmodat2: onlyFlags("flags", AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH),
  fchownat: onlyFlags("flag", AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH),
  symlink: led("old"),
  symlinkat: led("oldname"),
  truncate: (call) => (numberOf(call, "length") < 0 ? error("EINVAL") : undefined),
  utimensat: timed,
  getxattr: named,
  lgetxattr: named,
  removexattr: named,
  lremovexattr: named,
  setxattr: attributeSet,
  lsetxattr: attributeSet,
  fsetxattr: attributeSet,
};

/** @returns the call's result where its arguments alone decide it */
export const refused: Check = (call) => checks[call.name]?.(call);
