/** inotify(7): every instance can watch files of both sides. */
import { openLink } from "../hooks/open-with.ts";
import type { AnyCall, HookCall, Hooks, OpenedFile, Outcome } from "../hooks/types.ts";
import { reachablePath } from "../process/paths.ts";
import type { Files } from "./files.ts";
import { error } from "./errors.ts";
import type { Located } from "./locate.ts";
import { Watcher } from "./watcher.ts";

const key = Symbol("watcher");
/** IN_NONBLOCK and IN_CLOEXEC are O_NONBLOCK and O_CLOEXEC. */
/** ALL_INOTIFY_BITS (include/linux/inotify.h); others, or none, are refused before anything else. */
const IN_ALL = 0xf700_efff;
const KNOWN_FLAGS = 0o2004000;

const behind = (file: OpenedFile | undefined): Watcher | undefined => {
  const found = file?.data.get(key);
  return found instanceof Watcher ? found : undefined;
};

export function watchCalls(files: Files): Hooks {
  const make = async (call: AnyCall, flags: number): Promise<Outcome> => {
    if ((flags & ~KNOWN_FLAGS) !== 0) return error("EINVAL");
    const watcher = new Watcher(files);
    const fd = await openLink(call, watcher.link, flags);
    watcher.opened();
    const opened = fd === null || fd < 0 ? undefined : call.process.descriptors.get(fd);
    if (opened === undefined) await watcher.close();
    opened?.data.set(key, watcher);
    opened?.onReleased.push(() => void watcher.close());
    return fd;
  };
  return {
    inotify_init: (call) => make(call as unknown as AnyCall, 0),
    inotify_init1: (call) => make(call as unknown as AnyCall, call.args.flags),
    inotify_rm_watch: (call) => behind(call.process.descriptors.get(call.args.fd))?.remove(call.args.wd),
  };
}

/** @param located undefined where the kernel knows what is meant */
export function addWatch(
  call: HookCall<"inotify_add_watch">,
  located: Located | undefined,
): Outcome | Promise<Outcome> {
  const watcher = behind(call.process.descriptors.get(call.args.fd));
  const { mask } = call.args;
  if ((mask & ~IN_ALL) !== 0 || mask === 0) return error("EINVAL");
  if (located !== undefined && located.mode !== "local")
    return watcher?.watchThere(located.place, mask) ?? error("EOPNOTSUPP");
  if (watcher === undefined) return undefined;
  const path = reachablePath(call.tid, AT_FDCWD, located?.path ?? call.path ?? "");
  return path === undefined || call.path === "" ? error("ENOENT") : watcher.watchHere(path, mask);
}

const AT_FDCWD = -100;
