/** Datagrams to Unix sockets of the target. */
import { UnixDatagramsService } from "../wire/generated/elsewhere/v1/unix_datagrams_pb.ts";
import type { Connection } from "./connection.ts";
import { flags as o } from "./constants.ts";
import { checked, fail } from "./errno.ts";
import { until } from "./waiting.ts";

/** include/linux/socket.h */
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const MSG_DONTWAIT_NOSIGNAL = 0x4040;
const EAGAIN = 11;
/** sizeof(sun_path) */
const UNIX_PATH_MAX = 108;

export function serveUnixDatagrams(connection: Connection): void {
  const { kernel, clock, root, handles } = connection;

  /** Names the socket for as long as `use` takes: a path by what it leads to, for it may be longer than an address has room for. */
  const named = async <T>(to: Uint8Array, use: (name: Uint8Array) => Promise<T> | T): Promise<T> => {
    if (to.length === 0 || (to[0] === 0 && to.length > UNIX_PATH_MAX)) fail("EINVAL");
    if (to[0] === 0) return use(to);
    const descriptor = await root.open({ path: to, directory: 0n } as never, handles, o.O_PATH | o.O_CLOEXEC);
    try {
      return await use(Buffer.from(`/proc/self/fd/${descriptor}\0`));
    } finally {
      kernel.makeNow("close", descriptor);
    }
  };

  connection.on(UnixDatagramsService.method.sendUnix, ({ to, data, waits, isConnecting }, signal) =>
    named(to, async (name) => {
      const address = Buffer.concat([Uint8Array.of(AF_UNIX, 0), name]);
      const socket = checked(kernel.makeNow("socket", AF_UNIX, SOCK_DGRAM | o.O_CLOEXEC, 0));
      try {
        if (isConnecting) checked(kernel.makeNow("connect", socket, address, address.length));
        else
          await until(clock, signal, () => {
            const flags = MSG_DONTWAIT_NOSIGNAL;
            const sent = kernel.makeNow("sendto", socket, data, data.length, flags, address, address.length);
            return sent === -EAGAIN && waits ? undefined : checked(sent);
          });
        return {};
      } finally {
        kernel.makeNow("close", socket);
      }
    }),
  );
}
