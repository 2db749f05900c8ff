/**
 * What is believed of the paths of every call, held against the kernel: a dangling link says ENOENT exactly where it is followed, an
 * empty path exactly where it does not mean the descriptor.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CallPath, callPaths, callsWithPaths } from "../../src/hooks/call-paths.ts";
import { callOf, signatureOf } from "../../src/hooks/call.fixture.ts";
import { argumentKind } from "../../src/hooks/parameters.ts";
import { requireHostMachine } from "../../src/machine/machines.ts";
import { AT_FDCWD } from "../../src/process/paths.ts";
import { goProgram } from "../engine/programs.ts";
import { run } from "../matrix/run.ts";

const folder = mkdtempSync(join(tmpdir(), "elsewhere-asker-"));
afterAll(() => rmSync(folder, { recursive: true }));
let asker: string;
beforeAll(async () => {
  asker = await goProgram(join(import.meta.dirname, "asker"));
});

type Given = Readonly<Record<string, number>>;

const ENOENT = 2;
const ENOTDIR = 20;
const EISDIR = 21;
const EINVAL = 22;
const ENOSYS = 38;
const DIRECTORY = 20;
const LINK = 21;

/** What a call needs to come as far as its path. */
const needed: Readonly<Record<string, Given>> = {
  inotify_add_watch: { fd: 22, mask: 1 },
  fanotify_mark: { fanotify_fd: 23, flags: 1, mask: 0x20 },
  mount_setattr: { usize: 32 },
  openat2: { size: 24 },
  readlink: { bufsiz: 100 },
  readlinkat: { bufsiz: 100 },
  quotactl: { cmd: 0x8000_0400 },
};

/** Flags that change what becomes of a path, one after another. */
const flags: Readonly<Record<string, readonly Given[]>> = {
  ...Object.fromEntries(
    ["newfstatat.flag", "statx.flags", "faccessat2.flags", "fchmodat2.flags", "fchownat.flag", "utimensat.flags"]
      .concat("execveat.flags", "open_tree.flags", "mount_setattr.flags")
      .map((each) => each.split(".") as [string, string])
      .map(([name, flag]) => [name, [{ [flag]: 0x100 }, { [flag]: 0x1000 }, { [flag]: 0x1100 }]]),
  ),
  linkat: [{ flags: 0x400 }, { flags: 0x1000 }],
  name_to_handle_at: [{ flag: 0x400 }, { flag: 0x1000 }],
  umount2: [{ flags: 8 }],
  inotify_add_watch: [{ mask: 0x2000001 }, { mask: 0x1000001 }],
  fanotify_mark: [{ flags: 5 }, { flags: 9 }],
  fspick: [{ flags: 2 }, { flags: 8 }],
  move_mount: [{ ms_flags: 1 }, { ms_flags: 0x10 }, { ms_flags: 4 }, { ms_flags: 0x40 }],
  mount: [{ flags: 0x1000 }],
  open: [{ flags: 0o400000 }, { flags: 0o300 }, { flags: 0o10000300 }, { flags: 0o200000 }],
  openat: [{ flags: 0o400000 }, { flags: 0o300 }, { flags: 0o10000300 }, { flags: 0o200000 }],
};

interface Question {
  readonly what: string;
  readonly call: string;
  readonly given: Given;
  readonly named: CallPath;
  readonly path: string;
  readonly expected: (errno: number) => boolean;
}

/** All paths of all calls, with each of the flags. */
function questions(): Question[] {
  const asked: Question[] = [];
  for (const call of callsWithPaths)
    for (const flag of [{}, ...(flags[call] ?? [])]) {
      const given = { ...needed[call], ...flag };
      for (const named of callPaths(callOf(call, given))) {
        const { argument, follow, isName, emptyPath, directory } = named;
        const ask = (path: string, expected: Question["expected"], how: string): void =>
          void asked.push({
            what: `${call} ${argument} ${JSON.stringify(given)}: ${how}`,
            call,
            given,
            named,
            path,
            expected,
          });
        const isDangling = (errno: number): boolean => (call === "creat" ? errno === 0 : errno === ENOENT);
        ask("link", (errno) => isDangling(errno) === follow, follow ? "follows" : "does not follow");
        // Of the directory that mount binds an empty path is EINVAL (fs/namespace.c, do_loopback).
        const noPath = argument === "dev_name" ? EINVAL : ENOENT;
        ask(
          "",
          (errno) => (errno === noPath) === !emptyPath,
          emptyPath ? "takes the descriptor" : "takes no empty path",
        );
        const only = named.dirfd === AT_FDCWD ? "here" : "there";
        // acct would begin to write there.
        if (call !== "acct" && !directory) ask(only, (errno) => errno !== ENOENT, `begins at ${named.dirfd}`);
        if (directory) ask(only, (errno) => errno === ENOTDIR, "wants a directory");
        // A slash asks for the directory behind the link, or for none to be made there (EISDIR); behind a name it says nothing.
        ask(
          "link/",
          (errno) => (errno !== ENOENT && errno !== EISDIR) === isName,
          isName ? "is about the name" : "is about a file",
        );
      }
    }
  return asked;
}

function registersOf({ call, given, named, path }: Question): unknown[] {
  const { parameters } = signatureOf(call);
  const registers = parameters.map((parameter) => {
    const { name } = parameter;
    if (name === named.argument) return path;
    if (given[name] !== undefined) return given[name];
    const kind = argumentKind(call, parameter);
    if (kind === "string")
      return name === "newname" ? join(folder, "fresh") : name === "name" ? "user.x" : join(folder, "dir");
    if (kind === "pointer") return call.startsWith("exec") || call === "openat2" ? 0 : null;
    if (!name.endsWith("fd")) return 0;
    return call === "readlinkat" && path === "" ? LINK : DIRECTORY;
  });
  return [requireHostMachine().calls.number(call), ...registers];
}

test.runIf(process.getuid?.() === 0)(
  "every call does with its paths what is said of it",
  async () => {
    const asked = questions().filter(
      ({ call }) => requireHostMachine().calls.number(call) !== undefined && call !== "openat2",
    );
    const file = join(folder, "calls.json");
    writeFileSync(file, JSON.stringify(asked.map(registersOf)));
    const { stdout, stderr, exitCode } = await run([asker, folder, file], { cwd: folder, timeoutMs: 20_000 });
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    const errors = JSON.parse(stdout) as number[];
    const answered = asked.map((question, index) => ({ ...question, errno: errors[index] ?? 0 }));
    const there = answered.filter(({ errno }) => errno !== ENOSYS); // kernels leave some out
    const wrong = there.filter(({ errno, expected }) => !expected(errno));
    expect(wrong.map(({ what, path, errno }) => `${what}, "${path}": errno ${errno}`)).toEqual([]);
    expect(there.length).toBeGreaterThan(200);
  },
  60_000,
);
