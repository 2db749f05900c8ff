/**
 * inotify(7) in the target: proto/elsewhere/v1/watches.proto. Errors are −errno. A watcher is lost with its connection:
 * ESTALE from then on.
 */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { FilesService, type PlaceSchema } from "../wire/generated/elsewhere/v1/files_pb.ts";
import { WatchesService } from "../wire/generated/elsewhere/v1/watches_pb.ts";
import type { FileCalls } from "./file-calls.ts";
import { Unusable } from "./remote-file.ts";

const methods = WatchesService.method;

/** The agent's, of one connection. */
export interface RemoteWatcher {
  readonly handle: bigint;
  readonly generation: number;
}

export class RemoteWatches {
  readonly #calls: FileCalls;

  constructor(calls: FileCalls) {
    this.#calls = calls;
  }

  /** inotify_init1(2) */
  async make(): Promise<RemoteWatcher | number> {
    let generation = 0;
    const request = (): object => {
      generation = this.#calls.caller.generation;
      return {};
    };
    const answer = await this.#calls.make(methods.makeWatcher, request);
    return typeof answer === "number" ? answer : { handle: answer.handle, generation };
  }

  /** inotify_add_watch(2). @returns the watch's number, or −errno */
  async add(watcher: RemoteWatcher, place: () => MessageInitShape<typeof PlaceSchema>, mask: number): Promise<number> {
    const request = (): MessageInitShape<typeof methods.addWatch.input> => ({
      watcher: this.#handleOf(watcher),
      place: place(),
      mask,
    });
    const answer = await this.#calls.make(methods.addWatch, request);
    return typeof answer === "number" ? answer : answer.watch;
  }

  /** inotify_rm_watch(2). @returns 0 or −errno */
  remove(watcher: RemoteWatcher, watch: number): Promise<number> {
    return this.#calls.done(methods.removeWatch, () => ({ watcher: this.#handleOf(watcher), watch }));
  }

  /** Waits. @returns struct inotify_event, one behind the other; or −errno */
  async events(watcher: RemoteWatcher, signal?: AbortSignal): Promise<Uint8Array | number> {
    const request = (): { watcher: bigint } => ({ watcher: this.#handleOf(watcher) });
    const answer = await this.#calls.make(methods.awaitEvents, request, { signal });
    return typeof answer === "number" ? answer : answer.events;
  }

  close(watcher: RemoteWatcher): Promise<number> {
    return this.#calls.done(FilesService.method.close, () => ({ handle: this.#handleOf(watcher) }));
  }

  #handleOf({ handle, generation }: RemoteWatcher): bigint {
    if (generation !== this.#calls.caller.generation) throw new Unusable("ESTALE");
    return handle;
  }
}
