/** Calls about files by name, their metadata and directories. */
import type { JsonValue } from "../../record.ts";
import { buffer, cString, lengthIn, outputBuffer, outputPath, path } from "../buffer.ts";
import { dateText, device, fileMode, isDevice } from "../file.ts";
import {
  argument,
  decimal,
  directoryFd,
  fd,
  id,
  list,
  mode,
  output,
  simple,
  type CallFormats,
  type CallState,
  type Format,
  type OutputFormat,
} from "../format.ts";
import { readExactly } from "../memory.ts";
import { enumerationOf, flags, flagsOf, maskedFlags, splitFlags } from "../named.ts";
import { i32, i64, u16, u32, u64 } from "../scalar.ts";
import { nested, outputOf, structure, type Structure } from "../structure.ts";
import { jsonName } from "../text.ts";
import { timespecStructure, timevalStructure } from "../time.ts";
import {
  hex as hexText,
  jsonInteger,
  nullPointer,
  octal,
  pointer as pointerOf,
  type Decoded,
  type Integer,
} from "../value.ts";

/** The access mode is a number in the two lowest bits, the rest are flags (include/uapi/asm-generic/fcntl.h). */
const accessMask = 3;

export const openFlags: Format = maskedFlags("accessMode", accessMask, "openFlags", "O_???");
const atFlags = flags("atFlags", "AT_???");

/** Whether open's flags make a file, so that there is a mode: O_CREAT or O_TMPFILE. */
const makesFile = (constants: readonly (readonly [string, number])[]): ((flags: number) => boolean) => {
  const [create, temporary] = ["O_CREAT", "O_TMPFILE"].map(
    (name) => constants.find(([key]) => key === name)?.[1] ?? 0,
  ) as [number, number];
  return (bits) => (bits & create) !== 0 || (bits & temporary) === temporary;
};

const openMode: Format = (scope) => {
  const register = argument(scope, "flags");
  const makes = makesFile(scope.abi.constants.openFlags);
  return (value, call) =>
    makes(Number(register(call) & 0xffff_ffffn)) ? { text: octal(value), value: Number(value) } : undefined;
};

/** R_OK, W_OK, X_OK (unistd.h); none of them: F_OK. */
const accessModes = [
  ["F_OK", 0],
  ["R_OK", 4],
  ["W_OK", 2],
  ["X_OK", 1],
] as const;
const accessMode: Format = simple((value) => flagsOf(accessModes, value, "?_OK"));

const openHow: Format = (scope) => {
  const { size } = scope.abi.layouts.open_how;
  const print = openFlags(scope);
  const makes = makesFile(scope.abi.constants.openFlags);
  const given = argument(scope, "size");
  return (address, call) => {
    if (address === 0n) return nullPointer;
    const bytes = given(call) < size ? undefined : readExactly(call.memory, BigInt(address), size);
    if (bytes === undefined) return pointerOf(address);
    const bits = u64(bytes, 0);
    const flagsText = print(bits, call) ?? nullPointer;
    const wantsMode = makes(Number(BigInt.asIntN(32, BigInt(bits))));
    const resolve = flagsOf(scope.abi.constants.resolveFlags, u64(bytes, 16), "RESOLVE_???");
    const fileModeBits = u64(bytes, 8);
    return {
      text: `{flags=${flagsText.text}${wantsMode || fileModeBits !== 0 ? `, mode=${octal(fileModeBits)}` : ""}, resolve=${resolve.text}}`,
      value: { flags: flagsText.value, mode: jsonInteger(fileModeBits), resolve: resolve.value },
    };
  };
};

const statFields = {
  st_dev: device,
  st_ino: decimal,
  st_mode: fileMode,
  st_nlink: decimal,
  st_uid: decimal,
  st_gid: decimal,
  st_blksize: decimal,
  st_blocks: decimal,
  st_rdev: device,
  st_size: decimal,
  st_atime: decimal,
  st_atime_nsec: decimal,
  st_mtime: decimal,
  st_mtime_nsec: decimal,
  st_ctime: decimal,
  st_ctime_nsec: decimal,
};

/** A device is told by its number, anything else by its size. */
const statStructure: Structure = (scope) => {
  const file = structure("stat", statFields, { brief: ["st_mode", "st_size"] })(scope);
  const special = structure("stat", statFields, { brief: ["st_mode", "st_rdev"] })(scope);
  const at = scope.abi.layouts.stat.fields["st_mode"]?.[0] ?? 0;
  return {
    size: file.size,
    print: (bytes, offset, call) => (isDevice(u32(bytes, offset + at)) ? special : file).print(bytes, offset, call),
  };
};

const statxTime = nested(structure("statx_timestamp", { tv_sec: decimal, tv_nsec: decimal }));
const statxMask = flags("statxMask", "STATX_???");

const statxStructure: Structure = structure(
  "statx",
  {
    stx_mask: statxMask,
    stx_blksize: decimal,
    stx_attributes: flags("statxAttributes", "STATX_ATTR_???"),
    stx_nlink: decimal,
    stx_uid: decimal,
    stx_gid: decimal,
    stx_mode: fileMode,
    stx_ino: decimal,
    stx_size: decimal,
    stx_blocks: decimal,
    stx_attributes_mask: flags("statxAttributes", "STATX_ATTR_???"),
    stx_atime: statxTime,
    stx_btime: statxTime,
    stx_ctime: statxTime,
    stx_mtime: statxTime,
    stx_rdev_major: decimal,
    stx_rdev_minor: decimal,
    stx_dev_major: decimal,
    stx_dev_minor: decimal,
    stx_mnt_id: decimal,
  },
  { brief: ["stx_mask", "stx_attributes", "stx_mode", "stx_size"] },
);

/** How statx's flags say when attributes are to be fetched (include/uapi/linux/fcntl.h). */
const statxSync = { mask: 0x6000, names: ["AT_STATX_SYNC_AS_STAT", "AT_STATX_FORCE_SYNC", "AT_STATX_DONT_SYNC"] };

const statxFlags: Format =
  ({ abi }) =>
  (value) => {
    const bits = Number(value);
    const sync = (bits & statxSync.mask) >>> 13;
    const rest = (bits & ~statxSync.mask) >>> 0;
    const { names, rest: left } = splitFlags(abi.constants.atFlags, rest);
    const text = [
      statxSync.names[sync] ?? hexText(statxSync.mask),
      ...(rest === 0 ? [] : names),
      ...(left === 0n ? [] : [hexText(left)]),
    ].join("|");
    return { text, value: text };
  };

const statfsFlags = flags("mountStatistics", "ST_???");
const statfsStructure: Structure = structure(
  "statfs",
  {
    f_type:
      ({ abi }) =>
      (value) =>
        enumerationOf(abi.constants.fileSystemMagic, value, "???_MAGIC"),
    f_bsize: decimal,
    f_blocks: decimal,
    f_bfree: decimal,
    f_bavail: decimal,
    f_files: decimal,
    f_ffree: decimal,
    "f_fsid.val": {
      raw: () => (bytes, offset) => {
        const words = [i32(bytes, offset), i32(bytes, offset + 4)];
        return { text: `{val=[${words.map((word) => hexText(word >>> 0)).join(", ")}]}`, value: { val: words } };
      },
    },
    f_namelen: decimal,
    f_frsize: decimal,
    f_flags: statfsFlags,
  },
  { names: { "f_fsid.val": "f_fsid" } },
);

/** How many entries; what they are is in the JSON. */
const directoryEntries: OutputFormat = output((scope) => {
  const names = scope.abi.layouts.linux_dirent64.fields["d_name"]?.[0] ?? 19;
  return (address, call) => {
    const total = Number(call.result ?? 0n);
    const bytes = readExactly(call.memory, BigInt(address), total);
    if (bytes === undefined) return pointerOf(address);
    const entries: JsonValue[] = [];
    for (let at = 0; at + names <= bytes.length;) {
      const size = u16(bytes, at + 16);
      if (size < names || at + size > bytes.length) break;
      const name = bytes.subarray(at + names, at + size);
      entries.push({
        d_ino: jsonInteger(u64(bytes, at)),
        d_off: jsonInteger(i64(bytes, at + 8)),
        d_type: enumerationOf(scope.abi.constants.direntType, bytes[at + 18] ?? 0, "DT_???").value,
        d_name: jsonName(name.subarray(0, Math.max(0, name.indexOf(0)))),
      });
      at += size;
    }
    return { text: `${pointerOf(address).text} /* ${entries.length} entries */`, value: entries };
  };
});

/** Nanoseconds that mean "now" and "leave it" (include/linux/stat.h). */
const specialTimes: Readonly<Record<number, string>> = { 0x3fff_ffff: "UTIME_NOW", 0x3fff_fffe: "UTIME_OMIT" };

/** Time of access and time of change: two timespecs or timevals. */
const filetimes =
  (shape: Structure, digits: number): Format =>
  (scope) => {
    const one = shape(scope);
    return (address, call) => {
      if (address === 0n) return nullPointer;
      const bytes = readExactly(call.memory, BigInt(address), 2 * one.size);
      if (bytes === undefined) return pointerOf(address);
      return list(
        [0, one.size].map((at): Decoded => {
          const fraction = Number(u64(bytes, at + 8));
          const special = digits === 9 ? specialTimes[fraction] : undefined;
          if (special !== undefined) return { text: special, value: special };
          const time = one.print(bytes, at, call);
          const date = dateText(Number(i64(bytes, at)), fraction, digits);
          return { text: date === undefined ? time.text : `${time.text} /* ${date} */`, value: time.value };
        }),
      );
    };
  };

const makeNode = { filename: path, mode: fileMode, dev: nodeDevice() };

/** Only special files have a device number. */
function nodeDevice(): Format {
  return (scope) => {
    const print = device(scope);
    const register = argument(scope, "mode");
    return (value, call) => (isDevice(Number(register(call) & 0xffffn)) ? print(value, call) : undefined);
  };
}

const ownership = { user: id, group: id };
const xattrFlags = flags("xattrFlags", "XATTR_???");
const xattrValue = buffer(lengthIn("size"));
/** struct file_handle: its size, what kind it is, and as many bytes as the size says. */
function handleAt(address: Integer, full: boolean, call: CallState): Decoded {
  if (address === 0n) return nullPointer;
  const head = readExactly(call.memory, BigInt(address), 8);
  if (head === undefined) return pointerOf(address);
  const [size, type] = [u32(head, 0), i32(head, 4)];
  if (!full) return { text: `{handle_bytes=${size}}`, value: { handle_bytes: size } };
  /** MAX_HANDLE_SZ (include/linux/exportfs.h) */
  const handle = readExactly(call.memory, BigInt(address) + 8n, Math.min(size, 128)) ?? new Uint8Array(0);
  const text = `0x${Buffer.from(handle).toString("hex")}`;
  return {
    text: `{handle_bytes=${size}, handle_type=${hexText(type)}, f_handle=${text}}`,
    value: { handle_bytes: size, handle_type: type, f_handle: text },
  };
}
const fileHandle: Format = () => (address, call) => handleAt(address, true, call);
const outputHandle: OutputFormat = {
  enter: () => (address, call) => handleAt(address, false, call),
  leave: () => (address, call, entered) => (call.succeeded ? handleAt(address, true, call) : entered),
};

export const fileCalls: CallFormats = {
  open: { filename: path, flags: openFlags, mode: openMode },
  openat: { dfd: directoryFd, filename: path, flags: openFlags, mode: openMode },
  openat2: { dfd: directoryFd, filename: path, how: openHow, size: decimal },
  creat: { pathname: path, mode },
  name_to_handle_at: { dfd: directoryFd, name: path, handle: outputHandle, flag: atFlags },
  open_by_handle_at: { mountdirfd: directoryFd, handle: fileHandle, flags: openFlags },

  access: { filename: path, mode: accessMode },
  faccessat: { dfd: directoryFd, filename: path, mode: accessMode },
  faccessat2: { dfd: directoryFd, filename: path, mode: accessMode, flags: flags("accessFlags", "AT_???") },

  stat: { filename: path, statbuf: outputOf(statStructure) },
  lstat: { filename: path, statbuf: outputOf(statStructure) },
  fstat: { fd, statbuf: outputOf(statStructure) },
  newfstatat: { dfd: directoryFd, filename: path, statbuf: outputOf(statStructure), flag: atFlags },
  statx: { dfd: directoryFd, path, flags: statxFlags, mask: statxMask, buffer: outputOf(statxStructure) },
  statfs: { path, buf: outputOf(statfsStructure) },
  fstatfs: { fd, buf: outputOf(statfsStructure) },

  chdir: { filename: path },
  fchdir: { fd },
  chroot: { filename: path },
  getcwd: { buf: outputPath, size: decimal },
  mkdir: { pathname: path, mode },
  mkdirat: { dfd: directoryFd, pathname: path, mode },
  mknod: makeNode,
  mknodat: { dfd: directoryFd, ...makeNode },
  rmdir: { pathname: path },
  unlink: { pathname: path },
  unlinkat: { dfd: directoryFd, pathname: path, flag: atFlags },
  rename: { oldname: path, newname: path },
  renameat: { olddfd: directoryFd, oldname: path, newdfd: directoryFd, newname: path },
  renameat2: {
    olddfd: directoryFd,
    oldname: path,
    newdfd: directoryFd,
    newname: path,
    flags: flags("renameFlags", "RENAME_???"),
  },
  link: { oldname: path, newname: path },
  linkat: { olddfd: directoryFd, oldname: path, newdfd: directoryFd, newname: path, flags: atFlags },
  symlink: { old: path, new: path },
  symlinkat: { oldname: path, newdfd: directoryFd, newname: path },
  readlink: { path, buf: outputBuffer() },
  readlinkat: { dfd: directoryFd, path, buf: outputBuffer() },

  chmod: { filename: path, mode },
  fchmod: { fd, mode },
  fchmodat: { dfd: directoryFd, filename: path, mode },
  fchmodat2: { dfd: directoryFd, filename: path, mode, flags: atFlags },
  chown: { filename: path, ...ownership },
  lchown: { filename: path, ...ownership },
  fchown: { fd, ...ownership },
  fchownat: { dfd: directoryFd, filename: path, ...ownership, flag: atFlags },
  umask: { mask: mode },
  utimensat: { dfd: directoryFd, filename: path, utimes: filetimes(timespecStructure, 9), flags: atFlags },
  futimesat: { dfd: directoryFd, filename: path, utimes: filetimes(timevalStructure, 6) },
  utimes: { filename: path, utimes: filetimes(timevalStructure, 6) },
  truncate: { path, length: decimal },

  getdents64: { fd, dirent: directoryEntries, count: decimal },

  getxattr: { path, name: cString, value: outputBuffer(), size: decimal },
  lgetxattr: { path, name: cString, value: outputBuffer(), size: decimal },
  fgetxattr: { fd, name: cString, value: outputBuffer(), size: decimal },
  setxattr: { path, name: cString, value: xattrValue, size: decimal, flags: xattrFlags },
  lsetxattr: { path, name: cString, value: xattrValue, size: decimal, flags: xattrFlags },
  fsetxattr: { fd, name: cString, value: xattrValue, size: decimal, flags: xattrFlags },
  listxattr: { path, list: outputBuffer(), size: decimal },
  llistxattr: { path, list: outputBuffer(), size: decimal },
  flistxattr: { fd, list: outputBuffer(), size: decimal },
  removexattr: { path, name: cString },
  lremovexattr: { path, name: cString },
  fremovexattr: { fd, name: cString },

  inotify_init1: { flags: flags("inotifyFlags", "IN_???") },
  inotify_add_watch: { fd, path, mask: flags("inotifyMask", "IN_???") },
  inotify_rm_watch: { fd, wd: decimal },
  fanotify_init: {
    flags: maskedFlags("fanotifyClass", 0xc, "fanotifyInitFlags", "FAN_???"),
    event_f_flags: openFlags,
  },
  fanotify_mark: {
    fanotify_fd: fd,
    flags: flags("fanotifyMarkFlags", "FAN_MARK_???"),
    mask: flags("fanotifyMask", "FAN_???"),
    fd: directoryFd,
    pathname: path,
  },
  acct: { name: path },
};
