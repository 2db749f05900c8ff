/** What stat(2) tells of a file, kept in a recording and told again. */
import { type BigIntStats, lstatSync } from "node:fs";
import type { Pointer } from "../../hooks/pointer.ts";
import { abis } from "../../linux/abi.ts";
import { requireHostMachine } from "../../machine/machines.ts";
import type { RecordedKind, RecordedStat } from "./events.ts";

const { layouts } = abis[requireHostMachine().name];
const SECOND = 1_000_000_000n;

/** Undefined where there is nothing, or nothing that this process may see. */
export function statOf(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

export function kindOf(stats: BigIntStats | undefined): RecordedKind {
  if (stats === undefined) return "absent";
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  return stats.isSymbolicLink() ? "symlink" : "other";
}

export const recordedStat = (stats: BigIntStats): RecordedStat => ({
  dev: String(stats.dev),
  ino: String(stats.ino),
  mode: Number(stats.mode),
  nlink: String(stats.nlink),
  uid: Number(stats.uid),
  gid: Number(stats.gid),
  rdev: String(stats.rdev),
  size: String(stats.size),
  blksize: String(stats.blksize),
  blocks: String(stats.blocks),
  atime: String(stats.atimeNs),
  mtime: String(stats.mtimeNs),
  ctime: String(stats.ctimeNs),
  btime: String(stats.birthtimeNs),
});

/** gnu_dev_major and gnu_dev_minor: statx has both apart. */
const major = (dev: bigint): number => Number(((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn));
const minor = (dev: bigint): number => Number((dev & 0xffn) | ((dev >> 12n) & ~0xffn));

/** Overwrites what the kernel has told of a file with what it told when the run was recorded. */
export function fillStat(at: Pointer, structure: "stat" | "statx", stat: RecordedStat): void {
  const { fields, size } = layouts[structure];
  const bytes = Buffer.from(at.read(size));
  if (bytes.length < size) return;
  const prefix = structure === "stat" ? "st_" : "stx_";
  const put = (name: string, value: bigint): void => {
    const [offset, type] = fields[prefix + name] ?? [0, "none"];
    const width = { u16: 2, u32: 4, i32: 4, u64: 8, i64: 8 }[type] ?? 0;
    if (width === 8) bytes.writeBigUInt64LE(BigInt.asUintN(64, value), offset);
    else if (width > 0) bytes.writeUIntLE(Number(BigInt.asUintN(width * 8, value)), offset, width);
  };
  const putTime = (name: string, value: bigint): void => {
    const [offset] = fields[prefix + name] ?? [];
    if (offset === undefined) return; // struct stat has no time of birth
    bytes.writeBigInt64LE(value / SECOND, offset);
    bytes.writeUInt32LE(Number(value % SECOND), offset + 8); // both layouts: behind the seconds
  };
  const [dev, rdev] = [BigInt(stat.dev), BigInt(stat.rdev)];
  put("dev", dev);
  put("rdev", rdev);
  put("dev_major", BigInt(major(dev)));
  put("dev_minor", BigInt(minor(dev)));
  put("rdev_major", BigInt(major(rdev)));
  put("rdev_minor", BigInt(minor(rdev)));
  for (const name of ["ino", "nlink", "size", "blksize", "blocks"] as const) put(name, BigInt(stat[name]));
  for (const name of ["mode", "uid", "gid"] as const) put(name, BigInt(stat[name]));
  for (const name of ["atime", "mtime", "ctime", "btime"] as const) putTime(name, BigInt(stat[name]));
  at.write(bytes);
}
