/** getdents64(2) of directories that have files of ours. */
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { DT_DIR, DT_REG, type Entry, ENTRY_MAX, listing, without } from "../hooks/directory-entries.ts";
import type { HookCall, Outcome } from "../hooks/types.ts";

type Getdents = HookCall<"getdents64">;

const EINVAL = -22;
const SEEK_SET = 0;
const SEEK_CUR = 1;
/** Not 0, which readers take for an entry that is gone. */
const INODE = 1n;

/** A directory that is all ours: its offset counts entries. */
export async function listOurs(
  call: Getdents,
  names: readonly string[],
  isFile: (name: string) => boolean,
): Promise<Outcome> {
  const at = await call.run("lseek", { fd: call.fd, offset: 0, whence: SEEK_CUR });
  if (at === null || at < 0) return at;
  const entries = [".", "..", ...names].map((name, index): Entry => {
    return { name, inode: INODE + BigInt(index), type: isFile(name) ? DT_REG : DT_DIR, next: BigInt(index + 1) };
  });
  const left = entries.slice(at);
  const { bytes, count } = listing(left, call.args.count);
  if (count === 0) return left.length === 0 ? 0 : EINVAL;
  const result = call.buffer.write(bytes);
  if (result >= 0) await call.run("lseek", { fd: call.fd, offset: at + count, whence: SEEK_SET });
  return result;
}

const isThere = (directory: string, name: string): boolean =>
  lstatSync(join(directory, name), { throwIfNoEntry: false }) !== undefined;

/** How many of ours have been given of a directory that is read from its start. */
const given = Symbol("given");

/**
 * A directory of the kernel's: ours come first, while its offset is still 0, so that the kernel's offset tells
 * whether they have been given. Only where they do not fit into one buffer that is remembered.
 */
export async function listReal(
  call: Getdents,
  path: string,
  names: ReadonlySet<string>,
  isFile: (name: string) => boolean,
): Promise<Outcome> {
  const at = await call.run("lseek", { fd: call.fd, offset: 0, whence: SEEK_CUR });
  if (at === null || at < 0) return undefined;
  // Of directories the real one stands in the listing by itself, if it is there.
  const ours = [...names].filter((name) => isFile(name) || !isThere(path, name));
  const isHidden = (name: string): boolean => names.has(name) && isFile(name);
  const { dirent, count: room } = call.args;
  if (at > 0) return listRest(call, isHidden, 0);
  const entries = ours.map((name, index): Entry => {
    return { name, inode: INODE + BigInt(index), type: isFile(name) ? DT_REG : DT_DIR, next: 0n };
  });
  const whole = listing(entries, Number.POSITIVE_INFINITY).bytes;
  if (whole.length + ENTRY_MAX <= room) {
    const written = dirent.write(whole);
    return written < 0 ? written : listRest(call, isHidden, whole.length);
  }
  const data = call.process.descriptors.get(call.fd)?.data;
  const done = Number(data?.get(given) ?? 0);
  const { bytes, count } = listing(entries.slice(done), room);
  if (data === undefined || (count === 0 && done < entries.length)) return EINVAL;
  data.set(given, count === 0 ? 0 : done + count);
  return count === 0 ? listRest(call, isHidden, 0) : dirent.write(bytes);
}

/** What the kernel has, behind `used` bytes that are there already. */
async function listRest(call: Getdents, isHidden: (name: string) => boolean, used: number): Promise<Outcome> {
  const { dirent, count } = call.args;
  for (;;) {
    const rest = dirent.plus(used);
    const result = await call.proceed(used === 0 ? {} : { dirent: rest, count: count - used });
    if (result === null || result <= 0) return result;
    const kept = without(isHidden, rest.read(result));
    if (kept.length === 0 && used === 0) continue;
    const written = kept.length === result ? result : rest.write(kept);
    return written < 0 ? written : used + kept.length;
  }
}
