/**
 * Random trees of directories, files and links, and random paths into them: where the kernel
 * leads a real process (openat2 with O_PATH) and where the resolver leads on its behalf must be the same
 * place, or the same error.
 *
 * `ELSEWHERE_MODEL_RUNS` says how many trees, `ELSEWHERE_MODEL_SEED` which.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { array, assert, asyncProperty, constant, constantFrom, oneof, record, tuple } from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LocalTree } from "../../src/model/local-tree.ts";
import { type Place, resolvePath, type Resolution } from "../../src/model/resolve.ts";
import { goProgram } from "../engine/programs.ts";

const runs = Number(process.env["ELSEWHERE_MODEL_RUNS"] ?? 15);
const seed = Number(process.env["ELSEWHERE_MODEL_SEED"] ?? 20_261_123);

const folder = realpathSync(mkdtempSync(join(tmpdir(), "elsewhere-paths-")));
afterAll(() => rmSync(folder, { recursive: true }));
let walker: string;
beforeAll(async () => {
  walker = await goProgram(join(import.meta.dirname, "walker"));
});

const AT_FDCWD = -100;
const O_NOFOLLOW = 0x20000;
const O_DIRECTORY = 0x10000;

interface Query {
  readonly Dirfd: number;
  readonly Path: string;
  readonly Flags: number;
  readonly Resolve: number;
}

const name = constantFrom("a", "b", "c", "d", "e", "f");
/** What stands between slashes of a path. */
const step = oneof(
  { weight: 8, arbitrary: name },
  constantFrom("..", "..", ".", "", "missing", "n".repeat(255), "n".repeat(256)),
);
const relative = array(step, { minLength: 1, maxLength: 6 }).map((steps) => steps.join("/"));
const start = oneof(
  { weight: 6, arbitrary: constant("") },
  constantFrom("/", `${folder}/tree/`, "//", "../", "/proc/self/cwd/", "/proc/thread-self/cwd/", "/proc/self/fd/20/"),
  constantFrom("/proc/self/fd/21", "/dev/fd/20/", "/proc/self/root/", "/proc/self/", "/etc/", "/dev/"),
);
const path = oneof(
  {
    weight: 20,
    arbitrary: tuple(start, relative, constantFrom("", "", "", "/", "//", "/.")).map((parts) => parts.join("")),
  },
  constantFrom(
    "",
    "/",
    ".",
    "..",
    "/proc/self",
    "/proc/self/exe",
    "/proc/thread-self",
    "/dev/stdin",
    "/proc/self/ns/mnt",
  ),
  constantFrom("a".repeat(4095), "a".repeat(4096), `${"./".repeat(2047)}a`, `${"./".repeat(2048)}a`),
);
const resolve = oneof(
  { weight: 4, arbitrary: constant(0) },
  constantFrom(0x01, 0x02, 0x04, 0x08, 0x10, 0x18, 0x09, 0x12, 0x14, 0x0c),
);
const query = record<Query>({
  Dirfd: constantFrom(AT_FDCWD, AT_FDCWD, 20, 21, 99),
  Path: path,
  Flags: constantFrom(0, 0, O_NOFOLLOW, O_DIRECTORY, O_NOFOLLOW | O_DIRECTORY),
  Resolve: resolve,
});
const entry = record({
  where: array(name, { minLength: 1, maxLength: 3 }).map((steps) => steps.join("/")),
  what: oneof({ weight: 3, arbitrary: constant(undefined) }, constant(""), {
    weight: 5,
    arbitrary: tuple(start, relative, constantFrom("", "", "/")).map((parts) => parts.join("")),
  }),
});

/** Directories (no `what`), empty files (""), links. A name that is taken stays what it is. */
function makeTree(
  root: string,
  entries: readonly { readonly where: string; readonly what: string | undefined }[],
): void {
  mkdirSync(join(root, "d"), { recursive: true });
  writeFileSync(join(root, "f"), "");
  for (const { where, what } of entries) {
    const at = join(root, where);
    try {
      mkdirSync(dirname(at), { recursive: true });
      if (what === undefined) mkdirSync(at);
      else if (what === "") writeFileSync(at, "", { flag: "wx" });
      else symlinkSync(what, at);
    } catch {
      // a file or a dangling link is in the way
    }
  }
  // A chain of links, longer than the kernel follows.
  for (let link = 0; link < 42; link++) symlinkSync(link === 0 ? "d" : `chain${link - 1}`, join(root, `chain${link}`));
}

interface Answer {
  readonly path?: string;
  readonly errno?: number;
}

/** What the kernel says, and the process that waits, for our answers. */
async function ask(
  root: string,
  queries: readonly Query[],
  isRoot: boolean,
): Promise<{ child: ChildProcess; answers: Answer[] }> {
  const file = join(folder, "queries.json");
  writeFileSync(file, JSON.stringify(queries));
  const child = spawn(walker, [root, file, ...(isRoot ? ["chroot"] : [])], { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  return { child, answers: JSON.parse(line) as Answer[] };
}

function answerFor(pid: number, root: string, { Dirfd, Path, Flags, Resolve }: Query): Answer {
  const tree = new LocalTree({ pid, tid: pid, programOf: () => undefined });
  const bases: Readonly<Record<number, Place>> = {
    [AT_FDCWD]: { path: root, kind: "directory" },
    20: { path: join(root, "d"), kind: "directory" },
    21: { path: join(root, "f"), kind: "other" },
  };
  const base = bases[Dirfd];
  const options = {
    follow: (Flags & O_NOFOLLOW) === 0,
    directory: (Flags & O_DIRECTORY) !== 0,
    resolve: Resolve,
  };
  if (base === undefined) return answerWithout(tree, Path, options);
  return asAnswer(resolvePath(tree, base, Path, options));
}

/** With a bad descriptor only an absolute path leads anywhere. */
function answerWithout(tree: LocalTree, path: string, options: Parameters<typeof resolvePath>[3]): Answer {
  const top: Place = { path: "/", kind: "directory" };
  const early = resolvePath({ ...noTree }, top, path, options);
  if (early.errno === 22 || early.errno === 36 || path === "") return asAnswer(early);
  if (!path.startsWith("/") || (options.resolve ?? 0) & 0x10) return { errno: 9 };
  return asAnswer(resolvePath(tree, top, path, options));
}
const noTree = { kindOf: (): number => 2, readLink: (): number => 2 };

const asAnswer = (resolution: Resolution): Answer =>
  resolution.errno === undefined ? { path: resolution.path } : { errno: resolution.errno };

const mayChroot = process.getuid?.() === 0;

test.each([[false], [true]])(
  `${runs} trees, 150 paths each, below a root of its own: %s`,
  async (isRoot) => {
    if (isRoot && !mayChroot) return;
    let found = 0;
    await assert(
      asyncProperty(
        array(entry, { minLength: 10, maxLength: 40 }),
        array(query, { minLength: 150, maxLength: 150 }),
        async (entries, queries) => {
          const root = join(folder, "tree");
          rmSync(root, { recursive: true, force: true });
          makeTree(root, entries);
          const chains = [38, 39, 40, 41].map((link) => ({
            Dirfd: AT_FDCWD,
            Path: `chain${link}`,
            Flags: 0,
            Resolve: 0,
          }));
          const all = [...chains, ...queries];
          const { child, answers } = await ask(root, all, isRoot);
          const pid = child.pid ?? 0;
          const wrong = all.flatMap((each, index) => {
            const ours = answerFor(pid, isRoot ? "/" : root, each);
            const kernel = answers[index] ?? {};
            if (kernel.errno === undefined) found++;
            return ours.path === kernel.path && ours.errno === kernel.errno ? [] : [{ query: each, kernel, ours }];
          });
          child.stdin?.end();
          await once(child, "exit");
          expect(wrong).toEqual([]);
        },
      ),
      { numRuns: runs, seed, endOnFailure: true },
    );
    expect(found).toBeGreaterThan(runs * 4);
  },
  60_000 + runs * 2_000,
);
