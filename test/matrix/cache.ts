/**
 * Where built programs stay between runs, outside of what git knows. A finished
 * entry appears by rename, so concurrent builders never see half of one.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const repository: string = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** `$ELSEWHERE_TEST_CACHE`, or a folder that a fresh `npm install` forgets. */
export const cacheDirectory: string =
  process.env["ELSEWHERE_TEST_CACHE"] ?? join(repository, "node_modules/.cache/elsewhere-fixtures");

/** A folder of the cache, made on demand. */
export function cached(...names: readonly string[]): string {
  const path = join(cacheDirectory, ...names);
  mkdirSync(path, { recursive: true });
  return path;
}

/** A folder for one run, next to the cache so that a rename into it is possible. */
export function scratch(name: string): string {
  return mkdtempSync(join(cached("scratch"), `${name}-`));
}

/** Makes what was built in `folder` the entry `place`; where another builder was faster, its entry stays. */
export function enter(folder: string, place: string): void {
  try {
    renameSync(folder, place);
  } catch (error) {
    if (!existsSync(place)) throw error; // ENOTEMPTY: the other one's is there
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A short name for these contents. */
export function contentHash(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest("hex").slice(0, 16);
}

/** Names and contents of the files below `folder` that match, in an order that does not depend on the machine. */
export function folderContents(folder: string, wanted: RegExp): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => wanted.test(name) && statSync(join(folder, name)).isFile())
    .sort()
    .flatMap((name) => [name, readFileSync(join(folder, name), "latin1")]);
}
