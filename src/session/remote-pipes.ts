/** Named pipes of the target: proto/elsewhere/v1/pipes.proto. Errors are −errno. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { PlaceSchema } from "../wire/generated/elsewhere/v1/files_pb.ts";
import { PipesService } from "../wire/generated/elsewhere/v1/pipes_pb.ts";
import { limits } from "../wire/limits.ts";
import type { FileCalls } from "./file-calls.ts";
import type { RemoteFile } from "./remote-file.ts";

const methods = PipesService.method;

export class RemotePipes {
  readonly #calls: FileCalls;

  constructor(calls: FileCalls) {
    this.#calls = calls;
  }

  /** open(2) for writing: waits for somebody who reads. */
  async open(
    place: () => MessageInitShape<typeof PlaceSchema>,
    flags: number,
    signal?: AbortSignal,
  ): Promise<{ readonly handle: bigint; readonly statx: Uint8Array } | number> {
    return this.#calls.make(methods.openPipe, () => ({ place: place(), flags }), { signal });
  }

  /** Waits until somebody has the other end open, or nobody. @returns 0 or −errno */
  awaitPeer(file: RemoteFile, present: boolean, signal?: AbortSignal): Promise<number> {
    return this.#calls.done(methods.awaitPeer, () => ({ handle: this.#handleOf(file), present }), { signal });
  }

  /** read(2): waits. @returns no bytes where nobody writes any more */
  async read(file: RemoteFile, length: number, signal?: AbortSignal): Promise<Uint8Array | number> {
    const answer = await this.#calls.make(methods.readPipe, () => ({ handle: this.#handleOf(file), length }), {
      signal,
    });
    return typeof answer === "number" ? answer : answer.data;
  }

  /** write(2): waits until there was room for all. @returns how many bytes, or −errno */
  async write(file: RemoteFile, bytes: Uint8Array, signal?: AbortSignal): Promise<number> {
    const data = bytes.subarray(0, limits.dataBytes);
    const answer = await this.#calls.make(methods.writePipe, () => ({ handle: this.#handleOf(file), data }), {
      signal,
    });
    return typeof answer === "number" ? answer : answer.written;
  }

  #handleOf(file: RemoteFile): bigint {
    return file.handleIn(this.#calls.caller.generation);
  }
}
