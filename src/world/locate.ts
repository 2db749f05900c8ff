/**
 * Where a path leads: here or there. A path is judged by its name, made absolute and without `..`; whichever side it
 * belongs to then resolves it in full, symbolic links and all.
 */
import { lstatSync } from "node:fs";
import { posix } from "node:path";
import type { FileMode, FilePolicy } from "../config/policy.ts";
import type { CallPath } from "../hooks/call-paths.ts";
import type { AnyCall, CallingProcess } from "../hooks/types.ts";
import type { RemotePlace } from "../session/remote-file.ts";
import { AT_FDCWD } from "../process/paths.ts";
import type { Directories } from "./directories.ts";
import type { Fetched, Programs } from "./programs.ts";
import { error } from "./errors.ts";
import type { FileListener } from "./report.ts";
import { TargetFile } from "./target-file.ts";
import { TargetPipe } from "./target-pipe.ts";

export interface Located {
  readonly mode: FileMode;
  /** Absolute, as the program wrote it otherwise. */
  readonly path: string;
  /** For the agent. */
  readonly place: RemotePlace;
  /** The kernel would look for it in another place: beside a directory of the target. */
  readonly isMoved: boolean;
  /** It names an open file itself. */
  readonly file?: TargetFile | TargetPipe;
  /** It names the file that its program was started from. */
  readonly started?: Fetched;
}

export class Locator {
  readonly #policy: Pick<FilePolicy, "decide">;
  readonly #directories: Directories;
  readonly #programs: Pick<Programs, "startedFrom">;
  readonly #report: FileListener | undefined;

  constructor(
    policy: Pick<FilePolicy, "decide">,
    directories: Directories,
    programs: Pick<Programs, "startedFrom">,
    report?: FileListener,
  ) {
    this.#policy = policy;
    this.#programs = programs;
    this.#directories = directories;
    this.#report = report;
  }

  /** @returns undefined where the kernel is to say what it is: there is no such directory, or the path is empty */
  locate(call: AnyCall, named: CallPath): Located | undefined {
    const { path, bytes, dirfd, emptyPath } = named;
    if (path.startsWith("/"))
      return this.#throughLink(call, named) ?? this.#judge(path, { path: bytes ?? path }, false, call.tid);
    if (path === "") return emptyPath ? this.#itself(call, dirfd) : undefined;
    const opened = dirfd < 0 ? undefined : TargetFile.of(call.process, dirfd);
    if (opened?.isDirectory === false || TargetPipe.behind(call.process.descriptors.get(dirfd))) return undefined;
    const base = opened ? { path: opened.path, isRemote: true } : this.#directories.of(call.tid, dirfd);
    if (base === undefined || !base.path.startsWith("/")) return undefined;
    const above = `${base.path === "/" ? "" : base.path}/`;
    const whole = above + path;
    const place = { path: bytes === undefined ? whole : Buffer.concat([Buffer.from(above), bytes]) };
    if (!base.isRemote) return this.#judge(whole, place, false, call.tid);
    return this.#judge(
      whole,
      opened?.file === undefined ? place : { directory: opened.file, path: bytes ?? path },
      true,
      call.tid,
    );
  }

  /** What an empty path is: what the descriptor is open on, or the working directory. */
  #itself(call: AnyCall, dirfd: number): Located | undefined {
    if (dirfd !== AT_FDCWD) return openFile(call.process, dirfd);
    const here = this.#directories.of(call.tid, AT_FDCWD);
    return here?.isRemote === true ? { ...this.at(here.path), isMoved: true } : undefined;
  }

  /** Where an absolute path leads. */
  at(path: string): Located {
    return this.#judge(path, { path }, false, 0);
  }

  /** Links in /proc that lead to what the program has of the target (proc(5)). */
  #throughLink(call: AnyCall, { path, follow, isName }: CallPath): Located | undefined {
    const link = path.startsWith("/") ? linkIn(path, call) : undefined;
    if (link === undefined) return undefined;
    const { name, rest } = link;
    if (rest === "" && (!follow || isName)) return undefined; // the link itself is of here
    if (name === "exe") {
      const started = rest === "" ? this.#programs.startedFrom(call.process.program) : undefined;
      return started && { ...remote, path: started.path, place: { path: started.path }, started };
    }
    const dirfd = name === "cwd" ? AT_FDCWD : Number(name);
    if (rest === "") {
      const file = name === "cwd" ? undefined : openFile(call.process, dirfd);
      if (file !== undefined) return file;
    }
    const base = this.#directories.of(call.tid, dirfd);
    if (base?.isRemote !== true) return undefined;
    return this.at(rest === "" ? base.path : `${base.path === "/" ? "" : base.path}/${rest}`);
  }

  /** Whether a path of its own is in the target. */
  isRemote(path: string): boolean {
    const { mode } = this.#policy.decide(normal(path));
    return mode === "remote" || mode === "remote-read";
  }

  #judge(path: string, place: RemotePlace, isMoved: boolean, tid: number): Located {
    const name = normal(path);
    const decision = this.#policy.decide(name);
    this.#report?.add(name, decision, tid);
    return { mode: decision.mode, path, place, isMoved };
  }
}

function openFile(process: CallingProcess, fd: number): Located | undefined {
  const opened = process.descriptors.get(fd);
  const file = TargetFile.behind(opened) ?? TargetPipe.behind(opened);
  return (
    file && {
      ...remote,
      mode: file.isReadOnly ? "remote-read" : "remote",
      path: file instanceof TargetFile ? file.path : (opened?.path ?? ""),
      place: file.place,
      file,
    }
  );
}

/** The program's own links: /proc/self/fd/N and /dev/fd/N, cwd and exe; "" where nothing is behind. */
const ownLink =
  /^(?:\/proc\/(self|thread-self|\d+)(?:\/task\/\d+)?\/(?:fd\/(\d+)|(cwd|exe))|\/dev\/fd\/(\d+))(?:\/+(.*))?$/s;
const standard = ["/dev/stdin", "/dev/stdout", "/dev/stderr"];

function linkIn(path: string, { process, tid }: AnyCall): { readonly name: string; readonly rest: string } | undefined {
  const number = standard.indexOf(path);
  if (number >= 0) return { name: String(number), rest: "" };
  if (!path.startsWith("/proc/") && !path.startsWith("/dev/fd/")) return undefined;
  const [, who, fd, other, device, rest = ""] = ownLink.exec(path) ?? [];
  const isOwn = who === undefined || who.endsWith("self") || Number(who) === process.pid || Number(who) === tid;
  const name = fd ?? other ?? device;
  return name === undefined || !isOwn ? undefined : { name, rest };
}

const remote = { mode: "remote", isMoved: false } as const;

/** What the kernel says of a path that {@link Locator.locate} finds nowhere. */
export function whyNowhere({ tid }: AnyCall, { path, dirfd, emptyPath }: CallPath): number {
  if (path === "" && !emptyPath) return error("ENOENT");
  return isThere(`/proc/${tid}/${dirfd === AT_FDCWD ? "cwd" : `fd/${dirfd}`}`) ? error("ENOTDIR") : error("EBADF");
}

/** Without `.`, `..`, and slashes that say nothing. */
export function normal(path: string): string {
  const short = posix.normalize(path);
  return short.length > 1 && short.endsWith("/") ? short.slice(0, -1) : short;
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
