/** Links in /proc/PID/fd to files that hooks have made up tell the path that the program opened, not that of a memfd. */
import { defineHooks, type HookSet } from "./define.ts";
import { mayBeLink, pathOfLink } from "./sealed-file.ts";
import type { HookCall } from "./types.ts";

/** Longer than any link's text: PATH_MAX. */
const ROOM = 4096;

/** Behind all other hooks, once one has opened such a file. */
export const openedPaths: HookSet = defineHooks({ readlink: tellPath, readlinkat: tellPath });

async function tellPath(call: HookCall<"readlink"> | HookCall<"readlinkat">): Promise<number | undefined> {
  const length = await call.proceed();
  if (length === null || length <= 0) return undefined;
  const text = Buffer.from(call.buffer.read(length)).toString();
  if (!mayBeLink(text)) return undefined;
  const path = pathOfLink(text) ?? pathOfLink((await wholeLink(call)).toString());
  return path === undefined ? undefined : call.buffer.write(path);
}

/** The link's text where the program's buffer is too small for all of it. */
export async function wholeLink(call: HookCall<"readlink"> | HookCall<"readlinkat">): Promise<Buffer> {
  const whole = call.lend(ROOM);
  const length =
    call.name === "readlink"
      ? await call.run("readlink", { path: call.args.path, buf: whole, bufsiz: ROOM })
      : await call.run("readlinkat", {
          dfd: call.args.dfd,
          path: call.args.path,
          buf: whole,
          bufsiz: ROOM,
        });
  return Buffer.from(length === null || length < 0 ? [] : whole.read(length));
}
