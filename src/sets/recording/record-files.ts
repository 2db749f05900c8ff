/** The calls that name files, while a run is recorded. */
import { constants } from "node:fs";
import { errnoNumber } from "../../linux/errno.ts";
import { openingFlags } from "../../hooks/open-with.ts";
import type { AnyCall, Outcome } from "../../hooks/types.ts";
import type { Tree } from "../../model/resolve.ts";
import { asSelf, folderOf, isLive, type NamedPlace, placesOf } from "./places.ts";
import { isOpening, mayChange } from "./changes.ts";
import { type Looker, WorldRecorder } from "./world-recorder.ts";
import { AtPath } from "./at-path.ts";
import type { RecordingWriter } from "./writer.ts";

/** Failures that the files themselves show: made again, they fail by themselves. */
const shown: ReadonlySet<number> = new Set(
  [
    "ENOENT",
    "ENOTDIR",
    "EEXIST",
    "EISDIR",
    "ENOTEMPTY",
    "ELOOP",
    "EINVAL",
    "ENAMETOOLONG",
    "EBADF",
    "EFAULT",
    "ERANGE",
  ].map((name) => errnoNumber(name) ?? 0),
);
const O_PATH = 0o10000000;
/** Calls after which a file's content is to be found under another name, or no more. */
const moving = /^(?:rename|link|truncate)/;

export class FileRecorder {
  readonly #writer: RecordingWriter;
  readonly #world: WorldRecorder;
  readonly #calls = new AtPath();

  constructor(writer: RecordingWriter, maxFileBytes: number) {
    this.#writer = writer;
    this.#world = new WorldRecorder(writer, maxFileBytes);
  }

  async serve(call: AnyCall): Promise<Outcome> {
    const looker: Looker = { pid: call.process.pid, tid: call.tid, program: call.process.program };
    const base = (dirfd: number): string | undefined => {
      const folder = folderOf(call.tid, dirfd);
      return folder === undefined ? undefined : asSelf(folder, looker.pid);
    };
    const places = placesOf(call, this.#world.treeOf(looker), base);
    for (const place of places) this.#look(call, place, looker);
    if (call.name.startsWith("execve")) return;
    const result = await call.proceed();
    if (result === null) return;
    for (const { path } of places) {
      if (path === undefined || isLive(path, looker.program)) continue;
      const nth = this.#calls.next(call.name, path);
      if (result < 0 && !shown.has(-result))
        this.#writer.write({ k: "failure", call: call.name, path, nth, errno: -result });
    }
    const [opened] = places;
    if (
      result >= 0 &&
      isOpening(call) &&
      opened?.path !== undefined &&
      (openingFlags(call) & (O_PATH | constants.O_WRONLY)) === 0
    )
      this.#world.opened(call, result, opened.path, looker);
    if (result >= 0)
      this.#world.changes.note(
        call,
        places.filter(({ path }) => !isLive(path ?? "/", looker.program)),
      );
  }

  /** The disk as a thread sees it; what is looked at in it is recorded. */
  treeOf(looker: Looker): Tree {
    return this.#world.treeOf(looker);
  }

  end(): void {
    this.#world.end();
  }

  #look(call: AnyCall, { path }: NamedPlace, looker: Looker): void {
    if (path === undefined) return;
    this.#world.name(path, looker);
    if (isOpening(call)) {
      const flags = openingFlags(call);
      if ((flags & O_PATH) !== 0) return;
      const isEmptied = (flags & constants.O_TRUNC) !== 0 && mayChange(call);
      if (!isEmptied) this.#world.keep(path, looker);
      this.#world.list(path, looker);
    } else if (moving.test(call.name)) this.#world.keep(path, looker);
  }
}
