/**
 * getdents64(2) of a directory of the target. What is in it is asked for once per reading from the start; the
 * kernel's offset of the descriptor counts the entries that have been read, so `dup`, `fork` and `lseek` are its business.
 */
import { type Entry, listing } from "../hooks/directory-entries.ts";
import type { HookCall, Outcome } from "../hooks/types.ts";
import { error } from "./errors.ts";
import type { TargetFile } from "./target-file.ts";

const SEEK_SET = 0;
const SEEK_CUR = 1;

const snapshots = new WeakMap<TargetFile, readonly Entry[]>();

export async function listDirectory(call: HookCall<"getdents64">, directory: TargetFile): Promise<Outcome> {
  if (!directory.isDirectory) return error("ENOTDIR");
  const at = await call.run("lseek", { fd: call.fd, offset: 0, whence: SEEK_CUR });
  if (at === null || at < 0) return at;
  const entries = at === 0 ? await fetched(directory) : (snapshots.get(directory) ?? (await fetched(directory)));
  if (typeof entries === "number") return entries;
  snapshots.set(directory, entries);
  const left = entries.slice(at);
  const { bytes, count } = listing(left, call.args.count);
  if (count === 0) return left.length === 0 ? 0 : error("EINVAL");
  const result = call.buffer.write(bytes);
  if (result >= 0) await call.run("lseek", { fd: call.fd, offset: at + count, whence: SEEK_SET });
  return result;
}

async function fetched({ files, file }: TargetFile): Promise<readonly Entry[] | number> {
  if (file === undefined) return error("EBADF");
  const all: Entry[] = [];
  for (let position = 0n, isOver = false; !isOver;) {
    const found = await files.readDirectory(file, position, { withAttributes: true });
    if (typeof found === "number") return found;
    for (const { name, inode, type, next } of found.entries) {
      all.push({ name, inode, type, next: BigInt(all.length + 1) });
      position = next;
    }
    isOver = found.end || found.entries.length === 0;
  }
  return all;
}
