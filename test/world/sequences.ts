/** Sequences of file calls, as fast-check arbitraries: few names, few descriptors, so that calls meet each other's results. */
import { constants } from "node:fs";
import { type Arbitrary, array, boolean, constant, constantFrom, integer, oneof, record, tuple } from "fast-check";

/** A call as the player (player/main.go) takes it; what is not given is 0 or "". */
export interface Call {
  readonly name: string;
  readonly fd?: number;
  /** −1: AT_FDCWD */
  readonly dir?: number;
  readonly to?: number;
  readonly path?: string;
  readonly second?: string;
  readonly flags?: number;
  readonly mode?: number;
  readonly offset?: number;
  readonly length?: number;
  /** By the child, where there is one. */
  readonly child?: boolean;
}

const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } =
  constants;
const O_CLOEXEC = 0o2000000;
const O_PATH = 0o10000000;
const O_TMPFILE = 0o20200000;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_REMOVEDIR = 0x200;
const AT_SYMLINK_FOLLOW = 0x400;
const AT_EMPTY_PATH = 0x1000;
const AT_EACCESS = 0x200;

const slot = integer({ min: 0, max: 4 });
/** Mostly the working directory. */
const directory = oneof({ weight: 3, arbitrary: constant(-1) }, { weight: 2, arbitrary: slot });

const name = oneof(
  { weight: 12, arbitrary: constantFrom("a", "b", "c", "d") },
  { weight: 2, arbitrary: constantFrom("..", ".", "") },
  { weight: 1, arbitrary: constantFrom("l".repeat(255), "l".repeat(256), "ü", "with space", "new\nline", "\\", "*") },
);
const relative = array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("/"));
export const path: Arbitrary<string> = oneof(
  { weight: 10, arbitrary: constantFrom("a", "b", "c", "d", "a/a", "a/b", "b/a") },
  { weight: 5, arbitrary: relative },
  { weight: 2, arbitrary: relative.map((each) => `%/${each}`) },
  {
    weight: 1,
    arbitrary: constantFrom("a/", "b//", "c/.", "d/..", "", ".", "..", "%", "/", "//a", "a/../b", "%/../w/a"),
  },
);
/** Where symbolic links lead: into loops, nowhere, to directories, up. */
const target = oneof(
  { weight: 6, arbitrary: path },
  { weight: 1, arbitrary: constantFrom("nowhere", "a", "b", "%/a", "%/nowhere", "../w/b", "..", ".", "/", "a/b/../c") },
);

const bits = (...flags: readonly number[]): Arbitrary<number> =>
  tuple(
    ...flags.map((flag) => oneof({ weight: 4, arbitrary: constant(0) }, { weight: 1, arbitrary: constant(flag) })),
  ).map((each) => each.reduce((sum, flag) => sum | flag, 0));
const access = constantFrom(O_RDONLY, O_WRONLY, O_RDWR, O_RDWR);
const openFlags = oneof(
  { weight: 6, arbitrary: access.map((each) => each | O_CREAT) },
  {
    weight: 6,
    arbitrary: tuple(
      access,
      bits(O_CREAT, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_NOFOLLOW, O_NONBLOCK, O_CLOEXEC, O_DIRECTORY),
    ).map(([mode, more]) => mode | more),
  },
  { weight: 3, arbitrary: constantFrom(O_RDONLY | O_DIRECTORY, O_RDONLY) },
  { weight: 1, arbitrary: constantFrom(O_PATH, O_PATH | O_NOFOLLOW, O_PATH | O_DIRECTORY, O_PATH | O_CREAT | O_RDWR) },
  {
    weight: 1,
    arbitrary: constantFrom(O_TMPFILE | O_RDWR, O_TMPFILE | O_WRONLY, O_TMPFILE, O_TMPFILE | O_EXCL | O_RDWR),
  },
);
const mode = oneof(
  { weight: 6, arbitrary: constantFrom(0o644, 0o666, 0o755, 0o777, 0o600) },
  { weight: 1, arbitrary: constantFrom(0, 0o444, 0o1777, 0o4755, 0o2755, 0o7777, 0o10644) },
);
/** Around the sizes that are brought over in one piece, read ahead, and written at once. */
const size = oneof(
  { weight: 8, arbitrary: integer({ min: 0, max: 100 }) },
  { weight: 3, arbitrary: integer({ min: 0, max: 10_000 }) },
  { weight: 1, arbitrary: constantFrom(4096, 65_536, 262_143, 262_144, 262_145, 300_000) },
);
const offset = oneof({ weight: 8, arbitrary: size }, { weight: 1, arbitrary: constantFrom(-1, -5, 2 ** 40, 2 ** 32) });
const length = oneof({ weight: 10, arbitrary: size }, { weight: 1, arbitrary: constantFrom(-1, 2 ** 33) });
const id = constantFrom(0, 0, -1, 1, 1000);
const attribute = constantFrom(
  "user.a",
  "user.b",
  "trusted.a",
  "user.",
  "nonsense",
  "security.x",
  "user.".padEnd(256, "x"),
);
const room = oneof({ weight: 4, arbitrary: constant(200) }, { weight: 1, arbitrary: constantFrom(0, 1, 5, 40) });
/** Seconds and nanoseconds; UTIME_NOW and UTIME_OMIT among them. */
const seconds = constantFrom(0, 1, 1_000_000_000, 1_234_567_890, -1);
const nanoseconds = constantFrom(0, 1, 999_999_999, 1_000_000_000, 0x3fff_fffe, 0x3fff_ffff);

type Fields = { readonly [N in Exclude<keyof Call, "name" | "child">]?: Arbitrary<NonNullable<Call[N]>> };
const call = (name: string, fields: Fields): Arbitrary<Call> => record({ name: constant(name), ...fields });
const at = { dir: directory, path };
const no = (flag: number): Arbitrary<number> => bits(flag, AT_EMPTY_PATH);

/** Calls, and how often each is drawn. */
export const kinds: readonly (readonly [weight: number, call: Arbitrary<Call>])[] = [
  [14, call("open", { fd: slot, ...at, flags: openFlags, mode })],
  [
    1,
    call("openat2", {
      fd: slot,
      ...at,
      flags: openFlags,
      mode: constantFrom(0, 0o644),
      offset: constantFrom(0, 0, 4, 8, 16),
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
  [4, call("lseek", { fd: slot, offset, flags: constantFrom(0, 0, 1, 2, 5) })],
  [2, call("ftruncate", { fd: slot, length })],
  [2, call("truncate", { path, length })],
  [1, call("fsync", { fd: slot })],
  [1, call("fdatasync", { fd: slot })],
  [1, call("fallocate", { fd: slot, flags: constantFrom(0, 1, 3, 16), offset, length: size })],
  [3, call("stat", { path })],
  [3, call("lstat", { path })],
  [4, call("fstat", { fd: slot })],
  [3, call("newfstatat", { ...at, flags: no(AT_SYMLINK_NOFOLLOW) })],
  [2, call("statx", { ...at, flags: no(AT_SYMLINK_NOFOLLOW) })],
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
  [4, call("linkat", { ...at, to: directory, second: path, flags: bits(AT_SYMLINK_FOLLOW) })],
  [6, call("symlinkat", { ...at, second: target })],
  [3, call("readlinkat", { ...at, length: oneof(constant(4096), constantFrom(0, 1, 5)) })],
  [2, call("fchmodat", { ...at, mode })],
  [1, call("fchmodat2", { ...at, mode, flags: bits(AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH) })],
  [2, call("fchmod", { fd: slot, mode })],
  [1, call("fchownat", { ...at, offset: id, length: id, flags: no(AT_SYMLINK_NOFOLLOW) })],
  [1, call("fchown", { fd: slot, offset: id, length: id })],
  [2, call("utimensat", { ...at, offset: seconds, length: nanoseconds, flags: no(AT_SYMLINK_NOFOLLOW) })],
  [2, call("futimens", { fd: slot, offset: seconds, length: nanoseconds })],
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
  [2, call("mmap", { fd: slot, length: integer({ min: 1, max: 20_000 }), offset: constantFrom(0, 0, 4096, 1) })],
];

const anyCall: Arbitrary<Call> = oneof(...kinds.map(([weight, arbitrary]) => ({ weight, arbitrary })));

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

/** By one process. */
export const sequences: Arbitrary<readonly Call[]> = tuple(
  beginning,
  array(anyCall, { minLength: 1, maxLength: 30, size: "max" }),
).map(([first, rest]) => [...first, ...rest]);

/** By two that share what was open when the second one was started. */
export const sharedSequences: Arbitrary<readonly Call[]> = tuple(
  beginning,
  // Each works where it was started, so that neither takes the other's directory away (docs/files.md).
  array(
    tuple(
      anyCall.filter(({ name: each }) => !/chdir/.test(each)),
      boolean(),
    ).map(([each, child]) => ({ ...each, child })),
    {
      minLength: 1,
      maxLength: 30,
      size: "max",
    },
  ),
).map(([before, after]) => [...before, { name: "spawn" }, ...after]);
