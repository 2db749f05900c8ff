/** Folders of a replay's own, in memory if possible. */
import { mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export function makeFolder(prefix: string): string {
  for (const folder of ["/dev/shm", tmpdir()]) {
    try {
      return realpathSync(mkdtempSync(join(folder, prefix)));
    } catch {
      // the next one
    }
  }
  throw new Error(`no directory can be made in /dev/shm or ${tmpdir()}`);
}
