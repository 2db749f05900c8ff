/** Files that are not there: by their paths, and in listings of their folders. */
import { callsWithPaths } from "../../hooks/call-paths.ts";
import type { AnyCall, Hook } from "../../hooks/types.ts";
import { u16 } from "../../linux/scalar.ts";
import { namedFiles, socketFiles } from "../named-files.ts";
import { type PathMatcher, type PathPattern, pathMatcher } from "../path-patterns.ts";
import { descriptorTarget } from "../real-path.ts";
import type { Policy } from "./policy.ts";

export function hidePolicy(hidden: readonly PathPattern[]): Policy {
  const isHidden = pathMatcher(hidden);
  return {
    name: "hide",
    calls: [...callsWithPaths, "connect", "bind"],
    violation(call) {
      const found = [...namedFiles(call), ...socketFiles(call)].find(
        ({ real }) => real === undefined || isHidden(real),
      );
      return found && { what: found.real ?? found.path, error: "ENOENT" };
    },
  };
}

/** struct linux_dirent64 (include/linux/dirent.h): d_ino, d_off, d_reclen, d_type, d_name. */
const RECLEN = 16;
const NAME = 19;

/** A hook of getdents64 that leaves hidden entries out. */
export function hideEntries(hidden: readonly PathPattern[]): Hook<AnyCall> {
  const isHidden = pathMatcher(hidden);
  return async (call) => {
    const folder = descriptorTarget(call.tid, call.fd ?? -1);
    const { buffer } = call;
    if (folder === undefined || buffer === undefined) return undefined;
    for (;;) {
      const result = await call.proceed();
      if (result === null || result <= 0) return result;
      const entries = buffer.read(result);
      const kept = withoutHidden(entries, folder, isHidden);
      if (kept.length === entries.length) return result;
      // No bytes would be the end of the listing.
      if (kept.length > 0) return buffer.write(kept);
    }
  };
}

function withoutHidden(entries: Uint8Array, folder: string, isHidden: PathMatcher): Uint8Array {
  const kept: Uint8Array[] = [];
  for (let at = 0; at + NAME <= entries.length;) {
    const length = u16(entries, at + RECLEN);
    if (length < NAME) break;
    const entry = entries.subarray(at, at + length);
    const name = Buffer.from(entry.subarray(NAME, entry.indexOf(0, NAME))).toString();
    if (!isHidden(`${folder === "/" ? "" : folder}/${name}`)) kept.push(entry);
    at += length;
  }
  return Buffer.concat(kept);
}
