/**
 * Where a path leads: here or there. A path is judged by its name, made absolute and without `..`; whichever side it
 * belongs to then resolves it in full, symbolic links and all.
 */
import { posix } from "node:path";
import type { FileMode, FilePolicy } from "../config/policy.ts";
import type { CallPath } from "../hooks/call-paths.ts";
import type { AnyCall } from "../hooks/types.ts";
import type { RemotePlace } from "../session/remote-file.ts";
import type { Directories } from "./directories.ts";
import type { FileReport } from "./report.ts";
import { TargetFile } from "./target-file.ts";

export interface Located {
  readonly mode: FileMode;
  /** Absolute, as the program wrote it otherwise. */
  readonly path: string;
  /** For the agent. */
  readonly place: RemotePlace;
  /** The kernel would look for it in another place: beside a directory of the target. */
  readonly isMoved: boolean;
  /** It names an open file itself. */
  readonly file?: TargetFile;
}

export class Locator {
  readonly #policy: Pick<FilePolicy, "decide">;
  readonly #directories: Directories;
  readonly #report: FileReport | undefined;

  constructor(policy: Pick<FilePolicy, "decide">, directories: Directories, report?: FileReport) {
    this.#policy = policy;
    this.#directories = directories;
    this.#report = report;
  }

  /** @returns undefined where the kernel is to say what it is: there is no such directory, or the path is empty */
  locate(call: AnyCall, { path, dirfd, emptyPath }: CallPath): Located | undefined {
    if (path.startsWith("/")) return this.#judge(path, { path }, false);
    if (path === "") return emptyPath ? openFile(TargetFile.of(call.process, dirfd)) : undefined;
    const base = this.#directories.of(call.tid, dirfd);
    if (base === undefined || !base.path.startsWith("/")) return undefined;
    const whole = `${base.path === "/" ? "" : base.path}/${path}`;
    if (!base.isRemote) return this.#judge(whole, { path: whole }, false);
    const directory = dirfd < 0 ? undefined : TargetFile.of(call.process, dirfd);
    return this.#judge(
      whole,
      directory?.file === undefined ? { path: whole } : { directory: directory.file, path },
      true,
    );
  }

  /** Whether a path of its own is in the target. */
  isRemote(path: string): boolean {
    const { mode } = this.#policy.decide(normal(path));
    return mode === "remote" || mode === "remote-read";
  }

  #judge(path: string, place: RemotePlace, isMoved: boolean): Located {
    const name = normal(path);
    const decision = this.#policy.decide(name);
    this.#report?.add(name, decision);
    return { mode: decision.mode, path, place, isMoved };
  }
}

const openFile = (file: TargetFile | undefined): Located | undefined =>
  file && { mode: "remote", path: file.path, place: file.place, isMoved: false, file };

/** Without `.`, `..`, and slashes that say nothing. */
export function normal(path: string): string {
  const short = posix.normalize(path);
  return short.length > 1 && short.endsWith("/") ? short.slice(0, -1) : short;
}
