/**
 * The world that a program is in: hooks by which its calls about files and names happen in a target. What a path means
 * is decided by its name (locate.ts); then it is the kernel's business here, or the agent's there.
 */
import { posix } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { callPaths, type CallPath, socketPath } from "../hooks/call-paths.ts";
import { defineHooks, type HookSet, onMarked } from "../hooks/define.ts";
import { AT_FDCWD } from "../process/paths.ts";
import type { AnyCall, HookCall, Outcome } from "../hooks/types.ts";
import type { FilePolicy } from "../config/policy.ts";
import { isStarting } from "../hooks/starting.ts";
import { cacheDirectory } from "../patch/location.ts";
import type { RemoteFiles } from "../session/remote-files.ts";
import type { Identity } from "../wire/generated/elsewhere/v1/agent_pb.ts";
import { descriptorCalls } from "./descriptor-calls.ts";
import { Directories } from "./directories.ts";
import { error } from "./errors.ts";
import type { Files } from "./files.ts";
import { type Located, Locator, normal, whyNowhere } from "./locate.ts";
import { RecordLocks } from "./locks.ts";
import { type Fetched, Programs } from "./programs.ts";
import { start, startScript } from "./starting.ts";
import { identity, type SeenUser } from "./identity.ts";
import { names } from "./names.ts";
import { NearFiles } from "./near-files.ts";
import { isOpening, Opener } from "./opening.ts";
import { answerPath } from "./path-calls.ts";
import { SharedMemories } from "./shared-memories.ts";
import type { RemotePlace } from "../session/remote-file.ts";
import { TargetFile } from "./target-file.ts";
import { wholeLink } from "../hooks/opened-paths.ts";
import { refused } from "./refusals.ts";
import type { FileListener } from "./report.ts";
import { pipeCalls } from "./pipe-calls.ts";
import type { TargetPipe } from "./target-pipe.ts";
import { AllUnwritten } from "./unwritten.ts";
import { transferCalls } from "./transfers.ts";
import { addWatch, watchCalls } from "./watch-calls.ts";

export interface WorldOptions {
  readonly files: RemoteFiles;
  readonly policy: Pick<FilePolicy, "decide">;
  /** The machine that it is told to be on; this one where it is not given. */
  readonly machine?: Identity | undefined;
  /** Who it is told to be; itself where it is not given. */
  readonly user?: SeenUser | undefined;
  /** Hears where the files are that it names. */
  readonly report?: FileListener | undefined;
  /** How old may be what it is told of files, milliseconds; 0: the target is asked every time. @default 1000 */
  readonly freshMs?: number | undefined;
  /** Where programs of the target are kept that are started here; the user's cache where it is not given. */
  readonly cache?: string | undefined;
}

export class World {
  readonly #files: Files;
  readonly #directories = new Directories();
  readonly #unwritten = new AllUnwritten();
  readonly #locks = new RecordLocks();
  readonly #programs: Programs;
  readonly #shared = new SharedMemories();
  readonly #pipes = new Set<TargetPipe>();
  readonly #locator: Locator;
  readonly #opener: Opener;
  readonly #options: WorldOptions;

  constructor(options: WorldOptions) {
    const { policy, report } = options;
    const files = new NearFiles(options.files, this.#unwritten, options.freshMs);
    this.#files = files;
    this.#options = options;
    this.#programs = new Programs(files, options.cache ?? cacheDirectory());
    this.#locator = new Locator(policy, this.#directories, this.#programs, report);
    this.#opener = new Opener({
      files,
      directories: this.#directories,
      unwritten: this.#unwritten,
      locks: this.#locks,
      pipes: this.#pipes,
      shared: this.#shared,
    });
  }

  /** Behind the user's own hooks. */
  get hooks(): readonly HookSet[] {
    const { machine, user } = this.#options;
    return [
      defineHooks({ file: (call) => this.#serve(call) }),
      defineHooks(descriptorCalls(this.#locks, this.#shared)),
      defineHooks({ fchdir: onMarked((call) => this.#changeToOpen(call)) }),
      defineHooks(this.#shared.hooks),
      defineHooks(pipeCalls),
      defineHooks({
        sync: async () => {
          await this.#shared.flush();
          await this.#unwritten.flush();
        },
        bind: (call) => this.#socket(call),
        connect: (call) => this.#socket(call),
      }),
      defineHooks(transferCalls),
      defineHooks(watchCalls(this.#files)),
      ...(machine === undefined ? [] : [defineHooks(names(machine))]),
      ...(user === undefined ? [] : [defineHooks(identity(user))]),
    ];
  }

  /** What a program that is to start in a directory of the target starts in. @returns undefined where it is of here */
  startingDirectory(path: string): string | undefined {
    return this.#locator.isRemote(path) ? this.#directories.at(normal(path)).link : undefined;
  }

  /** A thread's working directory, here or in the target; undefined where it has none. */
  directoryOf(tid: number): string | undefined {
    return this.#directories.of(tid, AT_FDCWD)?.path;
  }

  /** Brings a program of the target, to be launched with `seenAs` its path there. @returns −errno where it cannot be */
  fetchProgram(path: string): Promise<Fetched | number> {
    return this.#programs.fetch({ path }, path);
  }

  /** Has arrived what programs have written. */
  async flush(): Promise<void> {
    const drained = Promise.all([...this.#pipes].map((pipe) => pipe.drained()));
    await Promise.race([drained, delay(DRAIN_MS, undefined, { ref: false })]);
    await this.#shared.flush();
    await this.#unwritten.flush();
  }

  #serve(call: AnyCall): Outcome | Promise<Outcome> {
    if (call.is("getcwd")) return this.#workingDirectory(call);
    const paths = callPaths(call);
    const located = paths.map((path) => this.#locator.locate(call, path));
    if (located.every((each) => each === undefined || (each.mode === "local" && !each.isMoved)))
      return this.#atHome(call, located[0]);
    return this.#answer(call, paths, located);
  }

  /** What there is to do of a call that is the kernel's. */
  #atHome(call: AnyCall, located: Located | undefined): Outcome | Promise<Outcome> {
    if (call.is("readlink") || call.is("readlinkat")) return this.#linkOfOurs(call);
    if (call.is("inotify_add_watch")) return addWatch(call, located);
    return isStarting(call) && located !== undefined ? startScript(call, located.path, this.#starters) : undefined;
  }

  get #starters(): { readonly programs: Programs; readonly locator: Locator } {
    return { programs: this.#programs, locator: this.#locator };
  }

  #answer(
    call: AnyCall,
    paths: readonly CallPath[],
    located: readonly (Located | undefined)[],
  ): Outcome | Promise<Outcome> {
    if (located.some((each) => each?.mode === "absent")) return error("ENOENT");
    if (located.every((each) => each === undefined || each.mode === "local")) {
      // The kernel does not know the directory that the path begins at.
      const changes = paths.flatMap(({ argument }, index) =>
        located[index]?.isMoved === true ? [[argument, located[index].path] as const] : [],
      );
      return call.proceed(Object.fromEntries(changes));
    }
    const early = refused(call);
    if (early !== undefined) return early;
    const [path, second] = paths;
    const [to, other] = located;
    if (path === undefined) return undefined;
    if (to === undefined) return whyNowhere(call, path);
    if (second !== undefined && other === undefined) return this.#toNowhere(call, path, to, second);
    if (second !== undefined && other !== undefined && (to.mode === "local" || other.mode === "local"))
      return this.#apart(call, [path, to], [second, other]);
    if (to.mode === "local") return error("EXDEV");
    return this.#there(call, path, to, other);
  }

  /** The first of two paths is looked up first: a link's file, the directory of what is renamed. */
  async #toNowhere(call: AnyCall, path: CallPath, located: Located, second: CallPath): Promise<Outcome> {
    const failed = await this.#lookUp(call, path, located, call.is("linkat") || call.is("link"));
    return failed < 0 ? failed : whyNowhere(call, second);
  }

  /** Of two paths one is here and the other is there: EXDEV, if both lead to anything (fs/namei.c, do_linkat, do_renameat2). */
  async #apart(
    call: AnyCall,
    first: readonly [CallPath, Located],
    second: readonly [CallPath, Located],
  ): Promise<Outcome> {
    const isLink = call.is("linkat") || call.is("link");
    const failed = (await this.#lookUp(call, ...first, isLink)) || (await this.#lookUp(call, ...second, false));
    if (failed < 0) return failed;
    return isLink && (await this.#lookUp(call, ...second, true)) === 0 ? error("EEXIST") : error("EXDEV");
  }

  /** @param whole whether the file itself is wanted, or the directory that it is in @returns 0 or −errno */
  async #lookUp(
    call: AnyCall,
    { follow, path: written }: CallPath,
    { mode, place, path }: Located,
    whole: boolean,
  ): Promise<number> {
    const flags = follow || !whole ? 0 : AT_SYMLINK_NOFOLLOW;
    const above = `${posix.dirname(path)}/.`;
    if (mode !== "local") {
      const found = await this.#files.stat(whole ? place : { path: above }, flags);
      return typeof found === "number" ? found : 0;
    }
    if (written === "") return 0; // a descriptor, which is open
    const statbuf = call.lend(STAT);
    const filename = whole ? path : above;
    return (await call.run("newfstatat", { dfd: AT_FDCWD, filename, statbuf, flag: flags })) ?? 0;
  }

  #there(call: AnyCall, path: CallPath, to: Located, other: Located | undefined): Outcome | Promise<Outcome> {
    if (isOpening(call)) return this.#opener.open(call, to, path);
    if (call.is("inotify_add_watch")) return addWatch(call, to);
    if (isStarting(call)) return start(call, to, path.follow, this.#starters);
    if (call.is("chdir")) return this.#changeDirectory(call, to.place);
    return answerPath({ call, files: this.#files, path, to, other });
  }

  /** The thread works in the nameless directory that stands for the target's. */
  async #changeDirectory(call: Pick<AnyCall, "run">, place: RemotePlace): Promise<Outcome> {
    const opened = await this.#files.open(place, { flags: O_PATH | O_DIRECTORY });
    if (typeof opened === "number") return opened;
    if (opened.file !== undefined) await this.#files.close(opened.file);
    const path = Buffer.from(opened.path ?? []).toString();
    const allowed = await this.#files.access(place, X_OK);
    return allowed < 0 ? allowed : call.run("chdir", { filename: this.#directories.at(path).link });
  }

  /** A directory that was renamed since it was opened is where it is now. */
  #changeToOpen(call: HookCall<"fchdir">): Outcome | Promise<Outcome> {
    const directory = TargetFile.of(call.process, call.fd);
    return directory?.isDirectory === true ? this.#changeDirectory(call, directory.place) : undefined;
  }

  /** getcwd(2): with the NUL. */
  #workingDirectory(call: HookCall<"getcwd">): Outcome {
    const directory = this.#directories.of(call.tid, AT_FDCWD);
    if (directory?.isRemote !== true) return undefined;
    const bytes = Buffer.from(`${directory.path}\0`);
    return bytes.length > call.buffer.length ? error("ERANGE") : call.buffer.write(bytes);
  }

  /** A Unix socket's file in the target: nobody here can be asked to answer for it. */
  #socket(call: HookCall<"bind"> | HookCall<"connect">): Outcome | Promise<Outcome> {
    const path = socketPath(call as unknown as AnyCall);
    const located = path && this.#locator.locate(call as unknown as AnyCall, path);
    // What is no socket the kernel says better.
    if (located === undefined || call.process.descriptors.get(call.fd)?.kind !== "socket") return undefined;
    if (located.mode === "local")
      return located.isMoved ? call.proceed({ address: { path: located.path } }) : undefined;
    if (located.mode === "absent") return error("ENOENT");
    if (call.name === "bind") return error("EOPNOTSUPP");
    return this.#files.access(located.place, W_OK).then((allowed) => (allowed < 0 ? allowed : error("EOPNOTSUPP")));
  }

  /** A link in /proc that leads to a nameless directory of ours. */
  async #linkOfOurs(call: HookCall<"readlink"> | HookCall<"readlinkat">): Promise<Outcome> {
    if (!call.path.startsWith("/proc/")) return undefined;
    const length = await call.proceed();
    if (length === null || length <= 0) return undefined;
    const text = length < call.buffer.length ? call.buffer.read(length) : await wholeLink(call);
    const path = this.#directories.pathOf(Buffer.from(text).toString());
    return path === undefined ? undefined : call.buffer.write(path);
  }
}

/** How long what is left in named pipes may take to be read there, milliseconds. */
const DRAIN_MS = 2000;
const AT_SYMLINK_NOFOLLOW = 0x100;
/** Bytes: room for struct stat. */
const STAT = 256;
const X_OK = 1;
const W_OK = 2;
/** Linux's values on x86-64, as the agent takes them. */
const O_PATH = 0o10000000;
const O_DIRECTORY = 0o200000;
