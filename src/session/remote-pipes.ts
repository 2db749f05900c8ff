/** Named pipes of the target: proto/elsewhere/v1/pipes.proto. Errors are −errno. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { PlaceSchema } from "../wire/generated/elsewhere/v1/files_pb.ts";
import { PipesService } from "../wire/generated/elsewhere/v1/pipes_pb.ts";
import { limits } from "../wire/limits.ts";
import type { Ask } from "./asking.ts";
import type { RemoteFile } from "./remote-file.ts";

const methods = PipesService.method;

export class RemotePipes {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** open(2) for writing: waits for somebody who reads. */
  async open(
    place: MessageInitShape<typeof PlaceSchema>,
    flags: number,
    signal?: AbortSignal,
  ): Promise<{ readonly handle: bigint; readonly statx: Uint8Array } | number> {
    return this.#ask(methods.openPipe, { place, flags }, signal);
  }

  /** Waits until somebody has the other end open, or nobody. @returns 0 or −errno */
  async awaitPeer({ handle }: RemoteFile, present: boolean, signal?: AbortSignal): Promise<number> {
    const answer = await this.#ask(methods.awaitPeer, { handle, present }, signal);
    return typeof answer === "number" ? answer : 0;
  }

  /** read(2): waits. @returns no bytes where nobody writes any more */
  async read({ handle }: RemoteFile, length: number, signal?: AbortSignal): Promise<Uint8Array | number> {
    const answer = await this.#ask(methods.readPipe, { handle, length }, signal);
    return typeof answer === "number" ? answer : answer.data;
  }

  /** write(2): waits until there was room for all. @returns how many bytes, or −errno */
  async write({ handle }: RemoteFile, data: Uint8Array, signal?: AbortSignal): Promise<number> {
    const request = { handle, data: data.subarray(0, limits.dataBytes) };
    const answer = await this.#ask(methods.writePipe, request, signal);
    return typeof answer === "number" ? answer : answer.written;
  }
}
