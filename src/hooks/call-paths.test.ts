/** What is said of the paths of every call. */
import { describe, expect, test } from "vitest";
import { constants } from "node:fs";
import { abis } from "../linux/abi.ts";
import { callTables, isCallName } from "../linux/calls.ts";
import { requireHostMachine } from "../machine/machines.ts";
import { AT_FDCWD } from "../process/paths.ts";
import { type CallPath, callPaths, callsWithPaths, lookedUp, socketPath } from "./call-paths.ts";
import { callOf, signatureOf } from "./call.fixture.ts";
import { argumentKind } from "./parameters.ts";
import type { AnyCall } from "./types.ts";

/** With no flags set; "…" for what a flag says. Relative paths begin at the argument behind "at". */
const said: Readonly<Record<string, string>> = {
  access: "filename: followed",
  acct: "name: followed",
  chdir: "filename: followed, directory",
  chmod: "filename: followed",
  chown: "filename: followed",
  chroot: "filename: followed, directory",
  creat: "pathname: followed",
  execve: "filename: followed",
  execveat: "filename at dfd: followed",
  faccessat: "filename at dfd: followed",
  faccessat2: "filename at dfd: followed",
  fanotify_mark: "pathname at fd: followed",
  fchmodat: "filename at dfd: followed",
  fchmodat2: "filename at dfd: followed",
  fchownat: "filename at dfd: followed",
  fspick: "path at dfd: followed",
  futimesat: "filename at dfd: followed",
  getxattr: "path: followed",
  inotify_add_watch: "path: followed",
  lchown: "filename: the link",
  lgetxattr: "path: the link",
  link: "oldname: the link; newname: the name",
  linkat: "oldname at olddfd: the link; newname at newdfd: the name",
  listxattr: "path: followed",
  llistxattr: "path: the link",
  lremovexattr: "path: the link",
  lsetxattr: "path: the link",
  lstat: "filename: the link",
  mkdir: "pathname: the name",
  mkdirat: "pathname at dfd: the name",
  mknod: "filename: the name",
  mknodat: "filename at dfd: the name",
  mount: "dir_name: followed",
  mount_setattr: "path at dfd: followed",
  move_mount: "from_path at from_dfd: the link; to_path at to_dfd: the link",
  name_to_handle_at: "name at dfd: the link",
  newfstatat: "filename at dfd: followed",
  open: "filename: followed",
  open_tree: "path at dfd: followed",
  openat: "filename at dfd: followed",
  openat2: "filename at dfd: followed",
  pivot_root: "new_root: followed, directory; put_old: followed, directory",
  quotactl: "special: followed",
  readlink: "path: the link",
  readlinkat: "path at dfd: the link, or the descriptor",
  removexattr: "path: followed",
  rename: "oldname: the name; newname: the name",
  renameat: "oldname at olddfd: the name; newname at newdfd: the name",
  renameat2: "oldname at olddfd: the name; newname at newdfd: the name",
  rmdir: "pathname: the name",
  setxattr: "path: followed",
  stat: "filename: followed",
  statfs: "path: followed",
  statx: "path at dfd: followed",
  swapoff: "specialfile: followed",
  swapon: "specialfile: followed",
  symlink: "new: the name",
  symlinkat: "newname at newdfd: the name",
  truncate: "path: followed",
  umount2: "name: followed",
  unlink: "pathname: the name",
  unlinkat: "pathname at dfd: the name",
  uselib: "library: followed",
  utime: "filename: followed",
  utimensat: "filename at dfd: followed",
  utimes: "filename: followed",
};

/** Strings that are no paths: texts, names of attributes, queues, keys, modules, file systems. */
const texts: readonly string[] = [
  "symlink.old symlinkat.oldname mount.dev_name mount.type init_module.uargs finit_module.uargs",
  "delete_module.name_user memfd_create.uname_ptr fsopen.fs_name fsconfig.key mq_open.name mq_unlink.name",
  "add_key._type add_key._description request_key._type request_key._description request_key._callout_info",
  "setxattr.name lsetxattr.name fsetxattr.name getxattr.name lgetxattr.name fgetxattr.name removexattr.name",
  "lremovexattr.name fremovexattr.name",
].flatMap((line) => line.split(" "));

function tell(call: AnyCall): string {
  const { parameters } = signatureOf(call.name);
  return callPaths(call)
    .map(({ argument, dirfd, path, follow, isName, directory, emptyPath, resolve }: CallPath) => {
      expect([argument, ""]).toContain(path);
      const at = dirfd === AT_FDCWD ? "" : ` at ${parameters[dirfd - 100]?.name}`;
      expect(isName && follow).toBe(false);
      return [
        `${argument}${at}: ${isName ? "the name" : follow ? "followed" : "the link"}`,
        ...(directory ? ["directory"] : []),
        ...(emptyPath ? ["or the descriptor"] : []),
        ...(resolve === 0 ? [] : [`resolve ${resolve}`]),
      ].join(", ");
    })
    .join("; ");
}

describe("calls without flags", () => {
  test.each(Object.entries(said))("%s: %s", (name, text) => expect(tell(callOf(name))).toBe(text));

  test("that is all calls that take paths", () => {
    expect([...callsWithPaths].sort()).toEqual(Object.keys(said).sort());
    expect(new Set(callsWithPaths).size).toBe(callsWithPaths.length);
    const names = new Set(Object.values(callTables).flatMap((table) => table.names));
    const unsaid = [...names].filter(isCallName).flatMap((name) => {
      const paths = callPaths(callOf(name)).map(({ argument }) => argument);
      return signatureOf(name)
        .parameters.filter((parameter) => argumentKind(name, parameter) === "string")
        .filter((parameter) => !paths.includes(parameter.name) && !texts.includes(`${name}.${parameter.name}`))
        .map((parameter) => `${name}.${parameter.name}`);
    });
    expect(unsaid).toEqual([]);
  });
});

const { constants: values } = abis[requireHostMachine().name];
/** From the kernel's headers; the numbers further below are those of the man pages. */
const open = (name: string): number => values.openFlags.find(([each]) => each === name)?.[1] ?? Number.NaN;
const at = (name: string): number => values.atFlags.find(([each]) => each === name)?.[1] ?? Number.NaN;
const NOFOLLOW = at("AT_SYMLINK_NOFOLLOW");
const FOLLOW = at("AT_SYMLINK_FOLLOW");
const EMPTY = at("AT_EMPTY_PATH");
const { O_CREAT, O_EXCL, O_NOFOLLOW, O_DIRECTORY, O_RDWR } = constants;

const newer = ["newfstatat.flag", "statx.flags", "faccessat2.flags", "fchmodat2.flags", "fchownat.flag"];
const alike = [...newer, "utimensat.flags", "execveat.flags", "open_tree.flags", "mount_setattr.flags"];

describe("flags", () => {
  test.each(alike.map((each) => each.split(".") as [string, string]))(
    "%s %s: AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH",
    (name, flags) => {
      const [start = ""] = said[name]?.split(":") ?? [];
      expect(tell(callOf(name, { [flags]: NOFOLLOW }))).toBe(`${start}: the link`);
      expect(tell(callOf(name, { [flags]: EMPTY }))).toBe(`${start}: followed, or the descriptor`);
      expect(tell(callOf(name, { [flags]: NOFOLLOW | EMPTY | 0x800 }))).toBe(`${start}: the link, or the descriptor`);
    },
  );

  test.each<[string, Record<string, number | string | null>, string]>([
    ["linkat", { flags: FOLLOW }, "oldname at olddfd: followed; newname at newdfd: the name"],
    ["linkat", { flags: EMPTY }, "oldname at olddfd: the link, or the descriptor; newname at newdfd: the name"],
    ["name_to_handle_at", { flag: FOLLOW | EMPTY }, "name at dfd: followed, or the descriptor"],
    ["unlinkat", { flag: at("AT_REMOVEDIR") }, "pathname at dfd: the name"],
    ["umount2", { flags: 8 }, "name: the link"],
    ["inotify_add_watch", { mask: 0x2000000 }, "path: the link"],
    ["inotify_add_watch", { mask: 0x1000000 }, "path: followed, directory"],
    ["fanotify_mark", { flags: 4 }, "pathname at fd: the link"],
    ["fanotify_mark", { flags: 8 }, "pathname at fd: followed, directory"],
    ["fanotify_mark", { pathname: null }, "pathname at fd: followed, or the descriptor"],
    ["fspick", { flags: 2 }, "path at dfd: the link"],
    ["fspick", { flags: 8 }, "path at dfd: followed, or the descriptor"],
    ["move_mount", { ms_flags: 0x11 }, "from_path at from_dfd: followed; to_path at to_dfd: followed"],
    [
      "move_mount",
      { ms_flags: 0x44 },
      "from_path at from_dfd: the link, or the descriptor; to_path at to_dfd: the link, or the descriptor",
    ],
    ["mount", { flags: 0x1000 }, "dev_name: followed; dir_name: followed"],
    ["mount", { flags: 0x2000 }, "dev_name: followed; dir_name: followed"],
    ["mount", { flags: 0x1020 }, "dir_name: followed"],
    ["utimensat", { filename: null }, "filename at dfd: followed, or the descriptor"],
    ["futimesat", { filename: null }, "filename at dfd: followed, or the descriptor"],
    ["acct", { name: null }, ""],
    ["quotactl", { special: null }, ""],
    ["open", { flags: O_NOFOLLOW | O_RDWR }, "filename: the link"],
    ["open", { flags: O_CREAT }, "filename: followed"],
    ["open", { flags: O_EXCL }, "filename: followed"],
    ["open", { flags: O_CREAT | O_EXCL }, "filename: the link"],
    ["open", { flags: O_CREAT | O_EXCL | open("O_PATH") }, "filename: followed"],
    ["openat", { flags: O_DIRECTORY }, "filename at dfd: followed, directory"],
    ["openat", { flags: O_DIRECTORY | O_NOFOLLOW }, "filename at dfd: the link, directory"],
  ])("%s %j: %s", (name, given, text) => expect(tell(callOf(name, given))).toBe(text));

  test("openat2 has them in memory", () => {
    const how = (flags: number, resolve: number): string => {
      const bytes = Buffer.alloc(24);
      bytes.writeUInt32LE(flags, 0);
      bytes.writeUInt32LE(resolve, 16);
      return bytes.toString("hex");
    };
    expect(tell(callOf("openat2", {}, how(O_NOFOLLOW, 0)))).toBe("filename at dfd: the link");
    expect(tell(callOf("openat2", {}, how(0, 0x18)))).toBe("filename at dfd: followed, resolve 24");
    expect(tell(callOf("openat2", { how: 0 }))).toBe("filename at dfd: followed");
  });
});

test("a descriptor is an int", () => {
  expect(callPaths(callOf("openat", { dfd: AT_FDCWD }))[0]?.dirfd).toBe(AT_FDCWD);
});

test("slashes behind a name do not count, behind anything else they do", () => {
  const of = (name: string, path: string): string[] =>
    callPaths(callOf(name, { pathname: path, filename: path })).map(lookedUp);
  expect(of("mkdir", "a/b//")).toEqual(["a/b"]);
  expect(of("rmdir", "/")).toEqual(["/"]);
  expect(of("stat", "a/b//")).toEqual(["a/b//"]);
});

test("the paths of sockets: made by bind, followed by others", () => {
  const call = (name: string, path: string): AnyCall => ({
    ...callOf(name),
    address: { family: "AF_UNIX", path, bytes: new Uint8Array() },
  });
  expect(socketPath(call("bind", "/run/s"))).toMatchObject({ path: "/run/s", isName: true, follow: false });
  for (const name of ["connect", "sendto", "sendmsg"])
    expect(socketPath(call(name, "s"))).toMatchObject({ argument: "address", isName: false, follow: true });
  for (const path of ["", "\0abstract"]) expect(socketPath(call("connect", path))).toBeUndefined();
  expect(socketPath(call("accept4", "/run/s"))).toBeUndefined();
});
