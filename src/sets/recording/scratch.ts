/**
 * The recorded files, made again below a folder of ours as the program comes by: it works on real files, so that whatever
 * it does with them (mapping, locks, renaming, reading back what it wrote) is the kernel's, and nothing of the disk
 * is touched. What it has not changed is told as it was when it was recorded.
 */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { posix } from "node:path";
import type { Tree } from "../../model/resolve.ts";
import type { Recording, Version } from "./contents.ts";
import type { RecordedStat } from "./events.ts";
import { makeFolder } from "./own-folder.ts";
import { fromOutside, isLive } from "./places.ts";
import type { Looker } from "./world-recorder.ts";
import { kindOf, recordedStat, statOf } from "./stat.ts";

interface Made {
  readonly version: Version;
  /** Of what was made: another one tells that the program has changed it. */
  ctimeNs: bigint;
  /** And another one of these that it has put another in its place. */
  ino: bigint;
}

const ENOENT = 2;

export class Scratch implements Disposable {
  #folder: string | undefined;
  readonly #recording: Recording;
  readonly #made = new Map<string, Made>();
  readonly #named = new Map<string, number>();
  readonly #lists = new Map<string, { after: number; names: readonly string[] }[]>();

  constructor(recording: Recording) {
    this.#recording = recording;
    for (const list of recording.all("list")) {
      const lists = this.#lists.get(list.path) ?? [];
      this.#lists.set(list.path, lists);
      lists.push(list);
    }
  }

  /** In front of the program's paths they are paths here. Made when the program is there. */
  get folder(): string {
    if (this.#folder === undefined) {
      this.#folder = makeFolder("elsewhere-replay-");
      chmodSync(this.#folder, 0o755);
    }
    return this.#folder;
  }

  [Symbol.dispose](): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Where a file of the program's is here. */
  realOf(path: string): string {
    return path === "/" ? this.folder : this.folder + path;
  }

  /** What the program calls a path of ours; undefined for one that is not below the folder. */
  pathOf(real: string): string | undefined {
    if (real === this.folder) return "/";
    return real.startsWith(`${this.folder}/`) ? real.slice(this.folder.length) : undefined;
  }

  /** @param onUnknown told of a path that is not there, and of which the recording says nothing */
  treeOf({ pid, tid, program }: Looker, onUnknown: () => void = () => {}): Tree {
    return {
      kindOf: (path) => {
        if (/^\/proc\/(?:thread-)?self$/.test(path)) return "directory";
        const here = isLive(path, program) ? fromOutside(path, pid, tid) : this.#meet(path);
        const kind = kindOf(statOf(here));
        if (kind === "absent" && !isLive(path, program) && !this.isKnown(path)) onUnknown();
        if (kind === "absent") return ENOENT;
        return kind === "file" ? "other" : kind;
      },
      readLink: (path) => {
        try {
          return readlinkSync(this.realOf(path));
        } catch {
          return ENOENT;
        }
      },
    };
  }

  /**
   * A call names this path.
   * @returns whether the recording says what is there, or the program has made it
   */
  name(path: string): boolean {
    const named = this.#named.get(path) ?? 0;
    this.#named.set(path, named + 1);
    this.#meet(path);
    const versions = this.#recording.versions.get(path) ?? [];
    const version = versions.findLast(({ node }) => node.after <= named);
    const made = this.#made.get(path);
    if (version !== undefined && made !== undefined && made.version !== version && !this.#isChanged(path, made))
      this.#make(path, version);
    return this.isKnown(path);
  }

  /** A call opens the directory: whatever is listed in it shall be there. */
  list(path: string): void {
    const named = (this.#named.get(path) ?? 1) - 1;
    for (const { after, names } of this.#lists.get(path) ?? [])
      if (after <= named) for (const name of names) this.#meet(posix.join(path, name));
  }

  isKnown(path: string): boolean {
    if (path === "/" || this.#recording.versions.has(path) || statOf(this.realOf(path)) !== undefined) return true;
    const parent = posix.dirname(path);
    if (this.#lists.has(parent)) return true;
    // What is in a directory that the program has made is known: nothing but what it has made.
    const wasThere = (this.#recording.versions.get(parent)?.[0]?.node.kind ?? "absent") !== "absent";
    return !wasThere && parent !== "/" && statOf(this.realOf(parent)) !== undefined;
  }

  /** Why the content of this file is not to be had; undefined where it is. */
  lacks(path: string): string | undefined {
    const made = this.#made.get(path);
    if (made === undefined || made.version.node.kind !== "file" || this.#isChanged(path, made)) return undefined;
    if (made.version.content?.blob !== undefined && made.version.content.blob !== null) return undefined;
    return made.version.content?.why ?? "it was not read then";
  }

  /**
   * What stat told of the file; of one that the program has changed, what is to be told now: it is the same file still (SQLite
   * looks). Undefined where the program has made it.
   */
  statOf(path: string): RecordedStat | undefined {
    const made = this.#made.get(path);
    const stat = made?.version.node.stat;
    if (made === undefined || stat === undefined) return undefined;
    const real = statOf(this.realOf(path));
    if (real?.ctimeNs === made.ctimeNs) return stat;
    return real?.ino === made.ino ? { ...recordedStat(real), dev: stat.dev, ino: stat.ino } : undefined;
  }

  /** Whether the program has made or changed it. */
  isOwn(path: string): boolean {
    const made = this.#made.get(path);
    return made === undefined ? statOf(this.realOf(path)) !== undefined : this.#isChanged(path, made);
  }

  contentOf(path: string): Uint8Array {
    return readFileSync(this.realOf(path));
  }

  #isChanged(path: string, made: Made): boolean {
    return (statOf(this.realOf(path))?.ctimeNs ?? -1n) !== made.ctimeNs;
  }

  /** Sees to it that the path is as it was first met. */
  #meet(path: string): string {
    const [first] = this.#made.has(path) ? [] : (this.#recording.versions.get(path) ?? []);
    if (first !== undefined && path !== "/") this.#make(path, first);
    return this.realOf(path);
  }

  #make(path: string, version: Version): void {
    const here = this.realOf(path);
    const { kind, stat, target } = version.node;
    if (!this.#made.has(path) && statOf(here) !== undefined) return; // the program was here first
    const parent = posix.dirname(path);
    const made = { version, ctimeNs: -1n, ino: -1n };
    this.#made.set(path, made);
    if (!this.#isInPlace(parent, kind !== "absent")) return;
    const around = this.#made.get(parent);
    const isParentAsItWas = around !== undefined && !this.#isChanged(parent, around);
    rmSync(here, { recursive: true, force: true });
    const mode = (stat?.mode ?? 0) & 0o7777;
    if (kind === "directory") mkdirSync(here, { mode: mode | 0o700 });
    else if (kind === "symlink") symlinkSync(target ?? "", here);
    else if (kind !== "absent") {
      const content = this.#recording.blob(version.content?.blob ?? null);
      writeFileSync(here, content ?? "");
      if (content === undefined && kind === "file" && !/^\/(?:proc|sys)\//.test(path))
        truncateSync(here, Number(stat?.size ?? 0));
    }
    if (kind === "directory") chmodSync(here, mode | 0o700);
    else if (kind === "file" || kind === "other") chmodSync(here, mode);
    if (kind !== "absent") ({ ctimeNs: made.ctimeNs, ino: made.ino } = lstatSync(here, { bigint: true }));
    if (around !== undefined && isParentAsItWas) around.ctimeNs = statOf(this.realOf(parent))?.ctimeNs ?? -1n;
  }

  /** Whether the directory is there; made where the recording has it, or something in it that must be there. */
  #isInPlace(parent: string, needed: boolean): boolean {
    if (parent === "/") return true;
    const here = this.#meet(parent);
    const kind = kindOf(statOf(here));
    if (kind !== "absent") return kind === "directory";
    if (!needed || this.#recording.versions.get(parent)?.[0]?.node.kind === "directory") return false; // it was removed
    if (!this.#isInPlace(posix.dirname(parent), true)) return false;
    mkdirSync(here);
    return true;
  }

  /** Everything that is here. */
  *paths(folder: string = "/"): IterableIterator<string> {
    for (const name of readdirSync(this.realOf(folder))) {
      const path = posix.join(folder, name);
      yield path;
      if (kindOf(statOf(this.realOf(path))) === "directory") yield* this.paths(path);
    }
  }
}
