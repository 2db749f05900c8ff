/**
 * Where files may be written, made, changed and removed. Elsewhere the file system is read-only,
 * and says so as a read-only mount does: devices can be written, what is not there is missing,
 * what is there already exists.
 */
import { lstatSync } from "node:fs";
import type { AnyCall, CallName } from "../../hooks/types.ts";
import { u32 } from "../../linux/scalar.ts";
import { descriptorTargets, namedFiles, type RealPath, socketFiles } from "../named-files.ts";
import { type PathPattern, pathMatcher } from "../path-patterns.ts";
import { isNoFile } from "../real-path.ts";
import type { Policy } from "./policy.ts";

const words = (text: string): CallName[] => text.split(" ") as CallName[];

const opening = words("open openat openat2 creat");
const making = words("mkdir mkdirat mknod mknodat symlink symlinkat");
const removing = words("unlink unlinkat rmdir");
/** A link to a file would be a second way to write it. */
const changing = words(
  "truncate rename renameat renameat2 link linkat chmod fchmodat fchmodat2 chown lchown fchownat " +
    "utime utimes utimensat futimesat setxattr lsetxattr removexattr lremovexattr",
);
/** What can be changed of a file that is open for reading. */
const changingOpen = words("fchmod fchown fsetxattr fremovexattr");

/** asm-generic/fcntl.h; alike on every machine we know. */
const O_ACCMODE = 3;
const O_CREAT = 0x40;
const O_TRUNC = 0x200;

const devices: readonly PathPattern[] = [/^\/dev\/(?:null|zero|full|tty|ptmx|pts\/\d+)$/];

export function writePolicy(allowed: readonly PathPattern[]): Policy {
  const isAllowed = pathMatcher([...allowed, ...devices]);
  const isWritable = (real: string | undefined): boolean => real !== undefined && (isNoFile(real) || isAllowed(real));
  return {
    name: "write",
    calls: [...opening, ...making, ...removing, ...changing, ...changingOpen, "bind"],
    violation(call) {
      const denied = writtenPaths(call).find(({ real }) => !isWritable(real));
      return denied && { what: denied.real ?? denied.path, error: "EROFS" };
    },
  };
}

function writtenPaths(call: AnyCall): readonly RealPath[] {
  const { name } = call;
  if (name === "bind") return socketFiles(call); // a file that it makes
  if (changingOpen.includes(name)) return descriptorTargets(call).map((real) => ({ path: real, real }));
  const named = namedFiles(call);
  if (opening.includes(name)) return named.filter(({ real }) => isWriting(openFlags(call), real));
  if (making.includes(name)) return named.filter(({ real }) => !exists(real));
  // What nobody has cannot be removed: the kernel says ENOENT. A path that cannot be told is not let through.
  return removing.includes(name) ? named.filter(({ real }) => real === undefined || exists(real)) : named;
}

function openFlags(call: AnyCall): number {
  if (call.is("creat")) return O_CREAT | O_TRUNC | 1;
  if (!call.is("openat2")) return Number(call.args["flags"]);
  // struct open_how (include/uapi/linux/openat2.h): u64 flags first
  const flags = call.args.how.read(8);
  return flags.length < 8 ? O_CREAT : u32(flags, 0);
}

function isWriting(flags: number, real: string | undefined): boolean {
  if ((flags & (O_ACCMODE | O_TRUNC)) !== 0) return true;
  return (flags & O_CREAT) !== 0 && !exists(real);
}

function exists(real: string | undefined): boolean {
  try {
    return real !== undefined && lstatSync(real, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}
