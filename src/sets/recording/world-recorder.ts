/**
 * What a run found on the disk, and what it left there. A path is looked at when the program names it or comes by
 * on the way to another, before its call is made: that it was so before the program did anything is what counts. Of
 * what the program itself has changed nothing more is noted until the end.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { BigIntStats } from "node:fs";
import { posix } from "node:path";
import type { AnyCall } from "../../hooks/types.ts";
import type { NodeKind, Tree } from "../../model/resolve.ts";
import { Changes } from "./changes.ts";
import { asSelf, fromOutside, isLive } from "./places.ts";
import { isMadeUp, MadeUpFile } from "./made-up.ts";
import { kindOf, recordedStat, statOf } from "./stat.ts";
import type { RecordingWriter } from "./writer.ts";

interface Known {
  /** Of the latest node. */
  after: number;
  stats: BigIntStats | undefined;
  /** How often the program has named it. */
  named: number;
  hasContent: boolean;
  names: string | undefined;
}

/** Who names a path. */
export interface Looker {
  readonly pid: number;
  readonly tid: number;
  readonly program: string;
}

const ENOENT = 2;

export class WorldRecorder {
  readonly changes: Changes = new Changes();
  readonly #writer: RecordingWriter;
  readonly #maxFileBytes: number;
  readonly #known = new Map<string, Known>();
  readonly #madeUp: MadeUpFile[] = [];

  constructor(writer: RecordingWriter, maxFileBytes: number) {
    this.#writer = writer;
    this.#maxFileBytes = maxFileBytes;
  }

  /** The disk, noting what is looked at. */
  treeOf(looker: Looker): Tree {
    const real = (path: string): string => fromOutside(path, looker.pid, looker.tid);
    return {
      kindOf: (path): NodeKind | number => {
        if (/^\/proc\/(?:thread-)?self$/.test(path)) return "directory"; // the same name in every run
        const stats = isLive(path, looker.program) ? statOf(real(path)) : this.#look(path, looker).stats;
        const kind = kindOf(this.changes.has(path) ? statOf(real(path)) : stats);
        if (kind === "absent") return ENOENT;
        return kind === "file" ? "other" : kind;
      },
      readLink: (path) => {
        try {
          return asSelf(readlinkSync(real(path)), looker.pid);
        } catch {
          return ENOENT;
        }
      },
    };
  }

  /** A call names this path. */
  name(path: string, looker: Looker): void {
    if (isLive(path, looker.program)) return;
    const known = this.#look(path, looker);
    const after = known.named++;
    if (after === 0 || this.changes.has(path) || isMadeUp(path)) return;
    const stats = statOf(path);
    if (isSame(known.stats, stats)) return;
    // Somebody else has changed it.
    Object.assign(known, { after, stats, hasContent: false, names: undefined });
    this.#node(path, known);
  }

  /** A call opens the file, or puts it elsewhere: its content as it is now, if it is not known. */
  keep(path: string, looker: Looker): void {
    if (isLive(path, looker.program) || this.changes.has(path)) return;
    const known = this.#look(path, looker);
    if (!isMadeUp(path) && !known.hasContent && known.stats?.isFile() === true) {
      known.hasContent = true;
      this.#content(path, known.after, this.#read(path));
    }
  }

  /** The call has opened a file for reading: if the kernel makes it up, its content is what will be read. */
  opened(call: AnyCall, fd: number, path: string, looker: Looker): void {
    if (!isMadeUp(path) || isLive(path, looker.program)) return;
    const known = this.#look(path, looker);
    if (known.stats?.isFile() !== true) return;
    const file = new MadeUpFile(path, Math.max(0, known.named - 1), ({ after, content }) => {
      if (after > 0) this.#node(path, { ...known, after });
      this.#content(path, after, content);
    });
    this.#madeUp.push(file);
    file.open(call, fd);
  }

  /** A call opens the directory. */
  list(path: string, looker: Looker): void {
    if (isLive(path, looker.program)) return;
    const known = this.#look(path, looker);
    let names: string[];
    try {
      names = readdirSync(fromOutside(path, looker.pid, looker.tid));
    } catch {
      return;
    }
    const inside = (name: string): string => posix.join(path, name);
    const theirs = names.filter((name) => !this.changes.has(inside(name)));
    for (const name of theirs) this.#look(inside(name), looker);
    const text = theirs.join("/");
    if (known.names === text) return;
    known.names = text;
    this.#writer.write({ k: "list", path, after: Math.max(0, known.named - 1), names: theirs });
  }

  /** What the run leaves. */
  end(): void {
    for (const file of this.#madeUp) file.end();
    for (const path of this.changes) {
      const stats = statOf(path);
      const kind = kindOf(stats);
      const content = kind === "file" ? this.#read(path) : undefined;
      this.#writer.write({
        k: "result",
        path,
        kind,
        mode: Number(stats?.mode ?? 0n) & 0o7777,
        target: kind === "symlink" ? readlinkSync(path) : undefined,
        blob: content instanceof Uint8Array ? this.#writer.blob(content) : null,
      });
    }
  }

  #look(path: string, looker: Looker): Known {
    const before = this.#known.get(path);
    if (before !== undefined) return before;
    const stats = statOf(fromOutside(path, looker.pid, looker.tid));
    const known = { after: 0, stats, named: 0, hasContent: false, names: undefined };
    this.#known.set(path, known);
    if (!this.changes.has(path)) this.#node(path, known, looker);
    return known;
  }

  #node(path: string, { after, stats }: Known, looker?: Looker): void {
    const kind = kindOf(stats);
    const stat = stats === undefined ? undefined : recordedStat(stats);
    const real = looker === undefined ? path : fromOutside(path, looker.pid, looker.tid);
    const target = kind === "symlink" ? linkText(real) : undefined;
    this.#writer.write({ k: "node", path, after, kind, stat, target });
  }

  /** @returns the content, or why it was not taken */
  #read(path: string): Uint8Array | string {
    const size = statOf(path)?.size ?? 0n;
    if (size > this.#maxFileBytes) return `it has ${size} bytes, more than ${this.#maxFileBytes}`;
    try {
      return readFileSync(path);
    } catch (error) {
      return String(error);
    }
  }

  #content(path: string, after: number, content: Uint8Array | string): void {
    if (typeof content === "string") this.#writer.write({ k: "content", path, after, blob: null, why: content });
    else this.#writer.write({ k: "content", path, after, blob: this.#writer.blob(content) });
  }
}

/** Directories change whenever something is made in them: what is in one is told by its listing. */
const isSame = (one: BigIntStats | undefined, other: BigIntStats | undefined): boolean =>
  one?.ino === other?.ino &&
  one?.dev === other?.dev &&
  kindOf(one) === kindOf(other) &&
  (one?.isDirectory() === true || (one?.size === other?.size && one?.mtimeNs === other?.mtimeNs));

function linkText(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
