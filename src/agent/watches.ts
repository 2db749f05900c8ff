/** inotify(7) for the other end. */
import { WatchesService } from "../wire/generated/elsewhere/v1/watches_pb.ts";
import type { Connection } from "./connection.ts";
import { flags as o } from "./constants.ts";
import { checked } from "./errno.ts";
import { until } from "./waiting.ts";

/** include/uapi/linux/inotify.h */
const IN_DONT_FOLLOW = 0x0200_0000;
const IN_IGNORED = 0x8000;
const EAGAIN = 11;
/** Bytes of events in one answer: it is one of the short ones (limits.answerBytes). */
const ROOM = 8192;

export function serveWatches(connection: Connection): void {
  const { kernel, clock, root, handles } = connection;
  const methods = WatchesService.method;

  connection.on(methods.makeWatcher, () => ({
    handle: handles.add(checked(kernel.makeNow("inotify_init1", o.O_NONBLOCK | o.O_CLOEXEC))),
  }));

  connection.on(methods.addWatch, async ({ watcher, place, mask }) => {
    const found = await root.path(place, handles, (mask & IN_DONT_FOLLOW) !== 0);
    try {
      const { descriptor } = handles.get(watcher);
      const path = `/proc/self/fd/${found}`;
      // A mask of nothing is refused; IN_IGNORED comes in any case.
      const events = mask & ~IN_DONT_FOLLOW || IN_IGNORED;
      return { watch: checked(kernel.makeNow("inotify_add_watch", descriptor, path, events)) };
    } finally {
      kernel.makeNow("close", found);
    }
  });

  connection.on(methods.removeWatch, ({ watcher, watch }) => {
    checked(kernel.makeNow("inotify_rm_watch", handles.get(watcher).descriptor, watch));
    return {};
  });

  connection.on(methods.awaitEvents, async ({ watcher }, signal) => {
    const buffer = new Uint8Array(ROOM);
    const count = await until(clock, signal, () => {
      const result = kernel.makeNow("read", handles.get(watcher).descriptor, buffer, buffer.length);
      return result === -EAGAIN ? undefined : result;
    });
    return { events: buffer.subarray(0, checked(count)) };
  });
}
