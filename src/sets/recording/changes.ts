/** The paths that a run has changed, told by its calls; the same rules when it is recorded and when it is replayed. */
import { constants } from "node:fs";
import { openingFlags } from "../../hooks/open-with.ts";
import type { AnyCall } from "../../hooks/types.ts";
import type { NamedPlace } from "./places.ts";

const opening: ReadonlySet<string> = new Set(["open", "openat", "openat2", "creat"]);
const making = /^(?:mkdir|mknod|symlink|unlink|rename|link|chmod|fchmodat|truncate|rmdir)/;
const CHANGES = constants.O_WRONLY | constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC;

export const isOpening = (call: AnyCall): boolean => opening.has(call.name);

/** Whether the call changes what it names, where it succeeds. */
export const mayChange = (call: AnyCall): boolean =>
  isOpening(call) ? (openingFlags(call) & CHANGES) !== 0 : making.test(call.name);

/** Whether it makes names that were not there before. */
export const mayCreate = (call: AnyCall, argument: string): boolean => {
  if (isOpening(call)) return (openingFlags(call) & constants.O_CREAT) !== 0;
  return /^(?:mkdir|mknod|symlink)/.test(call.name) || argument === "newname";
};

export class Changes implements Iterable<string> {
  readonly #paths = new Set<string>();

  has(path: string): boolean {
    return this.#paths.has(path);
  }

  [Symbol.iterator](): IterableIterator<string> {
    return this.#paths.values();
  }

  /** The call has succeeded. */
  note(call: AnyCall, places: readonly NamedPlace[]): void {
    if (!mayChange(call)) return;
    const isLink = call.name.startsWith("link");
    for (const { argument, path } of places)
      if (path !== undefined && !(isLink && argument === "oldname")) this.#paths.add(path);
    const [from, to] = ["oldname", "newname"].map((name) => places.find(({ argument }) => argument === name)?.path);
    if (isLink || from === undefined || to === undefined) return;
    // What was changed in a directory is somewhere else now.
    for (const path of this.#paths) if (path.startsWith(`${from}/`)) this.#paths.add(to + path.slice(from.length));
  }
}
