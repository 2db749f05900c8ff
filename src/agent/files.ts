/** Open files: opening, reading, writing, examining. */
import { uninitialised } from "../bytes.ts";
import { abis } from "../linux/abi.ts";
import { u16, u64 } from "../linux/scalar.ts";
import { requireHostMachine } from "../machine/machines.ts";
import { FilesService, type DirectoryEntry, type Place } from "../wire/generated/elsewhere/v1/files_pb.ts";
import { limits } from "../wire/limits.ts";
import { flags as o } from "./constants.ts";
import { checked, Errno, fail } from "./errno.ts";
import type { Connection } from "./connection.ts";

/** struct statx (include/uapi/linux/stat.h) */
const STATX_SIZE = 256;
const STATX_MODE = 28;
const STATX_FILE_SIZE = 40;
const STATX_BASIC_STATS_AND_BTIME = 0xfff;
const S_IFMT = 0o170000;
const S_IFREG = 0o100000;
const S_IFDIR = 0o040000;
const S_IFIFO = 0o010000;
const AT_STATX_DONT_SYNC = 0x4000;
/** AT_NO_AUTOMOUNT, AT_STATX_FORCE_SYNC, AT_STATX_DONT_SYNC */
const STAT_FLAGS = 0x6800;
const SEEK_SET = 0;
const SEEK_DATA = 3;
const SEEK_HOLE = 4;
const F_SETFL = 4;
const { statfs } = abis[requireHostMachine().name].layouts;

export const sizeOf = (statx: Uint8Array): number => Number(u64(statx, STATX_FILE_SIZE));
const modeOf = (statx: Uint8Array): number => u16(statx, STATX_MODE);

export function serveFiles(connection: Connection): void {
  const { kernel, root, handles } = connection;
  const methods = FilesService.method;

  /** What an open file tells of itself; its inode is in memory, so nobody waits. */
  const examine = (descriptor: number): Uint8Array => {
    const statx = new Uint8Array(STATX_SIZE);
    checked(kernel.makeNow("statx", descriptor, "", o.AT_EMPTY_PATH, STATX_BASIC_STATS_AND_BTIME, statx));
    return statx;
  };

  const withPath = async <T>(
    place: Place | undefined,
    noFollow: boolean,
    use: (fd: number) => T,
  ): Promise<Awaited<T>> => {
    const descriptor = await root.path(place, handles, noFollow);
    try {
      return await use(descriptor);
    } finally {
      kernel.makeNow("close", descriptor);
    }
  };

  connection.on(methods.open, async ({ place, flags, mode, resolve, contentLimit, closeWhenComplete }) => {
    // Nobody waits here for the other end of a named pipe.
    const isPath = (flags & o.O_PATH) !== 0;
    const descriptor = await root.open(
      place,
      handles,
      flags | o.O_CLOEXEC | (isPath ? 0 : o.O_NONBLOCK),
      mode,
      resolve,
    );
    try {
      const statx = examine(descriptor);
      const type = modeOf(statx) & S_IFMT;
      if (!isPath) {
        // Pipes are read and written without waiting (pipes.ts).
        if (type !== S_IFIFO && (flags & o.O_NONBLOCK) === 0)
          checked(kernel.makeNow("fcntl", descriptor, F_SETFL, flags & o.O_APPEND));
      }
      const size = sizeOf(statx);
      const isComplete =
        type === S_IFREG && (flags & o.O_ACCMODE) === 0 && !isPath && size <= Math.min(contentLimit, limits.dataBytes);
      // A file of /proc says 0 and has something to read.
      if (type === S_IFDIR) return { handle: handles.add(descriptor), statx, path: root.pathOf(descriptor) };
      if (!isComplete || size === 0) return { handle: handles.add(descriptor), statx };
      const content = uninitialised(size);
      const count = checked(await kernel.make("pread64", descriptor, content, size, 0));
      if (count < size) return { handle: handles.add(descriptor), statx };
      if (!closeWhenComplete) return { handle: handles.add(descriptor), statx, content };
      kernel.makeNow("close", descriptor);
      return { statx, content };
    } catch (error) {
      kernel.makeNow("close", descriptor);
      throw error;
    }
  });

  connection.on(methods.close, async ({ handle }) => {
    const open = handles.remove(handle);
    // This call uses it, too.
    if (open.uses > 1) open.close = () => kernel.makeNow("close", open.descriptor);
    else checked(await kernel.make("close", open.descriptor));
    return {};
  });

  connection.on(methods.stat, ({ place, flags }) =>
    withPath(place, (flags & o.AT_SYMLINK_NOFOLLOW) !== 0, async (descriptor) => {
      const statx = new Uint8Array(STATX_SIZE);
      const how = (flags & STAT_FLAGS) | o.AT_EMPTY_PATH;
      checked(await kernel.make("statx", descriptor, "", how, STATX_BASIC_STATS_AND_BTIME, statx));
      return { statx };
    }),
  );

  connection.on(methods.access, ({ place, mode, flags }) =>
    withPath(place, (flags & o.AT_SYMLINK_NOFOLLOW) !== 0, async (descriptor) => {
      checked(await kernel.make("faccessat2", descriptor, "", mode, o.AT_EMPTY_PATH | (flags & o.AT_EACCESS)));
      return {};
    }),
  );

  connection.on(methods.readLink, ({ place }) =>
    withPath(place, true, async (descriptor) => {
      const target = new Uint8Array(limits.pathBytes + 1);
      const length = await kernel.make("readlinkat", descriptor, "", target, target.length);
      // With an empty path it says ENOENT of what is no link (fs/stat.c, do_readlinkat).
      return { target: target.subarray(0, length === -2 ? fail("EINVAL") : checked(length)) };
    }),
  );

  connection.on(methods.statFs, ({ place }) =>
    withPath(place, false, async (descriptor) => {
      const found = new Uint8Array(statfs.size);
      checked(await kernel.make("fstatfs", descriptor, found));
      const word = (name: string): bigint => BigInt(u64(found, statfs.fields[name]?.[0] ?? 0));
      return {
        type: word("f_type"),
        blockSize: word("f_bsize"),
        blocks: word("f_blocks"),
        blocksFree: word("f_bfree"),
        blocksAvailable: word("f_bavail"),
        files: word("f_files"),
        filesFree: word("f_ffree"),
        fileSystemId: word("f_fsid"),
        nameLength: word("f_namelen"),
        fragmentSize: word("f_frsize"),
        flags: word("f_flags"),
      };
    }),
  );

  connection.on(methods.read, async ({ handle, offset, length }) => {
    const { descriptor } = handles.get(handle);
    const data = uninitialised(Math.min(length, limits.dataBytes));
    const count = checked(await kernel.make("pread64", descriptor, data, data.length, offset));
    return { data: data.subarray(0, count) };
  });

  connection.on(methods.write, async ({ handle, offset, data }) => {
    const { descriptor } = handles.get(handle);
    let written = 0;
    let errno = 0;
    while (written < data.length) {
      const rest = data.subarray(written);
      const result = await kernel.make("pwrite64", descriptor, rest, rest.length, offset + BigInt(written));
      if (result <= 0) {
        errno = -result;
        break;
      }
      written += result;
    }
    if (written === 0 && errno !== 0) throw new Errno(errno);
    return { errno, written, size: BigInt(sizeOf(examine(descriptor))) };
  });

  connection.on(methods.truncate, async ({ place, size }) => {
    if (place?.path.length === 0) {
      checked(await kernel.make("ftruncate", handles.get(place.directory).descriptor, size));
      return {};
    }
    return withPath(place, false, async (descriptor) => {
      checked(await kernel.make("truncate", `/proc/self/fd/${descriptor}`, size));
      return {};
    });
  });

  connection.on(methods.allocate, async ({ handle, mode, offset, length }) => {
    checked(await kernel.make("fallocate", handles.get(handle).descriptor, mode, offset, length));
    return {};
  });

  connection.on(methods.sync, async ({ handle, dataOnly }) => {
    checked(await kernel.make(dataOnly ? "fdatasync" : "fsync", handles.get(handle).descriptor));
    return {};
  });

  connection.on(methods.seek, ({ handle, offset, whence }) =>
    connection.inTurn(handle, async ({ descriptor }) => {
      if (whence !== SEEK_DATA && whence !== SEEK_HOLE) fail("EINVAL");
      return { offset: BigInt(checked(await kernel.make("lseek", descriptor, offset, whence))) };
    }),
  );

  connection.on(methods.readDirectory, ({ handle, position, limit, withAttributes }) =>
    connection.inTurn(handle, async ({ descriptor }) => {
      checked(await kernel.make("lseek", descriptor, position, SEEK_SET));
      const most = limit === 0 ? limits.entries : Math.min(limit, limits.entries);
      const entries: (Pick<DirectoryEntry, "name" | "inode" | "type" | "next"> & { statx?: Uint8Array })[] = [];
      const buffer = new Uint8Array(DIRENTS);
      let end = false;
      let room: number = limits.entryBytes;
      let isFull = false;
      while (!isFull && !end) {
        const count = checked(await kernel.make("getdents64", descriptor, buffer, buffer.length));
        end = count === 0;
        for (const entry of entriesIn(buffer.subarray(0, count))) {
          room -= entry.name.length + (withAttributes ? ENTRY + STATX_SIZE : ENTRY);
          isFull ||= entries.length >= most || room < 0;
          if (!isFull) entries.push(entry);
        }
      }
      if (withAttributes)
        for (const entry of entries) {
          const statx = new Uint8Array(STATX_SIZE);
          const how = o.AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC;
          const name = Buffer.concat([entry.name, Buffer.alloc(1)]);
          if (kernel.makeNow("statx", descriptor, name, how, STATX_BASIC_STATS_AND_BTIME, statx) === 0)
            entry.statx = statx;
        }
      return { entries, end };
    }),
  );
}

/** At most so many bytes of an entry's message beside its name and attributes: tags, lengths and three numbers. */
const ENTRY = 48;

/** Bytes of one getdents64. */
const DIRENTS = 65_536;

/** struct linux_dirent64 (include/linux/dirent.h): ino, off, reclen, type, name. */
function* entriesIn(bytes: Uint8Array): IterableIterator<Pick<DirectoryEntry, "name" | "inode" | "type" | "next">> {
  for (let at = 0; at < bytes.length; at += u16(bytes, at + 16)) {
    const end = bytes.indexOf(0, at + 19);
    yield {
      inode: BigInt(u64(bytes, at)),
      next: BigInt(u64(bytes, at + 8)),
      type: bytes[at + 18] ?? 0,
      name: bytes.slice(at + 19, end),
    };
  }
}
