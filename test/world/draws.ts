/** What calls are drawn with: few names, few descriptors, so that calls meet each other's results. */
import { constants } from "node:fs";
import { type Arbitrary, array, constant, constantFrom, integer, oneof, tuple } from "fast-check";

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
export const O_CLOEXEC: number = 0o2000000;
export const O_PATH: number = 0o10000000;
export const O_TMPFILE: number = 0o20200000;
export const AT_SYMLINK_NOFOLLOW: number = 0x100;
export const AT_REMOVEDIR: number = 0x200;
export const AT_SYMLINK_FOLLOW: number = 0x400;
export const AT_EMPTY_PATH: number = 0x1000;
export const AT_EACCESS: number = 0x200;

export const slot: Arbitrary<number> = integer({ min: 0, max: 4 });
/** Mostly the working directory. */
export const directory: Arbitrary<number> = oneof(
  { weight: 3, arbitrary: constant(-1) },
  { weight: 2, arbitrary: slot },
);

export const name: Arbitrary<string> = oneof(
  { weight: 12, arbitrary: constantFrom("a", "b", "c", "d") },
  { weight: 2, arbitrary: constantFrom("..", ".", "") },
  { weight: 1, arbitrary: constantFrom("l".repeat(255), "l".repeat(256), "ü", "with space", "new\nline", "\\", "*") },
);
export const relative: Arbitrary<string> = array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("/"));
export const path: Arbitrary<string> = oneof(
  { weight: 10, arbitrary: constantFrom("a", "b", "c", "d", "a/a", "a/b", "b/a") },
  { weight: 5, arbitrary: relative },
  { weight: 2, arbitrary: relative.map((each) => `%/${each}`) },
  // What a slot has, by its link in /proc.
  { weight: 1, arbitrary: constantFrom("@0", "@1", "@2", "@1/a", "@0/..") },
  {
    weight: 1,
    arbitrary: constantFrom("a/", "b//", "c/.", "d/..", "", ".", "..", "%", "/", "//a", "a/../b", "%/../w/a"),
  },
);
/** Where symbolic links lead: into loops, nowhere, to directories, up; not through those of /proc (docs/protocol.md). */
export const target: Arbitrary<string> = oneof(
  { weight: 6, arbitrary: path.map((each) => each.replace(/^@/, "a")) },
  { weight: 1, arbitrary: constantFrom("nowhere", "a", "b", "%/a", "%/nowhere", "../w/b", "..", ".", "/", "a/b/../c") },
);

export const bits = (...flags: readonly number[]): Arbitrary<number> =>
  tuple(
    ...flags.map((flag) => oneof({ weight: 4, arbitrary: constant(0) }, { weight: 1, arbitrary: constant(flag) })),
  ).map((each) => each.reduce((sum, flag) => sum | flag, 0));
export const access: Arbitrary<number> = constantFrom(O_RDONLY, O_WRONLY, O_RDWR, O_RDWR);
export const openFlags: Arbitrary<number> = oneof(
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
export const mode: Arbitrary<number> = oneof(
  { weight: 6, arbitrary: constantFrom(0o644, 0o666, 0o755, 0o777, 0o600) },
  { weight: 1, arbitrary: constantFrom(0, 0o444, 0o1777, 0o4755, 0o2755, 0o7777, 0o10644) },
);
/** Around the sizes that are brought over in one piece, read ahead, and written at once. */
export const size: Arbitrary<number> = oneof(
  { weight: 8, arbitrary: integer({ min: 0, max: 100 }) },
  { weight: 3, arbitrary: integer({ min: 0, max: 10_000 }) },
  { weight: 1, arbitrary: constantFrom(4096, 65_536, 262_143, 262_144, 262_145, 300_000) },
);
export const offset: Arbitrary<number> = oneof(
  { weight: 8, arbitrary: size },
  { weight: 1, arbitrary: constantFrom(-1, -5, 2 ** 40, 2 ** 32) },
);
export const length: Arbitrary<number> = oneof(
  { weight: 10, arbitrary: size },
  { weight: 1, arbitrary: constantFrom(-1, 2 ** 33) },
);
export const id: Arbitrary<number> = constantFrom(0, 0, -1, 1, 1000);
export const attribute: Arbitrary<string> = constantFrom(
  "user.a",
  "user.b",
  "trusted.a",
  "user.",
  "nonsense",
  "security.x",
  "user.".padEnd(256, "x"),
);
/** Whose offset is given: the input's, the output's. */
export const ends: Arbitrary<number> = integer({ min: 0, max: 3 });
export const room: Arbitrary<number> = oneof(
  { weight: 4, arbitrary: constant(200) },
  { weight: 1, arbitrary: constantFrom(0, 1, 5, 40) },
);
/** Seconds and nanoseconds; UTIME_NOW and UTIME_OMIT among them. */
export const seconds: Arbitrary<number> = constantFrom(0, 1, 1_000_000_000, 1_234_567_890, -1);
/** Both times, one of them, none given. */
export const times: Arbitrary<number> = constantFrom(0, 0, 1, 2, 3);
export const nanoseconds: Arbitrary<number> = constantFrom(0, 1, 999_999_999, 1_000_000_000, 0x3fff_fffe, 0x3fff_ffff);

/** Around the blocks of file systems, for which some calls are particular. */
export const blocks: Arbitrary<number> = oneof(
  { weight: 3, arbitrary: constantFrom(0, 4096, 8192, 65_536) },
  { weight: 1, arbitrary: constantFrom(1, 4095, 4097, 20_000) },
);
/** FALLOC_FL_*: nothing, KEEP_SIZE, PUNCH_HOLE with it and without, COLLAPSE_RANGE, ZERO_RANGE, INSERT_RANGE, UNSHARE_RANGE, both of none. */
export const allocation: Arbitrary<number> = constantFrom(0, 1, 3, 3, 2, 8, 16, 17, 32, 64, 40, 4);
/** STATX_BASIC_STATS, the time of birth with it, single ones, none, all that may be, one that is reserved. */
export const mask: Arbitrary<number> = constantFrom(0x7ff, 0xfff, 0, 1, 0x200, 0x800, 0x7fff_ffff, 0x8000_0000);
/** RESOLVE_*: NO_XDEV, NO_MAGICLINKS, NO_SYMLINKS, BENEATH, IN_ROOT, some together, one that is none. */
export const resolution: Arbitrary<number> = constantFrom(0, 1, 2, 4, 8, 16, 6, 24, 64);
/** IN_*: what becomes of names and attributes, and of files that were written; DONT_FOLLOW, ONLYDIR, MASK_ADD, MASK_CREATE, EXCL_UNLINK. */
export const watched: Arbitrary<number> = tuple(
  constantFrom(0x3c0, 0xfc4, 0x3c8, 0x100, 0x200, 0xc00, 0x4, 0),
  oneof({ weight: 5, arbitrary: constant(0) }, { weight: 1, arbitrary: constantFrom(0x200_0000, 0x100_0000) }),
  oneof({ weight: 5, arbitrary: constant(0) }, { weight: 1, arbitrary: constantFrom(0x2000_0000, 0x1000_0000) }),
).map((all) => all.reduce((sum: number, flag) => sum + flag, 0));
/** What is started by a script's first line: the player says who it is. */
export const script: Arbitrary<string> = constantFrom(
  "#!/bin/player\n",
  "#! /bin/player  one and more \nrest",
  "#!/bin/player",
  "#!%/a\n",
  "#!b two\n",
  "#!/nowhere\n",
  "#!/bin\n",
  "#!\n",
  "#!",
  "nothing of the sort",
  "",
);
