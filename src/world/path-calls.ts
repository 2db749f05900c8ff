/** What each call that names a file asks of the target. */
import type { CallPath } from "../hooks/call-paths.ts";
import { statOf } from "../hooks/stat.ts";
import type { CallBuffer } from "../hooks/buffer.ts";
import type { Pointer } from "../hooks/pointer.ts";
import type { AnyCall, Outcome } from "../hooks/types.ts";
import type { Attributes } from "../session/remote-files.ts";
import { error } from "./errors.ts";
import type { Files } from "./files.ts";
import type { Located } from "./locate.ts";
import { fill, statFsOf } from "./structures.ts";
import { TargetFile } from "./target-file.ts";
import { timespecs, timevals, utimbuf } from "./times.ts";
import { umaskOf } from "./umask.ts";

/** A call, its first path and where that leads, and the second one where there are two. */
export interface Asked {
  readonly call: AnyCall;
  readonly files: Files;
  readonly path: CallPath;
  readonly to: Located;
  readonly other: Located | undefined;
}

type Answer = (asked: Asked) => Promise<Outcome>;

/** include/uapi/linux/fcntl.h, stat.h, unistd.h */
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_REMOVEDIR = 0x200;
const AT_EACCESS = 0x200;
/** What else statx(2) is told: AT_NO_AUTOMOUNT, AT_STATX_*. */
const STATX_FLAGS = 0x6800;
const O_PATH = 0o10000000;
const W_OK = 2;
const S_IFMT = 0o170000;
const S_IFREG = 0o100000;

const noFollow = ({ path }: Asked): number => (path.follow ? 0 : AT_SYMLINK_NOFOLLOW);
const numberOf = (value: unknown): number =>
  typeof value === "number" || typeof value === "bigint" ? Number(value) : 0;
const argument = ({ call }: Asked, name: string): number => numberOf(call.args[name]);
function text({ call }: Asked, name: string): string {
  const value = call.args[name];
  return typeof value === "string" ? value : "";
}
/** PATH_MAX (include/uapi/linux/limits.h) */
const PATH_MAX = 4096;
function bytesAt(at: Pointer): Uint8Array {
  const bytes = at.read(PATH_MAX);
  return bytes.subarray(0, bytes.indexOf(0));
}
const pointer = ({ call }: Asked, name: string): Pointer => call.args[name] as Pointer;
/** A register of 32 bits, as uid_t and dev_t are. */
const unsigned = (asked: Asked, name: string): number => argument(asked, name) >>> 0;

async function stat(asked: Asked): Promise<Outcome> {
  const { call, files, to } = asked;
  const isStatx = call.is("statx");
  const flags = noFollow(asked) | (isStatx ? call.args.flags & STATX_FLAGS : 0);
  const statx = to.file === undefined ? await files.stat(to.place, flags) : await to.file.stat();
  if (typeof statx === "number") return statx;
  if (isStatx) return fill(call.args.buffer, statx);
  return fill(pointer(asked, "statbuf"), statOf(statx));
}

async function access(asked: Asked): Promise<Outcome> {
  const { call, files, to } = asked;
  const mode = argument(asked, "mode");
  if (to.mode === "remote-read" && (mode & W_OK) !== 0) return error("EROFS");
  const flags = call.is("faccessat2") ? call.args.flags & AT_EACCESS : 0;
  return files.access(to.place, mode, flags | noFollow(asked));
}

async function readLink({ call, files, path, to }: Asked): Promise<Outcome> {
  const { buffer } = call;
  if (buffer === undefined || buffer.length === 0) return error("EINVAL");
  const target = await files.readLink(to.place);
  if (path.path === "" && target === error("EINVAL")) return error("ENOENT"); // do_readlinkat (fs/stat.c)
  return typeof target === "number" ? target : buffer.write(target);
}

async function statFs(asked: Asked): Promise<Outcome> {
  const found = await asked.files.statFs(asked.to.place);
  return typeof found === "number" ? found : fill(pointer(asked, "buf"), statFsOf(found));
}

const attributes =
  (read: (asked: Asked) => Attributes | number): Answer =>
  async (asked) => {
    const wanted = read(asked);
    if (typeof wanted === "number") return wanted;
    return asked.files.setAttributes(asked.to.place, { ...wanted, flags: noFollow(asked) });
  };

const chmod = attributes((asked) => ({ mode: argument(asked, "mode") & 0o7777 }));
const chown = attributes((asked) => ({ uid: unsigned(asked, "user"), gid: unsigned(asked, "group") }));

const makeDirectory: Answer = async (asked) =>
  asked.files.makeDirectory(asked.to.place, argument(asked, "mode") & 0o7777 & ~umaskOf(asked.call.tid));

const makeNode: Answer = async (asked) => {
  const mode = argument(asked, "mode");
  const type = (mode & S_IFMT) === 0 ? S_IFREG : mode & S_IFMT;
  const permissions = mode & 0o7777 & ~umaskOf(asked.call.tid);
  return asked.files.makeNode(asked.to.place, type | permissions, BigInt(unsigned(asked, "dev")));
};

const rename: Answer = async (asked) =>
  asked.other === undefined
    ? error("EINVAL")
    : asked.files.rename(asked.to.place, asked.other.place, argument(asked, "flags"));

const link: Answer = async (asked) =>
  asked.other === undefined
    ? error("EINVAL")
    : asked.files.link(asked.to.place, asked.other.place, argument(asked, "flags"));

const symbolicLink: Answer = async (asked) => {
  const { call, files, to } = asked;
  const target = text(asked, call.name === "symlink" ? "old" : "oldname");
  // As the program wrote it, be it UTF-8 or not; it is the first argument of both.
  const bytes = target.includes("\uFFFD") ? bytesAt(call.at(call.registers[0] ?? 0n)) : target;
  return files.makeSymbolicLink(bytes, to.place);
};

const remove =
  (directory: (asked: Asked) => boolean): Answer =>
  async (asked) =>
    asked.files.remove(asked.to.place, directory(asked));

const getAttribute: Answer = async (asked) => {
  const size = argument(asked, "size");
  const found = await asked.files.getExtendedAttribute(asked.to.place, text(asked, "name"), size, !asked.path.follow);
  return valueInto(asked.call.buffer, size, found);
};

const listAttributes: Answer = async (asked) => {
  const size = argument(asked, "size");
  return valueInto(
    asked.call.buffer,
    size,
    await asked.files.listExtendedAttributes(asked.to.place, size, !asked.path.follow),
  );
};

/** The result of a call that gives a value, or with no room for one says how long it is. */
export function valueInto(
  buffer: CallBuffer | undefined,
  size: number,
  found: { readonly value: Uint8Array; readonly length: number } | number,
): number {
  if (typeof found === "number") return found;
  if (size === 0 || found.value.length === 0) return found.length;
  return buffer?.write(found.value) ?? error("EFAULT");
}

const setAttribute: Answer = async (asked) => {
  const { files, to, path, call } = asked;
  const value = call.buffer?.read() ?? new Uint8Array(0);
  return files.setExtendedAttribute(to.place, text(asked, "name"), value, argument(asked, "flags"), !path.follow);
};

const removeAttribute: Answer = async (asked) =>
  asked.files.removeExtendedAttribute(asked.to.place, text(asked, "name"), !asked.path.follow);

const truncate: Answer = async (asked) => {
  const { files, to } = asked;
  if (to.file instanceof TargetFile && to.file.isDirectory) return error("EISDIR"); // vfs_truncate (fs/open.c)
  return files.truncate(to.place, BigInt(argument(asked, "length")));
};

const utimens: Answer = async (asked) => {
  const { dfd } = asked.call.args;
  const file = asked.call.registers[1] === 0n ? asked.call.process.descriptors.get(numberOf(dfd)) : undefined;
  if (((file?.flags ?? 0) & O_PATH) !== 0) return error("EBADF"); // do_utimes_fd (fs/utimes.c)
  return setTimes(asked);
};
const setTimes = attributes((asked) => timespecs(pointer(asked, "utimes")));

/** Calls that only look. Everything else is EROFS of a file that is there to be read. */
const looking: Readonly<Record<string, Answer>> = {
  stat,
  lstat: stat,
  newfstatat: stat,
  statx: stat,
  access,
  faccessat: access,
  faccessat2: access,
  readlink: readLink,
  readlinkat: readLink,
  statfs: statFs,
  getxattr: getAttribute,
  lgetxattr: getAttribute,
  listxattr: listAttributes,
  llistxattr: listAttributes,
};

const changing: Readonly<Record<string, Answer>> = {
  mkdir: makeDirectory,
  mkdirat: makeDirectory,
  mknod: makeNode,
  mknodat: makeNode,
  rmdir: remove(() => true),
  unlink: remove(() => false),
  unlinkat: remove((asked) => (argument(asked, "flag") & AT_REMOVEDIR) !== 0),
  rename,
  renameat: rename,
  renameat2: rename,
  link,
  linkat: link,
  symlink: symbolicLink,
  symlinkat: symbolicLink,
  chmod,
  fchmodat: chmod,
  fchmodat2: chmod,
  chown,
  lchown: chown,
  fchownat: chown,
  truncate,
  setxattr: setAttribute,
  lsetxattr: setAttribute,
  removexattr: removeAttribute,
  lremovexattr: removeAttribute,
  utimensat: utimens,
  utime: attributes((asked) => utimbuf(pointer(asked, "times"))),
  utimes: attributes((asked) => timevals(pointer(asked, "utimes"))),
  futimesat: attributes((asked) => timevals(pointer(asked, "utimes"))),
};

/**
 * What changes the machine that a program is on (mounts, roots, swap, accounting, quotas) is refused as the kernel
 * refuses it to a program without rights over its machine.
 */
const forbidden: ReadonlySet<string> = new Set([
  "chroot",
  "pivot_root",
  "mount",
  "umount2",
  "open_tree",
  "move_mount",
  "fspick",
  "mount_setattr",
  "swapon",
  "swapoff",
  "acct",
  "quotactl",
  "fanotify_mark",
]);

/** What the call says of a file of the target; EOPNOTSUPP where it cannot be asked there. */
export async function answerPath(asked: Asked): Promise<Outcome> {
  const { call, to, other } = asked;
  const look = looking[call.name];
  if (look !== undefined) return look(asked);
  const change = changing[call.name];
  if (change === undefined) return error(forbidden.has(call.name) ? "EPERM" : "EOPNOTSUPP");
  return to.mode === "remote-read" || other?.mode === "remote-read" ? error("EROFS") : change(asked);
}
