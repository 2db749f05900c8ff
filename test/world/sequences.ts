/** Sequences of file calls, as fast-check arbitraries. */
import { constants } from "node:fs";
import { type Arbitrary, array, boolean, constant, constantFrom, integer, oneof, record, tuple } from "fast-check";
import {
  AT_EACCESS,
  O_CLOEXEC,
  AT_EMPTY_PATH,
  AT_REMOVEDIR,
  AT_SYMLINK_FOLLOW,
  AT_SYMLINK_NOFOLLOW,
  type Call,
  allocation,
  attribute,
  bits,
  blocks,
  directory,
  ends,
  id,
  length,
  mask,
  mode,
  nanoseconds,
  offset,
  openFlags,
  path,
  resolution,
  room,
  script,
  seconds,
  size,
  slot,
  target,
  times,
  watched,
} from "./draws.ts";

const {
  O_RDONLY,
  O_WRONLY,
  O_RDWR,
  O_CREAT,
  O_APPEND,
  O_DIRECTORY,
  O_NONBLOCK,
  S_IFIFO,
  S_IFREG,
  S_IFCHR,
  S_IFSOCK,
  S_IFDIR,
} = constants;
/** The player has two. */
const mapping = integer({ min: 0, max: 1 });
/** docs/special-files.md: more is moved by a second call. */
const transferred = size.map((each) => Math.min(each, 262_144));
const inMapping = constantFrom(0, 0, 3, 90, 4000, 4096, 5000, 16_000);

type Fields = { readonly [N in Exclude<keyof Call, "name" | "child">]?: Arbitrary<NonNullable<Call[N]>> };
const call = (name: string, fields: Fields): Arbitrary<Call> => record({ name: constant(name), ...fields });
const at = { dir: directory, path };
const no = (flag: number): Arbitrary<number> => bits(flag, AT_EMPTY_PATH);

/** Calls, and how often each is drawn. */
const kinds: readonly (readonly [weight: number, call: Arbitrary<Call>])[] = [
  [14, call("open", { fd: slot, ...at, flags: openFlags, mode })],
  [
    1,
    call("openat2", {
      fd: slot,
      ...at,
      flags: openFlags,
      mode: constantFrom(0, 0o644),
      offset: resolution,
      length: constantFrom(24, 24, 24, 0, 16, 32, 4097),
      to: constantFrom(0, 0, 1),
    }),
  ],
  [2, call("close", { fd: slot })],
  [1, call("dup", { fd: slot, to: slot })],
  [1, call("dup3", { fd: slot, to: slot, flags: constantFrom(0, O_CLOEXEC) })],
  [6, call("read", { fd: slot, length: size })],
  [3, call("pread", { fd: slot, length: size, offset })],
  [1, call("readv", { fd: slot, length: size })],
  [8, call("write", { fd: slot, length: size, mode: integer({ min: 0, max: 25 }) })],
  [3, call("pwrite", { fd: slot, length: size, offset: size, mode: integer({ min: 0, max: 25 }) })],
  [1, call("pwrite", { fd: slot, length: size, offset: constantFrom(-1, 2 ** 50), mode: constant(0) })],
  [1, call("writev", { fd: slot, length: size, mode: integer({ min: 0, max: 25 }) })],
  [4, call("lseek", { fd: slot, offset, flags: constantFrom(0, 0, 1, 2, 3, 4, 5) })],
  [2, call("lseek", { fd: slot, offset: blocks, flags: constantFrom(3, 4) })],
  [2, call("ftruncate", { fd: slot, length })],
  [2, call("truncate", { path, length })],
  [1, call("fsync", { fd: slot })],
  [1, call("fdatasync", { fd: slot })],
  [1, call("fallocate", { fd: slot, flags: allocation, offset, length: size })],
  [1, call("fallocate", { fd: slot, flags: allocation, offset: blocks, length: blocks })],
  [3, call("stat", { path })],
  [3, call("lstat", { path })],
  [4, call("fstat", { fd: slot })],
  [3, call("newfstatat", { ...at, flags: no(AT_SYMLINK_NOFOLLOW) })],
  [2, call("statx", { ...at, flags: no(AT_SYMLINK_NOFOLLOW), mode: mask })],
  [1, call("access", { path, mode: integer({ min: 0, max: 7 }) })],
  [
    1,
    call("faccessat2", {
      ...at,
      mode: integer({ min: 0, max: 7 }),
      flags: bits(AT_SYMLINK_NOFOLLOW, AT_EACCESS, AT_EMPTY_PATH),
    }),
  ],
  [4, call("getdents", { fd: slot, length: constantFrom(0, 23, 24, 60, 100, 4096, 32_768) })],
  [6, call("mkdirat", { ...at, mode })],
  [2, call("rmdir", { path })],
  [2, call("unlink", { path })],
  [2, call("unlinkat", { ...at, flags: constantFrom(0, AT_REMOVEDIR, 1) })],
  [3, call("rename", { path, second: path })],
  [3, call("renameat2", { ...at, to: directory, second: path, flags: constantFrom(0, 0, 1, 2, 3, 4, 8) })],
  [4, call("linkat", { ...at, to: directory, second: path, flags: bits(AT_SYMLINK_FOLLOW, AT_EMPTY_PATH) })],
  // What has no name yet.
  [
    1,
    call("linkat", {
      dir: constant(-1),
      path: constantFrom("@0", "@1", "@2"),
      to: directory,
      second: path,
      flags: constant(AT_SYMLINK_FOLLOW),
    }),
  ],
  [6, call("symlinkat", { ...at, second: target })],
  [3, call("readlinkat", { ...at, length: oneof(constant(4096), constantFrom(0, 1, 5)) })],
  [2, call("fchmodat", { ...at, mode })],
  [1, call("fchmodat2", { ...at, mode, flags: bits(AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH) })],
  [2, call("fchmod", { fd: slot, mode })],
  [1, call("fchownat", { ...at, offset: id, length: id, flags: no(AT_SYMLINK_NOFOLLOW) })],
  [1, call("fchown", { fd: slot, offset: id, length: id })],
  [2, call("utimensat", { ...at, offset: seconds, length: nanoseconds, mode: times, flags: no(AT_SYMLINK_NOFOLLOW) })],
  [2, call("futimens", { fd: slot, offset: seconds, length: nanoseconds, mode: times })],
  [3, call("chdir", { path })],
  [2, call("fchdir", { fd: slot })],
  [2, call("getcwd", { length: constantFrom(4096, 4096, 0, 1, 8) })],
  [1, call("umask", { mode: constantFrom(0, 0o22, 0o77, 0o777) })],
  [2, call("flock", { fd: slot, flags: constantFrom(1, 2, 2, 8, 0, 32) })],
  [
    3,
    call("lock", {
      fd: slot,
      flags: constantFrom(5, 6, 6, 36, 37, 37),
      mode: integer({ min: 0, max: 15 }),
      offset: integer({ min: -5, max: 50 }),
      length: integer({ min: -5, max: 50 }),
    }),
  ],
  [1, call("getfl", { fd: slot })],
  [1, call("getfd", { fd: slot })],
  [1, call("setfl", { fd: slot, flags: bits(O_APPEND, O_APPEND, O_NONBLOCK) })],
  [
    2,
    call("setxattr", { path, second: attribute, flags: constantFrom(0, 0, 1, 2, 4), length: room, mode: constant(1) }),
  ],
  [
    1,
    call("fsetxattr", {
      fd: slot,
      second: attribute,
      flags: constantFrom(0, 0, 1, 2),
      length: room,
      mode: constant(2),
    }),
  ],
  [1, call("getxattr", { path, second: attribute, length: room })],
  [1, call("lgetxattr", { path, second: attribute, length: room })],
  [1, call("fgetxattr", { fd: slot, second: attribute, length: room })],
  [1, call("listxattr", { path, length: room })],
  [1, call("flistxattr", { fd: slot, length: room })],
  [1, call("removexattr", { path, second: attribute })],
  [1, call("fremovexattr", { fd: slot, second: attribute })],
  [1, call("preadv2", { fd: slot, length: size, offset: constantFrom(-1, 0, 50), flags: constantFrom(0, 1, 2, 16) })],
  [
    1,
    call("pwritev2", {
      fd: slot,
      length: size,
      offset: constantFrom(-1, 0, 50),
      mode: integer({ min: 0, max: 25 }),
      flags: constantFrom(0, 2, 4, 16, 1024),
    }),
  ],
  [2, call("mmap", { fd: slot, length: integer({ min: 1, max: 20_000 }), offset: constantFrom(0, 0, 4096, 1) })],
];

/** Calls that mean little by themselves: a sequence has those of one theme at most, and many of them. */
const themes: readonly (readonly (readonly [weight: number, call: Arbitrary<Call>])[])[] = [
  [
    [1, call("pipe", { fd: slot, to: slot })],
    [
      3,
      call("splice", { fd: slot, to: slot, offset: size, length: size, mode: ends, flags: constantFrom(0, 1, 4, 16) }),
    ],
    [1, call("tee", { fd: slot, to: slot, length: size })],
    [2, call("sendfile", { fd: slot, to: slot, offset: size, length: transferred, mode: ends })],
    [
      2,
      call("copy_file_range", {
        fd: slot,
        to: slot,
        offset: size,
        length: size,
        mode: ends,
        flags: constantFrom(0, 0, 0, 1),
      }),
    ],
    [3, call("fallocate", { fd: slot, flags: allocation, offset: blocks, length: blocks })],
    [3, call("lseek", { fd: slot, offset: blocks, flags: constantFrom(3, 4) })],
  ],
  [
    [
      3,
      call("map", {
        fd: slot,
        to: mapping,
        length: integer({ min: 1, max: 20_000 }),
        offset: constantFrom(0, 0, 4096, 1),
        flags: constantFrom(3, 3, 1, 2, 0),
      }),
    ],
    [
      4,
      call("store", {
        to: mapping,
        offset: inMapping,
        length: integer({ min: 1, max: 100 }),
        mode: integer({ min: 0, max: 25 }),
      }),
    ],
    [4, call("load", { to: mapping, offset: inMapping, length: integer({ min: 1, max: 5000 }) })],
    [1, call("msync", { to: mapping, flags: constantFrom(4, 4, 1, 2, 5) })],
    [1, call("munmap", { to: mapping })],
  ],
  [
    [3, call("watch", { path, flags: watched })],
    [4, call("events", {})],
    [1, call("unwatch", { fd: slot })],
  ],
  [
    [
      3,
      call("mknodat", {
        ...at,
        mode: constantFrom(
          S_IFIFO | 0o644,
          S_IFIFO | 0o600,
          S_IFREG | 0o644,
          0o600,
          S_IFCHR | 0o600,
          S_IFSOCK | 0o600,
          S_IFDIR,
        ),
      }),
    ],
    [
      5,
      call("open", {
        fd: slot,
        dir: constant(-1),
        path: constantFrom("a", "b", "c", "d"),
        flags: constantFrom(O_RDONLY, O_WRONLY, O_RDWR),
        mode: constant(0o600),
      }),
    ],
    [
      5,
      call("converse", {
        fd: slot,
        to: slot,
        length: integer({ min: 1, max: 100 }),
        mode: integer({ min: 0, max: 25 }),
      }),
    ],
  ],
  [
    [3, call("script", { path, second: script })],
    [1, call("exec", { ...at, flags: no(AT_SYMLINK_NOFOLLOW) })],
    [
      1,
      call("exec", {
        dir: constant(-1),
        path: constantFrom("/bin/player", "/bin", "/bin/player/", "@0", "@1"),
        flags: constant(0),
      }),
    ],
  ],
];
/** Something to work with: without it most calls would find nothing. */
const beginning: Arbitrary<readonly Call[]> = array(
  oneof(
    call("open", {
      fd: slot,
      path: constantFrom("a", "b", "c", "a/a"),
      dir: constant(-1),
      flags: constant(O_CREAT | O_RDWR),
      mode,
    }),
    call("mkdirat", { dir: constant(-1), path: constantFrom("a", "b", "c", "b/a"), mode: constant(0o755) }),
    call("open", { fd: slot, path: constantFrom("a", "b", "."), dir: constant(-1), flags: constant(O_DIRECTORY) }),
    call("symlinkat", { dir: constant(-1), path: constantFrom("c", "d", "a/a"), second: target }),
    call("write", { fd: slot, length: size, mode: constant(3) }),
  ),
  { minLength: 0, maxLength: 8, size: "max" },
);

/** @param weight of the theme's calls, where the others together weigh 1 */
const drawn = (...weighed: readonly (readonly [weight: number, call: Arbitrary<Call>])[]): Arbitrary<Call> =>
  oneof(...weighed.map(([weight, arbitrary]) => ({ weight, arbitrary })));
const anyCall = drawn(...kinds);
const calls = (each: Arbitrary<Call>): Arbitrary<readonly Call[]> =>
  array(each, { minLength: 1, maxLength: 30, size: "max" });
/** One in two sequences has a theme. */
const rest: Arbitrary<readonly Call[]> = oneof(
  { weight: themes.length, arbitrary: calls(anyCall) },
  ...themes.map((theme) => ({ weight: 1, arbitrary: calls(drawn([1, anyCall], [1, drawn(...theme)])) })),
);

/** By one process. */
export const sequences: Arbitrary<readonly Call[]> = tuple(beginning, rest).map(([first, more]) => [...first, ...more]);

/** By two that share what was open when the second one was started. */
export const sharedSequences: Arbitrary<readonly Call[]> = tuple(
  beginning,
  // Each works where it was started, so that neither takes the other's directory away (docs/files.md).
  rest.map((each) => each.filter(({ name }) => !/chdir/.test(name))),
  array(boolean(), { minLength: 30, maxLength: 30 }),
).map(([before, after, byChild]) => [
  ...before,
  { name: "spawn" },
  ...after.map((each, index) => ({ ...each, child: byChild[index] === true })),
]);
