/**
 * inotify(7) in the target: proto/elsewhere/v1/watches.proto. Errors are −errno; when a connection is lost its watchers
 * are, too: ESTALE.
 */
import { errnoNumber } from "../linux/errno.ts";
import { FilesService } from "../wire/generated/elsewhere/v1/files_pb.ts";
import { WatchesService } from "../wire/generated/elsewhere/v1/watches_pb.ts";
import type { FileCalls } from "./file-calls.ts";
import { messageOf } from "./places.ts";
import { type RemotePlace, Unusable } from "./remote-file.ts";

const methods = WatchesService.method;
const EIO = errnoNumber("EIO") ?? 0;

/** An inotify instance in the target. */
export interface RemoteWatcher {
  readonly handle: bigint;
  /** Of the connection. */
  readonly generation: number;
}

export class RemoteWatches {
  readonly #calls: FileCalls;

  constructor(calls: FileCalls) {
    this.#calls = calls;
  }

  /** inotify_init1(2) */
  async make(): Promise<RemoteWatcher | number> {
    const { generation } = this.#calls.caller;
    const answer = await this.#calls.make(methods.makeWatcher, () => ({}));
    if (typeof answer === "number") return answer;
    return generation === this.#calls.caller.generation ? { handle: answer.handle, generation } : -EIO;
  }

  /** inotify_add_watch(2). @returns the watch's number, or −errno */
  async add(watcher: RemoteWatcher, place: RemotePlace, mask: number): Promise<number> {
    const answer = await this.#calls.make(methods.addWatch, () => ({
      watcher: this.#handle(watcher),
      place: messageOf(place, watcher.generation),
      mask,
    }));
    return typeof answer === "number" ? answer : answer.watch;
  }

  /** inotify_rm_watch(2). @returns 0 or −errno */
  remove(watcher: RemoteWatcher, watch: number): Promise<number> {
    return this.#calls.done(methods.removeWatch, () => ({ watcher: this.#handle(watcher), watch }));
  }

  /** Waits. @returns struct inotify_event, one behind the other; or −errno */
  async events(watcher: RemoteWatcher, signal?: AbortSignal): Promise<Uint8Array | number> {
    const answer = await this.#calls.make(methods.awaitEvents, () => ({ watcher: this.#handle(watcher) }), { signal });
    return typeof answer === "number" ? answer : answer.events;
  }

  async close(watcher: RemoteWatcher): Promise<void> {
    await this.#calls.done(FilesService.method.close, () => ({ handle: this.#handle(watcher) }));
  }

  #handle({ handle, generation }: RemoteWatcher): bigint {
    if (generation !== this.#calls.caller.generation) throw new Unusable("ESTALE");
    return handle;
  }
}
