/**
 * What the target has said of names lately: that they are none, or what lstat and stat say of them. Where a whole
 * directory has been listed, a name that it lacks is none. How long that counts is decided elsewhere (changes.ts).
 *
 * Keys of paths are absolute, without `.`, `..` and a slash at the end, their bytes as Latin-1 text.
 */
import { posix } from "node:path";
import { identityOf, modeOf } from "../hooks/stat.ts";
import type { DirectoryEntry } from "../wire/generated/elsewhere/v1/files_pb.ts";
import type { Asked, Changes } from "./changes.ts";
import type { RemotePlace } from "./files.ts";

/** What is known of a name: struct statx, or that there is none. */
export type Known = Uint8Array | "absent";

/** A directory as it was listed, whole. */
export interface Listing {
  readonly path: string;
  /** "DEVICE:INODE" */
  readonly identity: string;
  readonly asked: Asked;
  /** What lstat says, by name; undefined where the target did not say. */
  readonly entries: ReadonlyMap<string, Uint8Array | undefined>;
}

interface Single {
  readonly asked: Asked;
  readonly known: Known;
}

const S_IFMT = 0o170000;
const S_IFLNK = 0o120000;
/** Directories and single names that are remembered; beyond, those that were asked first go. */
const MOST = 4096;

export class AttributeCache {
  readonly #changes: Changes;
  readonly #listings = new Map<string, Listing>();
  readonly #singles = new Map<string, Single>();

  constructor(changes: Changes) {
    this.#changes = changes;
  }

  /** @returns what is remembered from now on */
  listed(path: string, statx: Uint8Array, asked: Asked, entries: readonly DirectoryEntry[]): Listing {
    const byName = new Map(entries.map(({ name, statx }) => [keyOf(name), statx]));
    const listing = { path, identity: identityOf(statx), asked, entries: byName };
    remember(this.#listings, path, listing);
    return listing;
  }

  /** @param follow whether it was asked of what a symbolic link leads to */
  told(path: string, follow: boolean, known: Known, asked: Asked): void {
    remember(this.#singles, singleKey(path, follow), { asked, known });
  }

  /** A directory whose listing counts. */
  listing(path: string): Listing | undefined {
    const found = this.#listings.get(path);
    if (found === undefined || this.#changes.isFresh(found.asked)) return found;
    this.#listings.delete(path);
    return undefined;
  }

  /** Undefined where the target has to be asked. */
  find(path: string, follow: boolean): Known | undefined {
    return this.#inListing(path, follow) ?? this.#single(path, follow);
  }

  #inListing(path: string, follow: boolean): Known | undefined {
    const slash = path.lastIndexOf("/");
    const listing = this.listing(path.slice(0, slash) || "/");
    if (listing === undefined) return undefined;
    const name = path.slice(slash + 1);
    const statx = listing.entries.get(name);
    if (statx === undefined) {
      const isMissing = name !== "" && !listing.entries.has(name);
      return isMissing && this.#changes.isStillMissing(listing.asked, name) ? "absent" : undefined;
    }
    if (follow && (modeOf(statx) & S_IFMT) === S_IFLNK) return undefined;
    return this.#changes.isFreshOf(listing.asked, statx) ? statx : undefined;
  }

  #single(path: string, follow: boolean): Known | undefined {
    const key = singleKey(path, follow);
    const found = this.#singles.get(key);
    if (found === undefined) return undefined;
    const { known, asked } = found;
    if (known === "absent" ? this.#changes.isStillAbsent(asked) : this.#changes.isFreshOf(asked, known)) return known;
    this.#singles.delete(key);
    return undefined;
  }
}

/** Bytes, or text that means its UTF-8, as keys have it. */
export const keyOf = (name: Uint8Array | string): string => Buffer.from(name as string).toString("latin1");

const singleKey = (path: string, follow: boolean): string => (follow ? path : `${path}\0`);

function remember<T>(all: Map<string, T>, key: string, value: T): void {
  all.delete(key);
  all.set(key, value);
  if (all.size <= MOST) return;
  const [first] = all.keys();
  if (first !== undefined) all.delete(first);
}

/**
 * Under what key a place is remembered; undefined where nothing is: its path is not of one kind, or leads back.
 * @param isDirectory a slash behind its name says nothing more
 */
export function pathKey({ directory, path }: RemotePlace, isDirectory = false): string | undefined {
  if (directory !== undefined || path.length === 0) return undefined;
  const key = isDirectory ? keyOf(path).replace(/(?<=.)\/+$/, "") : keyOf(path);
  if (!key.startsWith("/") || (key.endsWith("/") && key !== "/") || /\/\.\.?(\/|$)/.test(key)) return undefined;
  return key.includes("//") ? posix.normalize(key) : key;
}
