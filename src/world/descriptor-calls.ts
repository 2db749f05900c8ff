/** Calls on descriptors of the target's files, beside reading and writing them (hooks/served-files.ts). */
import { onMarked } from "../hooks/define.ts";
import { ServedFile } from "../hooks/served-file.ts";
import { statOf } from "../hooks/stat.ts";
import type { BaseCall, Hooks, Outcome } from "../hooks/types.ts";
import type { Attributes } from "../session/remote-files.ts";
import { listDirectory } from "./listing.ts";
import { flock, isLocking, RecordLocks } from "./locks.ts";
import { map } from "./mapping.ts";
import { valueInto } from "./path-calls.ts";
import { fill, statFsOf } from "./structures.ts";
import type { SharedMemories } from "./shared-memories.ts";
import { TargetFile } from "./target-file.ts";
import { error } from "./errors.ts";

const O_PATH = 0o10000000;

interface OnDescriptor extends BaseCall {
  readonly fd: number;
}

/** @param locks those of the world's processes @param shared the files that they have mapped */
export function descriptorCalls(locks: RecordLocks, shared: SharedMemories): Hooks {
  const on = <C extends OnDescriptor>(answer: (call: C, target: TargetFile) => Outcome | Promise<Outcome>) =>
    onMarked((call: C): Outcome | Promise<Outcome> => {
      const target = TargetFile.of(call.process, call.fd);
      return target === undefined ? undefined : answer(call, target);
    });
  /** Not of one that is open for its place alone (O_PATH), of which the kernel says EBADF. */
  const onOpen = <C extends OnDescriptor>(answer: (call: C, target: TargetFile) => Outcome | Promise<Outcome>) =>
    on((call: C, target) =>
      ((call.process.descriptors.get(call.fd)?.flags ?? 0) & O_PATH) === 0 ? answer(call, target) : undefined,
    );
  const change = async (target: TargetFile, attributes: Attributes): Promise<number> => {
    if (target.isReadOnly) return error("EROFS");
    await target.flush();
    return target.files.setAttributes(target.place, attributes);
  };
  return {
    getdents64: onOpen(listDirectory),
    // Of a regular file hooks/served-files.ts sees to it.
    fstat: on(async (call, target) => {
      if (ServedFile.of(call.process.descriptors.get(call.fd)) !== undefined) return undefined;
      const statx = await target.stat();
      return typeof statx === "number" ? statx : fill(call.args.statbuf, statOf(statx));
    }),
    fchmod: onOpen(({ args }, target) => change(target, { mode: args.mode & 0o7777 })),
    fchown: onOpen(({ args }, target) => change(target, { uid: args.user >>> 0, gid: args.group >>> 0 })),
    fstatfs: on(async (call, { files, place }) => {
      const found = await files.statFs(place);
      return typeof found === "number" ? found : fill(call.args.buf, statFsOf(found));
    }),
    fgetxattr: onOpen(async (call, { files, place }) => {
      const { name, size } = call.args;
      return valueInto(call.buffer, size, await files.getExtendedAttribute(place, name, size));
    }),
    flistxattr: onOpen(async (call, { files, place }) => {
      const { size } = call.args;
      return valueInto(call.buffer, size, await files.listExtendedAttributes(place, size));
    }),
    fsetxattr: onOpen((call, { files, place, isReadOnly }) =>
      isReadOnly
        ? error("EROFS")
        : files.setExtendedAttribute(place, call.args.name, call.buffer.read(), call.args.flags),
    ),
    fremovexattr: onOpen((call, { files, place, isReadOnly }) =>
      isReadOnly ? error("EROFS") : files.removeExtendedAttribute(place, call.args.name),
    ),
    fallocate: onOpen(async ({ args }, target) => {
      if (args.offset < 0 || args.len <= 0) return error("EINVAL");
      await target.flush();
      const file = await target.kept();
      if (typeof file === "number") return file;
      return target.files.allocate(file, args.mode, BigInt(args.offset), BigInt(args.len));
    }),
    flock: on((call, target) => shared.locking(target, () => flock(call, target))),
    fcntl: on((call, target) =>
      isLocking(call.args.cmd) ? shared.locking(target, () => locks.serve(call, target)) : undefined,
    ),
    mmap: on((call, target) => (target.isInHand ? undefined : map(call, target, shared))),
    // There is nothing to be read ahead of what is read ahead already (mm/fadvise.c, mm/readahead.c).
    fadvise64: onOpen(({ args }) => (args.advice < 0 || args.advice > 5 ? error("EINVAL") : 0)),
    readahead: onOpen(() => 0),
    sync_file_range: onOpen((_, target) => target.flush()),
    syncfs: onOpen(async (_, target) => {
      const failed = (await target.flush()) || (await shared.flush());
      const file = await target.kept();
      return failed < 0 || typeof file === "number" ? failed : target.files.sync(file);
    }),
    // The last moment at which a write that failed can be told.
    close: on(async (call, target) => {
      const failed = (await target.flush()) || (await shared.writeBack(target));
      await locks.closed(call.process.pid, target);
      const result = await call.proceed();
      return result === 0 && failed < 0 ? failed : result;
    }),
    ioctl: onOpen(() => error("ENOTTY")),
  };
}
