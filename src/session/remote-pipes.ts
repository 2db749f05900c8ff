/** Named pipes of the target: proto/elsewhere/v1/pipes.proto. Errors are −errno. */
import { errnoNumber } from "../linux/errno.ts";
import { PipesService } from "../wire/generated/elsewhere/v1/pipes_pb.ts";
import { limits } from "../wire/limits.ts";
import type { FileCalls } from "./file-calls.ts";
import type { OpenFiles } from "./open-files.ts";
import { RemoteFile, type RemotePlace } from "./remote-file.ts";
import { messageOf, pathOf } from "./places.ts";
import type { Opened } from "./results.ts";

const methods = PipesService.method;
const EIO = errnoNumber("EIO") ?? 0;

export class RemotePipes {
  readonly #calls: FileCalls;
  readonly #open: OpenFiles;

  constructor(calls: FileCalls, open: OpenFiles) {
    this.#calls = calls;
    this.#open = open;
  }

  /**
   * open(2) for writing alone: waits for somebody who reads. (Opening with FilesService waits for nobody.)
   * @returns −ENXIO of anything but a named pipe
   */
  async open(place: RemotePlace, flags: number, signal?: AbortSignal): Promise<Opened | number> {
    let generation = 0;
    const request = (): { place: ReturnType<typeof messageOf>; flags: number } => {
      generation = this.#generation;
      return { place: messageOf(place, generation), flags };
    };
    const answer = await this.#calls.make(methods.openPipe, request, { signal });
    if (typeof answer === "number") return answer;
    if (generation !== this.#generation) return -EIO;
    const { handle, statx } = answer;
    const file = new RemoteFile({ flags, resolve: 0n, path: pathOf(place) }, statx, handle, generation);
    this.#open.add(file);
    return { file, statx, content: undefined };
  }

  /** Waits until somebody has the other end open, or nobody. @returns 0 or −errno */
  awaitPeer(file: RemoteFile, present: boolean, signal?: AbortSignal): Promise<number> {
    const request = (): { handle: bigint; present: boolean } => ({ handle: this.#handle(file), present });
    return this.#calls.done(methods.awaitPeer, request, { signal, isRepeatable: true });
  }

  /** read(2): waits. @returns no bytes where nobody writes any more */
  async read(file: RemoteFile, length: number, signal?: AbortSignal): Promise<Uint8Array | number> {
    const request = (): { handle: bigint; length: number } => ({ handle: this.#handle(file), length });
    const answer = await this.#calls.make(methods.readPipe, request, { signal });
    return typeof answer === "number" ? answer : answer.data;
  }

  /** write(2): waits until there was room for all. @returns how many bytes, or −errno */
  async write(file: RemoteFile, data: Uint8Array, signal?: AbortSignal): Promise<number> {
    const part = data.subarray(0, limits.dataBytes);
    const request = (): { handle: bigint; data: Uint8Array } => ({ handle: this.#handle(file), data: part });
    const answer = await this.#calls.make(methods.writePipe, request, { signal });
    return typeof answer === "number" ? answer : answer.written;
  }

  get #generation(): number {
    return this.#calls.caller.generation;
  }

  #handle(file: RemoteFile): bigint {
    return file.handleIn(this.#generation);
  }
}
