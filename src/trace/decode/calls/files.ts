/** Calls about files by name. */
import type { JsonValue } from "../../record.ts";
import { outputBuffer, outputPath, path } from "../buffer.ts";
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
  type Format,
  type OutputFormat,
} from "../format.ts";
import { readExactly } from "../memory.ts";
import { enumerationOf, flags, flagsOf } from "../named.ts";
import { i64, u16, u64 } from "../../../linux/scalar.ts";
import type { Structure } from "../structure.ts";
import { jsonName } from "../text.ts";
import { timespecStructure, timevalStructure } from "../time.ts";
import { jsonInteger, nullPointer, pointer as pointerOf, type Decoded } from "../value.ts";

export const atFlags: Format = flags("atFlags", "AT_???");

/** R_OK, W_OK, X_OK (unistd.h); none of them: F_OK. */
const accessModes = [
  ["F_OK", 0],
  ["R_OK", 4],
  ["W_OK", 2],
  ["X_OK", 1],
] as const;

export const accessMode: Format = simple((value) => flagsOf(accessModes, value, "?_OK"));

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

export const fileCalls: CallFormats = {
  access: { filename: path, mode: accessMode },
  faccessat: { dfd: directoryFd, filename: path, mode: accessMode },
  faccessat2: { dfd: directoryFd, filename: path, mode: accessMode, flags: flags("accessFlags", "AT_???") },
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
  acct: { name: path },
};
