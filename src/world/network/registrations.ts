/**
 * What the program waits for with epoll on a socket that becomes another one when it connects. Go's runtime registers
 * afterwards, and its own calls are not hooked: so this is about programs that poll by themselves.
 */
import type { HookCall, OpenedFile } from "../../hooks/types.ts";

/** include/uapi/linux/eventpoll.h */
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
/** struct epoll_event: 12 bytes where it is packed, else 16. */
const EVENT = 16;

const key = Symbol("epoll registrations");

/** struct epoll_event by the epoll descriptor */
type Registrations = Map<number, Uint8Array>;

const of = (file: OpenedFile | undefined): Registrations | undefined =>
  file?.data.get(key) as Registrations | undefined;

/** epoll_ctl(2) on a socket that may become another one. Nobody waits for its result: `keepRegistered` finds what is so. */
export function register(call: HookCall<"epoll_ctl">, file: OpenedFile): void {
  const { epfd, op, event } = call.args;
  const all = of(file) ?? new Map<number, Uint8Array>();
  file.data.set(key, all);
  if (op === EPOLL_CTL_DEL) all.delete(epfd);
  else if (op !== EPOLL_CTL_ADD || !all.has(epfd)) all.set(epfd, event.read(EVENT)); // adding again fails
}

/** Has the descriptor waited for as before, on what `become` makes of it. */
export async function keepRegistered<T>(
  call: HookCall<"connect">,
  file: OpenedFile | undefined,
  become: () => Promise<T>,
): Promise<T> {
  const all = of(file);
  if (all === undefined || all.size === 0) return become();
  const { fd } = call;
  for (const epfd of all.keys())
    if ((await call.run("epoll_ctl", { epfd, op: EPOLL_CTL_DEL, fd })) !== 0) all.delete(epfd); // it never was
  const result = await become();
  for (const [epfd, event] of all) await call.run("epoll_ctl", { epfd, op: EPOLL_CTL_ADD, fd, event });
  call.process.descriptors.get(fd)?.data.set(key, all);
  return result;
}
