/** The calls that name files, while a run is replayed: made on the files in the scratch folder. */
import { constants, readlinkSync } from "node:fs";
import type { AnyCall, Outcome } from "../../hooks/types.ts";
import { openingFlags } from "../../hooks/open-with.ts";
import { isNoFile } from "../real-path.ts";
import { AtPath } from "./at-path.ts";
import { Changes, isOpening, mayChange, mayCreate } from "./changes.ts";
import type { Recording } from "./contents.ts";
import { type Difference, nearest, withoutNumbers } from "./differences.ts";
import { asSelf, folderOf, fromOutside, isLive, type NamedPlace, placesOf } from "./places.ts";
import type { Scratch } from "./scratch.ts";
import { fillStat, statOf } from "./stat.ts";
import type { Looker } from "./world-recorder.ts";

/** What is asked for and was not recorded: not there, or this machine's. */
export type Unknown = "fail" | "real";

const O_PATH = 0o10000000;
const ERANGE = -34;

export class FileReplayer {
  readonly changes: Changes = new Changes();
  readonly #recording: Recording;
  readonly #scratch: Scratch;
  readonly #unknown: Unknown;
  readonly #tell: (difference: Difference) => void;
  readonly #calls = new AtPath();
  readonly #failures: ReadonlyMap<string, number>;
  /** Programs that were hooked. */
  readonly #programs: ReadonlySet<string>;

  constructor(recording: Recording, scratch: Scratch, unknown: Unknown, tell: (difference: Difference) => void) {
    this.#recording = recording;
    this.#scratch = scratch;
    this.#unknown = unknown;
    this.#tell = tell;
    this.#programs = new Set(recording.all("process").map(({ program }) => withoutNumbers(program)));
    this.#failures = new Map(
      recording.all("failure").map(({ call, path, nth, errno }) => [`${call} ${path} ${nth}`, errno]),
    );
  }

  async serve(call: AnyCall): Promise<Outcome> {
    if (call.name === "getcwd") return this.#getcwd(call);
    if (call.path === "" && (call.name === "newfstatat" || call.name === "statx")) return this.examine(call);
    const looker: Looker = { pid: call.process.pid, tid: call.tid, program: call.process.program };
    let isUnknown = false;
    const tree = this.#scratch.treeOf(looker, () => (isUnknown = true));
    const places = placesOf(call, tree, (dirfd) => this.#folder(call, dirfd));
    const changes: Record<string, string> = {};
    for (const place of places) {
      const { path, argument, slash } = place;
      if (path === undefined) {
        if (!isUnknown || !this.#isRealInstead(call, place.whole)) return -(place.errno ?? 0);
        changes[argument] = place.whole;
        continue;
      }
      if (isLive(path, looker.program)) {
        changes[argument] = fromOutside(path, looker.pid, looker.tid);
        continue;
      }
      const failure = this.#failures.get(`${call.name} ${path} ${this.#calls.next(call.name, path)}`);
      if (failure !== undefined) return -failure;
      changes[argument] = this.#realOf(call, place) + (slash ? "/" : "");
    }
    if (call.name.startsWith("execve")) return this.#exec(call, places, changes);
    const result = await (isInScope(call) || places.length === 0 ? call.proceed() : call.proceed(changes));
    if (result === null || result < 0) return result;
    this.changes.note(
      call,
      places.filter(({ path }) => path !== undefined && !isLive(path, looker.program)),
    );
    if (call.name.startsWith("readlink")) return this.#readlink(call, result);
    this.#tellStat(call, places[0]?.path);
    return result;
  }

  /** fstat, or another call about a descriptor's own file. */
  async examine(call: AnyCall): Promise<Outcome> {
    const result = await call.proceed();
    if (result === 0) this.#tellStat(call, this.#openPath(call.tid, call.fd ?? Number(call.args["dfd"])));
    return result;
  }

  /** Where a place is in the scratch folder, and what there is to say about it. */
  #realOf(call: AnyCall, { path = "/", argument }: NamedPlace): string {
    const isKnown = this.#scratch.name(path);
    const isOpened = isOpening(call) && (openingFlags(call) & O_PATH) === 0;
    if (isOpened) this.#scratch.list(path);
    const isEmptied = isOpened && mayChange(call) && (openingFlags(call) & constants.O_TRUNC) !== 0;
    const lack = isOpened && !isEmptied ? this.#scratch.lacks(path) : undefined;
    if (lack !== undefined)
      this.#tell({
        kind: "unreproducible",
        call: call.name,
        what: path,
        wanted: "its content",
        found: `zeros: ${lack}`,
      });
    if (isKnown || mayCreate(call, argument)) return this.#scratch.realOf(path);
    return this.#isRealInstead(call, path) ? path : this.#scratch.realOf(path);
  }

  /** Tells of a path that is not in the recording. @returns whether the real file is meant then */
  #isRealInstead(call: AnyCall, path: string): boolean {
    const isReal = this.#unknown === "real";
    this.#tell({
      kind: "unrecorded",
      call: call.name,
      what: path,
      nearest: nearest(path, this.#recording.versions.keys()),
      outcome: isReal ? "the real one" : "ENOENT",
    });
    return isReal;
  }

  /** Programs are this machine's, but those that the program has made. What was not hooked then is not started. */
  #exec(call: AnyCall, [place]: readonly NamedPlace[], changes: Record<string, string>): Outcome | Promise<Outcome> {
    const path = place?.path;
    if (path === undefined || place === undefined) return call.proceed(changes);
    const isThere = statOf(this.#scratch.realOf(path)) !== undefined;
    if (isThere && !this.#programs.has(withoutNumbers(path))) {
      const isReal = this.#unknown === "real";
      const outcome = isReal ? "it is started" : "EACCES";
      this.#tell({ kind: "unrecorded", call: call.name, what: `${path}, a program that was not hooked`, outcome });
      if (!isReal) return call.fail("EACCES");
    }
    return call.proceed(this.#scratch.isOwn(path) || !isThere ? changes : { ...changes, [place.argument]: path });
  }

  #tellStat(call: AnyCall, path: string | undefined): void {
    const stat = path === undefined ? undefined : this.#scratch.statOf(path);
    if (stat === undefined) return;
    if (call.is("stat") || call.is("lstat") || call.is("fstat") || call.is("newfstatat"))
      fillStat(call.args.statbuf, "stat", stat);
    else if (call.is("statx")) fillStat(call.args.buffer, "statx", stat);
  }

  /** What relative paths are relative to, as the program calls it. */
  #folder(call: AnyCall, dirfd: number): string | undefined {
    const folder = folderOf(call.tid, dirfd);
    return folder === undefined ? undefined : (this.#scratch.pathOf(folder) ?? asSelf(folder, call.process.pid));
  }

  #openPath(tid: number, fd: number): string | undefined {
    try {
      const text = readlinkSync(`/proc/${tid}/fd/${fd}`);
      return isNoFile(text) ? undefined : this.#scratch.pathOf(text);
    } catch {
      return undefined;
    }
  }

  /** getcwd(2): with the NUL. */
  async #getcwd(call: AnyCall): Promise<Outcome> {
    const folder = folderOf(call.tid, -100);
    const path = folder === undefined ? undefined : this.#scratch.pathOf(folder);
    if (path === undefined || call.buffer === undefined) return call.proceed();
    const bytes = Buffer.from(`${path}\0`);
    return bytes.length > call.buffer.length ? ERANGE : call.buffer.write(bytes);
  }

  /** Links in /proc tell where a file is: as the program calls it. */
  #readlink(call: AnyCall, length: number): Outcome {
    if (call.buffer === undefined) return length;
    const text = Buffer.from(call.buffer.read(length)).toString();
    const path = this.#scratch.pathOf(text);
    return path === undefined ? length : call.buffer.write(path);
  }
}

/** openat2 with RESOLVE_*, which an absolute path would not pass. */
function isInScope(call: AnyCall): boolean {
  if (!call.is("openat2")) return false;
  const how = call.args.how.read(24);
  return how.length === 24 && Buffer.from(how).readBigUInt64LE(16) !== 0n && !call.path.startsWith("/");
}
