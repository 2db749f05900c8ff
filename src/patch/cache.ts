/**
 * The cache of patched copies, shared by all runs of a user.
 *
 * ```
 *  $ELSEWHERE_CACHE_DIR, $XDG_CACHE_HOME/elsewhere or ~/.cache/elsewhere     0700
 *    <engine>/copies/<sha256 of the original>/<its name>      the patched copy, 0700
 *                                             plan.json       what was hooked, and where it begins
 *    <engine>/files/<identity of a file>                      its sha256: spares reading it
 *    <engine>/making-…                                        being made by some run
 * ```
 *
 * A copy is made in a folder of its own and renamed to its place when it is complete
 * and verified, so any number of runs may make the same one: the first rename wins, the others
 * find it there. A copy keeps its program's name, for the kernel shows that name
 * (`comm`). Entries unused for a month go when a new one is made.
 */
import { createHash } from "node:crypto";
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { ElsewhereError } from "../errors.ts";
import { type Piece, piecesOf, verifyCopy } from "./apply.ts";
import { engineVersion } from "./engine.ts";
import { cacheDirectory } from "./location.ts";
import type { PatchPlan } from "./plan.ts";

export interface HookedSite {
  readonly function: string;
  /** Address as linked, hexadecimal: JSON has no 64-bit integers. */
  readonly address: string;
}

/** What is kept beside a copy, in plan.json. */
interface KeptPlan {
  /** The original's entry point, as linked, hexadecimal. */
  readonly entry: string;
  readonly sites: readonly HookedSite[];
}

export interface PatchedCopy {
  readonly path: string;
  readonly sites: readonly HookedSite[];
}

const PLAN = "plan.json";

/** @throws where there is none */
const readPlan = (folder: string): KeptPlan => JSON.parse(readFileSync(join(folder, PLAN), "utf8")) as KeptPlan;

/**
 * The entry point of the program that a copy was made of, as linked.
 * @throws where `copy` is none
 */
export const originalEntry = (copy: string): bigint => BigInt(readPlan(dirname(copy)).entry);

const UNUSED_DAYS = 30;
const DAY_MS = 24 * 60 * 60 * 1000;

export class CopyCache {
  readonly root: string;
  readonly #engine: string;

  constructor(root: string = cacheDirectory()) {
    this.root = root;
    this.#engine = join(root, engineVersion());
  }

  /**
   * The copy of the program at `path`, made when there is none.
   * @param name what the program was started as, without folders: the kernel shows it (`comm`)
   * @param plan makes the plan from the file's bytes; called only when a copy must be made
   * @throws ElsewhereError `cache-unusable`, and what `plan` throws
   */
  async copyOf(path: string, name: string, plan: (bytes: Uint8Array) => Promise<PatchPlan>): Promise<PatchedCopy> {
    const identity = fileIdentity(path);
    const known = this.#knownHash(identity);
    const found = known === undefined ? undefined : this.#find(known, name);
    if (found !== undefined) return found;
    const bytes = readFileSync(path);
    const hash = createHash("sha256").update(bytes).digest("hex");
    const again = this.#find(hash, name);
    const made = again === undefined ? await plan(bytes) : undefined;
    return this.#usable(() => {
      makeFolder(join(this.#engine, "files"));
      const copy = again ?? this.#make(hash, name, made as PatchPlan);
      writeFileSync(join(this.#engine, "files", identity), hash, { mode: 0o600 });
      return copy;
    });
  }

  #knownHash(identity: string): string | undefined {
    try {
      return readFileSync(join(this.#engine, "files", identity), "utf8");
    } catch {
      return undefined;
    }
  }

  #find(hash: string, name: string): PatchedCopy | undefined {
    const folder = join(this.#engine, "copies", hash);
    let sites: readonly HookedSite[];
    try {
      ({ sites } = readPlan(folder));
    } catch {
      return undefined;
    }
    return this.#usable(() => {
      const path = join(folder, name);
      if (!existsSync(path)) this.#addName(folder, name);
      touch(folder);
      this.#checkExecutable(path);
      return { path, sites };
    });
  }

  /** The same program under another name: a second link to the copy that is there. */
  #addName(folder: string, name: string): void {
    const other = readdirSync(folder).find((each) => each !== PLAN);
    if (other === undefined) throw new Error(`${folder} holds no copy`);
    try {
      linkSync(join(folder, other), join(folder, name));
    } catch (error) {
      if (!isErrno(error, "EEXIST")) throw error;
    }
  }

  #make(hash: string, name: string, plan: PatchPlan): PatchedCopy {
    const copies = join(this.#engine, "copies");
    makeFolder(copies);
    this.#forgetUnused();
    const folder = mkdtempSync(join(this.#engine, "making-"));
    try {
      const sites = plan.sites
        .filter((site) => site.hooked)
        .map((site) => ({ function: site.function, address: `0x${site.instruction.address.toString(16)}` }));
      const path = join(folder, name);
      writeDurably(path, piecesOf(plan), 0o700);
      verifyFile(plan, path);
      const kept: KeptPlan = { entry: `0x${plan.program.elf.header.entry.toString(16)}`, sites };
      writeDurably(join(folder, PLAN), [{ offset: 0, bytes: Buffer.from(JSON.stringify(kept)) }], 0o600);
      const place = join(copies, hash);
      try {
        renameSync(folder, place);
      } catch (error) {
        if (!isErrno(error, "ENOTEMPTY") && !isErrno(error, "EEXIST")) throw error;
        if (!existsSync(join(place, name))) this.#addName(place, name); // another run was faster
      }
      this.#checkExecutable(join(place, name));
      return { path: join(place, name), sites };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  #checkExecutable(path: string): void {
    try {
      accessSync(path, constants.X_OK);
    } catch (cause) {
      throw new ElsewhereError({
        code: "cache-unusable",
        message: `programs in ${this.root} cannot be executed`,
        context: [`${path} is there, but the system refuses to execute it: is the file system mounted noexec?`],
        hint: "set ELSEWHERE_CACHE_DIR to a directory from which programs may be executed",
        cause,
      });
    }
  }

  /** Runs `work`; what the file system refuses becomes an error that says where and what to do. */
  #usable<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      if (cause instanceof ElsewhereError || !(cause instanceof Error) || !("code" in cause)) throw cause;
      throw new ElsewhereError({
        code: "cache-unusable",
        message: `the cache directory ${this.root} cannot be used`,
        context: [cause.message],
        hint: "make room or make it writable, or set ELSEWHERE_CACHE_DIR to another directory",
        cause,
      });
    }
  }

  #forgetUnused(): void {
    const limit = Date.now() - UNUSED_DAYS * DAY_MS;
    const forget = (path: string): void => {
      try {
        if (lstatSync(path).mtimeMs < limit) rmSync(path, { recursive: true, force: true });
      } catch {
        // Another run forgets it at this moment, or uses it: both are fine.
      }
    };
    for (const folder of ["copies", "files", "."])
      for (const name of listing(join(this.#engine, folder)))
        if (folder !== "." || name.startsWith("making-")) forget(join(this.#engine, folder, name));
    for (const name of listing(this.root))
      if (name !== "node" && join(this.root, name) !== this.#engine) forget(join(this.root, name));
  }
}

function listing(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Changes when the file does: device, inode, size and both times. */
function fileIdentity(path: string): string {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  return createHash("sha256").update([path, dev, ino, size, mtimeNs, ctimeNs].join("\0")).digest("hex");
}

function writeDurably(path: string, pieces: readonly Piece[], mode: number): void {
  const descriptor = openSync(path, "wx", mode);
  try {
    for (const { offset, bytes } of pieces)
      for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at, bytes.length - at, offset + at);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function verifyFile(plan: PatchPlan, path: string): void {
  const descriptor = openSync(path, "r");
  try {
    verifyCopy(plan, (offset, into) => readSync(descriptor, into, 0, into.length, offset));
  } finally {
    closeSync(descriptor);
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    // On a read-only file system Node.js says ENOENT; the folder that exists knows better.
    if (isErrno(error, "ENOENT")) accessSync(nearestFolder(path), constants.W_OK);
    throw error;
  }
}

const nearestFolder = (path: string): string => (existsSync(path) ? path : nearestFolder(dirname(path)));

function touch(path: string): void {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch (error) {
    if (!isErrno(error, "EROFS") && !isErrno(error, "EPERM") && !isErrno(error, "EACCES")) throw error;
  }
}

const isErrno = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;
