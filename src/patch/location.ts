/** Where a user's cache is. */
import { homedir } from "node:os";
import { join } from "node:path";

/** Where copies are kept: `ELSEWHERE_CACHE_DIR`, else the user's cache directory. */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  if (env["ELSEWHERE_CACHE_DIR"]) return env["ELSEWHERE_CACHE_DIR"];
  return join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "elsewhere");
}
