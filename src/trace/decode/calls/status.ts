/** What is known about a file or a file system: stat, statx, statfs. */
import { path } from "../buffer.ts";
import { device, fileMode, isDevice } from "../file.ts";
import { decimal, directoryFd, fd, type CallFormats, type Format } from "../format.ts";
import { enumerationOf, flags, splitFlags } from "../named.ts";
import { i32, u32 } from "../../../linux/scalar.ts";
import { nested, outputOf, structure, type Structure } from "../structure.ts";
import { hex as hexText } from "../value.ts";
import { atFlags } from "./files.ts";

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

export const statusCalls: CallFormats = {
  stat: { filename: path, statbuf: outputOf(statStructure) },
  lstat: { filename: path, statbuf: outputOf(statStructure) },
  fstat: { fd, statbuf: outputOf(statStructure) },
  newfstatat: { dfd: directoryFd, filename: path, statbuf: outputOf(statStructure), flag: atFlags },
  statx: { dfd: directoryFd, path, flags: statxFlags, mask: statxMask, buffer: outputOf(statxStructure) },
  statfs: { path, buf: outputOf(statfsStructure) },
  fstatfs: { fd, buf: outputOf(statfsStructure) },
};
