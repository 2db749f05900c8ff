/** inotify(7) in the target: proto/elsewhere/v1/watches.proto. Errors are −errno. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { PlaceSchema } from "../wire/generated/elsewhere/v1/files_pb.ts";
import { WatchesService } from "../wire/generated/elsewhere/v1/watches_pb.ts";
import type { Ask } from "./asking.ts";

const methods = WatchesService.method;

export class RemoteWatches {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** inotify_init1(2). @returns a handle as a bigint, −errno as a number */
  async make(): Promise<bigint | number> {
    const answer = await this.#ask(methods.makeWatcher, {});
    return typeof answer === "number" ? answer : answer.handle;
  }

  /** inotify_add_watch(2). @returns the watch's number, or −errno */
  async add(watcher: bigint, place: MessageInitShape<typeof PlaceSchema>, mask: number): Promise<number> {
    const answer = await this.#ask(methods.addWatch, { watcher, place, mask });
    return typeof answer === "number" ? answer : answer.watch;
  }

  /** inotify_rm_watch(2). @returns 0 or −errno */
  async remove(watcher: bigint, watch: number): Promise<number> {
    const answer = await this.#ask(methods.removeWatch, { watcher, watch });
    return typeof answer === "number" ? answer : 0;
  }

  /** Waits. @returns struct inotify_event, one behind the other; or −errno */
  async events(watcher: bigint, signal?: AbortSignal): Promise<Uint8Array | number> {
    const answer = await this.#ask(methods.awaitEvents, { watcher }, signal);
    return typeof answer === "number" ? answer : answer.events;
  }
}
