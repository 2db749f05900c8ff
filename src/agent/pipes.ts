/** Named pipes (fs/pipe.c): open without waiting, their other ends looked for again and again. */
import { PipesService } from "../wire/generated/elsewhere/v1/pipes_pb.ts";
import { u16 } from "../linux/scalar.ts";
import { limits } from "../wire/limits.ts";
import type { Connection } from "./connection.ts";
import { flags as o } from "./constants.ts";
import { checked, Errno, fail } from "./errno.ts";
import type { Handle } from "./handles.ts";
import { until } from "./waiting.ts";

const STATX_SIZE = 256;
const STATX_MODE = 28;
const STATX_BASIC_STATS_AND_BTIME = 0xfff;
const S_IFMT = 0o170000;
const S_IFIFO = 0o010000;
/** include/uapi/asm-generic/poll.h */
const POLLERR = 8;
const EAGAIN = 11;
const ENXIO = 6;
/** PIPE_BUF (include/uapi/linux/limits.h) */
const PIPE_BUF = 4096;

export function servePipes(connection: Connection): void {
  const { kernel, clock, root, handles } = connection;
  const methods = PipesService.method;
  /** What was read to learn whether somebody writes. */
  const ahead = new WeakMap<Handle, Uint8Array>();

  /** @returns bytes; none where nobody has it open for writing; undefined where somebody has, and nothing is there */
  const read = (handle: Handle, length: number): Uint8Array | undefined => {
    const kept = ahead.get(handle);
    if (kept !== undefined) {
      if (kept.length > length) ahead.set(handle, kept.subarray(length));
      else ahead.delete(handle);
      return kept.subarray(0, length);
    }
    const data = new Uint8Array(Math.min(length, limits.dataBytes));
    const count = kernel.makeNow("read", handle.descriptor, data, data.length);
    return count === -EAGAIN ? undefined : data.subarray(0, checked(count));
  };

  /** Whether somebody writes to what is open for reading. */
  const hasWriter = (handle: Handle): boolean => {
    if (ahead.has(handle)) return true;
    const data = read(handle, PIPE_BUF);
    if (data !== undefined && data.length > 0) ahead.set(handle, data);
    return data === undefined || data.length > 0;
  };

  /** Whether somebody reads what is open for writing: the kernel says POLLERR where nobody does. */
  const hasReader = ({ descriptor }: Handle): boolean => {
    const poll = Buffer.alloc(8); // struct pollfd: int fd, short events, short revents
    poll.writeInt32LE(descriptor, 0);
    checked(kernel.makeNow("ppoll", poll, 1, new Uint8Array(16), 0, 0));
    return (poll.readInt16LE(6) & POLLERR) === 0;
  };

  const isForReading = ({ descriptor }: Handle): boolean => {
    const F_GETFL = 3;
    return (checked(kernel.makeNow("fcntl", descriptor, F_GETFL, 0)) & o.O_ACCMODE) !== 1;
  };

  connection.on(methods.openPipe, async ({ place, flags }, signal) => {
    const found = await root.path(place, handles, (flags & o.O_NOFOLLOW) !== 0);
    try {
      const statx = new Uint8Array(STATX_SIZE);
      checked(kernel.makeNow("statx", found, "", o.AT_EMPTY_PATH, STATX_BASIC_STATS_AND_BTIME, statx));
      if ((u16(statx, STATX_MODE) & S_IFMT) !== S_IFIFO) fail("ENXIO");
      const how = (flags & (o.O_ACCMODE | o.O_APPEND)) | o.O_NONBLOCK | o.O_CLOEXEC;
      const descriptor = await until(clock, signal, () => {
        const result = kernel.makeNow("openat", o.AT_FDCWD, `/proc/self/fd/${found}`, how);
        return result === -ENXIO ? undefined : checked(result);
      });
      return { handle: handles.add(descriptor), statx };
    } finally {
      kernel.makeNow("close", found);
    }
  });

  connection.on(methods.awaitPeer, async ({ handle, present }, signal) => {
    const open = handles.get(handle);
    const isThere = isForReading(open) ? hasWriter : hasReader;
    await until(clock, signal, () => (isThere(handles.get(handle)) === present ? true : undefined));
    return {};
  });

  connection.on(methods.readPipe, async ({ handle, length }, signal) => ({
    data: await until(clock, signal, () => read(handles.get(handle), length)),
  }));

  connection.on(methods.writePipe, async ({ handle, data }, signal) => {
    let written = 0;
    while (written < data.length) {
      const rest = data.subarray(written);
      const result = await until(clock, signal, () => {
        const count = kernel.makeNow("write", handles.get(handle).descriptor, rest, rest.length);
        return count === -EAGAIN ? undefined : count;
      });
      if (result > 0) written += result;
      else if (written > 0) return { errno: -result, written };
      else throw new Errno(-result);
    }
    return { written };
  });
}
