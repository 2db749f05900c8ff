/** The files that a session has open, and how they come back on a new connection. */
import type { WireClient } from "../wire/client.ts";
import { FilesService } from "../wire/generated/elsewhere/v1/files_pb.ts";
import type { RemoteFile } from "./remote-file.ts";

// include/uapi/asm-generic/fcntl.h
const O_CREAT = 0o100;
const O_EXCL = 0o200;
const O_TRUNC = 0o1000;
/** What would change something when it is done again. */
export const ONCE: number = O_CREAT | O_EXCL | O_TRUNC;
/** So many at a time: an agent with many files to open still answers others. */
const AT_ONCE = 64;

const SLASH = Buffer.from("/");

export class OpenFiles {
  readonly #files = new Set<RemoteFile>();

  add(file: RemoteFile): void {
    this.#files.add(file);
  }

  delete(file: RemoteFile): void {
    this.#files.delete(file);
  }

  /** Something has another name now: so has what lies in it. */
  renamed(from: Uint8Array | undefined, to: Uint8Array | undefined): void {
    if (from === undefined || to === undefined) return;
    for (const file of this.#files) {
      if (file.path === undefined) continue;
      const path = Buffer.from(file.path);
      if (path.equals(from)) file.path = to;
      else if (path.subarray(0, from.length).equals(from) && path.subarray(from.length, from.length + 1).equals(SLASH))
        file.path = Buffer.concat([to, path.subarray(from.length)]);
    }
  }

  /**
   * Opens everything on a new connection. A file that cannot be opened again, or is another one now, is stale from then on.
   * @returns paths of those
   * @throws ConnectionLost
   */
  async resume(client: WireClient, generation: number): Promise<readonly string[]> {
    const left = [...this.#files].filter((file) => !file.isStale);
    const lost: string[] = [];
    const worker = async (): Promise<void> => {
      for (let file = left.pop(); file !== undefined; file = left.pop()) {
        await reopen(client, file, generation);
        if (file.isStale) lost.push(Buffer.from(file.path ?? []).toString());
        else await lockAgain(client, file, generation);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return lost;
  }
}

async function reopen(client: WireClient, file: RemoteFile, generation: number): Promise<void> {
  if (file.path === undefined) return file.renew(undefined, generation);
  const request = { place: { path: file.path }, flags: file.flags & ~ONCE, resolve: file.resolve };
  const { errno, handle, statx } = await client.call(FilesService.method.open, request);
  const isSame = errno === 0 && file.isDescribedBy(statx);
  if (errno === 0 && !isSame) await client.call(FilesService.method.close, { handle });
  // Closed meanwhile: nobody else would close it.
  if (isSame && !file.isOpen) await client.call(FilesService.method.close, { handle });
  else file.renew(isSame ? handle : undefined, generation);
}

/** Nobody waits: who has the lock now got it when it was free. */
async function lockAgain(client: WireClient, file: RemoteFile, generation: number): Promise<void> {
  if (file.hasLostLocks || !file.isOpen) return;
  const { locks } = file;
  const handle = file.handleIn(generation);
  const wanted = locks.ranges.map((range) => ({ case: "record" as const, value: { ...range, test: false } }));
  const flock = locks.flock === 0 ? [] : [{ case: "flock" as const, value: locks.flock }];
  for (const lock of [...flock, ...wanted]) {
    const { errno } = await client.call(FilesService.method.lock, { handle, lock, wait: false });
    if (errno !== 0) file.hasLostLocks = true;
  }
}
