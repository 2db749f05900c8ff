/**
 * Programs of the target that are started here. Each is brought into a private folder by its content, and started from
 * there under the path that it has in the target: the patched copy is made of it as of any other.
 *
 * `<cache>/programs/<sha256>/<its name>`, 0700; made beside and renamed, so that any number of runs may bring the same.
 */
import { createHash } from "node:crypto";
import { existsSync, linkSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, posix } from "node:path";
import { identityOf, modeOf, sizeOf } from "../hooks/stat.ts";
import type { RemotePlace } from "../session/remote-file.ts";
import type { Files } from "./files.ts";
import { limits } from "../wire/limits.ts";
import { error } from "./errors.ts";

/** A file of the target, here. */
export interface Fetched {
  readonly file: string;
  /** Where it is in the target, symbolic links resolved. */
  readonly path: string;
  /** As much of it as tells what it is. */
  readonly head: Uint8Array;
}

const S_IFMT = 0o170000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;
const X_OK = 1;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_EACCESS = 0x200;
const HEAD = 256;
/** Longest name of a folder's entry. */
const NAME_MAX = 255;
/** MAXSYMLINKS (include/linux/namei.h) */
const MOST_LINKS = 40;
/** struct statx: where stx_ctime and stx_mtime are. */
const TIMES = [96, 128] as const;

export class Programs {
  readonly #files: Files;
  readonly #folder: string;
  /** By what changes when the file does. */
  readonly #contents = new Map<string, { readonly hash: string; readonly head: Uint8Array }>();
  /** By the path in the target: what was started last from there. */
  readonly #started = new Map<string, Fetched>();

  /** @param cache the user's cache directory */
  constructor(files: Files, cache: string) {
    this.#files = files;
    this.#folder = join(cache, "programs");
  }

  /** What a program sees as its own path, if it is one of the target's. */
  startedFrom(path: string): Fetched | undefined {
    return this.#started.get(path);
  }

  /**
   * Brings what the program at `place` is, with the kernel's judgement on whether it may be executed.
   * @param path absolute
   * @returns −errno (execve(2)); ENOEXEC is not judged here
   */
  async fetch(place: RemotePlace, path: string, follow = true): Promise<Fetched | number> {
    const [statx, allowed, real] = await Promise.all([
      this.#files.stat(place, follow ? 0 : AT_SYMLINK_NOFOLLOW),
      this.#files.access(place, X_OK, AT_EACCESS),
      this.#realPath(path),
    ]);
    if (typeof statx === "number") return statx;
    const type = modeOf(statx) & S_IFMT;
    if (type === S_IFLNK) return error("ELOOP");
    if (type !== S_IFREG) return error("EACCES");
    if (allowed < 0) return allowed;
    const key = [identityOf(statx), sizeOf(statx), Buffer.from(statx.subarray(...TIMES)).toString("hex")].join(" ");
    const known = this.#contents.get(key) ?? (await this.#bring(place, key));
    if (typeof known === "number") return known;
    const fetched = { file: this.#named(known.hash, basename(real)), path: real, head: known.head };
    this.#started.set(real, fetched);
    return fetched;
  }

  async #bring(
    place: RemotePlace,
    key: string,
  ): Promise<{ readonly hash: string; readonly head: Uint8Array } | number> {
    const bytes = await this.#content(place);
    if (typeof bytes === "number") return bytes;
    const hash = createHash("sha256").update(bytes).digest("hex");
    const made = { hash, head: bytes.subarray(0, HEAD) };
    if (!existsSync(join(this.#folder, hash))) {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
      const making = mkdtempSync(join(this.#folder, "making-"));
      try {
        writeFileSync(join(making, CONTENT), bytes, { mode: 0o700 });
        renameSync(making, join(this.#folder, hash));
      } catch (failure) {
        if (!existsSync(join(this.#folder, hash))) throw failure; // else another run was faster
      } finally {
        rmSync(making, { recursive: true, force: true });
      }
    }
    this.#contents.set(key, made);
    return made;
  }

  /** The file under another name: the kernel shows the one that a program was started by (`comm`). */
  named({ file }: Fetched, name: string): string {
    return this.#named(basename(dirname(file)), name);
  }

  #named(hash: string, name: string): string {
    const folder = join(this.#folder, hash);
    const file = join(folder, name === CONTENT ? `_${name}` : name.slice(0, NAME_MAX));
    try {
      linkSync(join(folder, CONTENT), file);
    } catch (failure) {
      if (!existsSync(file)) throw failure;
    }
    return file;
  }

  async #content(place: RemotePlace): Promise<Uint8Array | number> {
    const opened = await this.#files.open(place, { flags: 0, contentLimit: limits.dataBytes, closeWhenComplete: true });
    if (typeof opened === "number") return opened;
    const { file, content, statx } = opened;
    if (file === undefined) return content ?? new Uint8Array(0);
    try {
      if (content !== undefined) return content;
      const size = sizeOf(statx);
      const offsets = Array.from(
        { length: Math.ceil(size / limits.dataBytes) },
        (_, index) => index * limits.dataBytes,
      );
      const parts = await Promise.all(offsets.map((at) => this.#files.read(file, BigInt(at), limits.dataBytes)));
      const whole: Uint8Array[] = [];
      for (const part of parts) {
        if (typeof part === "number") return part;
        whole.push(part);
      }
      return Buffer.concat(whole);
    } finally {
      await this.#files.close(file);
    }
  }

  /** All that lead to it are asked at once: a round trip, and one more for each symbolic link. */
  async #realPath(path: string): Promise<string> {
    let real = posix.normalize(path);
    for (let left = MOST_LINKS; left > 0; left--) {
      const names = real.split("/").slice(1);
      const above = names.map((_, index) => `/${names.slice(0, index + 1).join("/")}`);
      const targets = await Promise.all(above.map((each) => this.#files.readLink({ path: each })));
      const first = targets.findIndex((target) => typeof target !== "number");
      const target = targets[first];
      if (target === undefined || typeof target === "number") return real;
      real = posix.resolve(
        posix.dirname(above[first] ?? "/"),
        Buffer.from(target).toString(),
        ...names.slice(first + 1),
      );
    }
    return real;
  }
}

/** The name of what is in a folder by its hash. */
const CONTENT = "content";
