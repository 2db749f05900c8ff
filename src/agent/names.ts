/** Names and attributes: what changes directories, and what files say of themselves. */
import { FilesService, type Place, type Time } from "../wire/generated/elsewhere/v1/files_pb.ts";
import { flags as o } from "./constants.ts";
import { checked } from "./errno.ts";
import type { Connection } from "./connection.ts";
import { mayNameLink } from "./root.ts";

/** XATTR_SIZE_MAX (include/uapi/linux/limits.h) */
const XATTR_SIZE_MAX = 65_536;
/** include/uapi/linux/stat.h */
const UTIME_OMIT = 0x3fff_fffe;

export function serveNames(connection: Connection): void {
  const { kernel, root, handles } = connection;
  const methods = FilesService.method;

  /** The file, under a path that leads nowhere else. */
  const asPath = async <T>(
    place: Place | undefined,
    noFollow: boolean,
    use: (path: string) => Promise<T>,
  ): Promise<T> => {
    if (place?.path.length === 0 && place.directory !== 0n)
      return use(`/proc/self/fd/${handles.get(place.directory).descriptor}`);
    const descriptor = await root.path(place, handles, noFollow);
    try {
      return await use(`/proc/self/fd/${descriptor}`);
    } finally {
      kernel.makeNow("close", descriptor);
    }
  };

  connection.on(methods.makeDirectory, async ({ place, mode }) => {
    using name = await root.nameIn(place, handles);
    checked(await kernel.make("mkdirat", name.directory, name.name, mode));
    return {};
  });

  connection.on(methods.makeNode, async ({ place, mode, device }) => {
    using name = await root.nameIn(place, handles);
    checked(await kernel.make("mknodat", name.directory, name.name, mode, device));
    return {};
  });

  connection.on(methods.remove, async ({ place, directory }) => {
    using name = await root.nameIn(place, handles);
    checked(await kernel.make("unlinkat", name.directory, name.name, directory ? o.AT_REMOVEDIR : 0));
    return {};
  });

  connection.on(methods.rename, async ({ from, to, flags }) => {
    using old = await root.nameIn(from, handles);
    using made = await root.nameIn(to, handles);
    checked(await kernel.make("renameat2", old.directory, old.name, made.directory, made.name, flags));
    return {};
  });

  connection.on(methods.link, ({ from, to, flags }) =>
    asPath(from, (flags & o.AT_SYMLINK_FOLLOW) === 0, async (path) => {
      using made = await root.nameIn(to, handles);
      // What the path in /proc leads to is linked, be it a symbolic link.
      checked(await kernel.make("linkat", o.AT_FDCWD, path, made.directory, made.name, o.AT_SYMLINK_FOLLOW));
      return {};
    }),
  );

  connection.on(methods.makeSymbolicLink, async ({ target, place }) => {
    using name = await root.nameIn(place, handles);
    checked(await kernel.make("symlinkat", Buffer.concat([target, Buffer.alloc(1)]), name.directory, name.name));
    return {};
  });

  connection.on(methods.setAttributes, async ({ place, flags, mode, uid, gid, accessTime, modificationTime }) => {
    const noFollow = (flags & o.AT_SYMLINK_NOFOLLOW) !== 0;
    if (noFollow && mayNameLink(place)) {
      // A symbolic link has no path of its own in /proc: by its name.
      using name = await root.nameIn(place, handles, ".");
      const at = [name.directory, name.name] as const;
      if (mode !== undefined) checked(await kernel.make("fchmodat2", ...at, mode, o.AT_SYMLINK_NOFOLLOW));
      if (uid !== undefined || gid !== undefined)
        checked(await kernel.make("fchownat", ...at, uid ?? NOBODY, gid ?? NOBODY, o.AT_SYMLINK_NOFOLLOW));
      if (accessTime !== undefined || modificationTime !== undefined)
        checked(await kernel.make("utimensat", ...at, times(accessTime, modificationTime), o.AT_SYMLINK_NOFOLLOW));
      return {};
    }
    return asPath(place, false, async (path) => {
      if (mode !== undefined) checked(await kernel.make("fchmodat", o.AT_FDCWD, path, mode));
      if (uid !== undefined || gid !== undefined)
        checked(await kernel.make("fchownat", o.AT_FDCWD, path, uid ?? NOBODY, gid ?? NOBODY, 0));
      if (accessTime !== undefined || modificationTime !== undefined)
        checked(await kernel.make("utimensat", o.AT_FDCWD, path, times(accessTime, modificationTime), 0));
      return {};
    });
  });

  /**
   * Attributes of a symbolic link itself (lgetxattr) are asked for by its name in a directory that is open; of all
   * others by the file.
   */
  const onAttributes = async <T>(
    place: Place | undefined,
    noFollow: boolean,
    use: (prefix: "" | "l", path: string | Uint8Array) => Promise<T>,
  ): Promise<T> => {
    if (!noFollow || !mayNameLink(place)) return asPath(place, false, (path) => use("", path));
    using name = await root.nameIn(place, handles, ".");
    return await use("l", Buffer.concat([Buffer.from(`/proc/self/fd/${name.directory}/`), name.name]));
  };
  const terminated = (name: Uint8Array): Uint8Array => Buffer.concat([name, Buffer.alloc(1)]);

  connection.on(methods.getExtendedAttribute, ({ place, noFollow, name, size }) =>
    onAttributes(place, noFollow, async (prefix, path) => {
      const value = new Uint8Array(Math.min(size, XATTR_SIZE_MAX));
      const length = checked(await kernel.make(`${prefix}getxattr`, path, terminated(name), value, value.length));
      return size === 0 ? { length } : { value: value.subarray(0, length), length };
    }),
  );

  connection.on(methods.setExtendedAttribute, ({ place, noFollow, name, value, flags }) =>
    onAttributes(place, noFollow, async (prefix, path) => {
      checked(await kernel.make(`${prefix}setxattr`, path, terminated(name), value, value.length, flags));
      return {};
    }),
  );

  connection.on(methods.listExtendedAttributes, ({ place, noFollow, size }) =>
    onAttributes(place, noFollow, async (prefix, path) => {
      const value = new Uint8Array(Math.min(size, XATTR_SIZE_MAX));
      const length = checked(await kernel.make(`${prefix}listxattr`, path, value, value.length));
      return size === 0 ? { length } : { value: value.subarray(0, length), length };
    }),
  );

  connection.on(methods.removeExtendedAttribute, ({ place, noFollow, name }) =>
    onAttributes(place, noFollow, async (prefix, path) => {
      checked(await kernel.make(`${prefix}removexattr`, path, terminated(name)));
      return {};
    }),
  );
}

/** chown(2): (uid_t) −1 leaves it as it is. */
const NOBODY = 0xffff_ffff;

/** struct timespec[2] */
function times(access: Time | undefined, modification: Time | undefined): Uint8Array {
  const words = [access, modification].flatMap((time) =>
    time === undefined ? [0n, BigInt(UTIME_OMIT)] : [time.seconds, BigInt(time.nanoseconds)],
  );
  return new Uint8Array(BigInt64Array.from(words).buffer);
}
