/** Content that moves inside the target: proto/elsewhere/v1/copies.proto. */
import { CopiesService } from "../wire/generated/elsewhere/v1/copies_pb.ts";
import type { FileCalls } from "./file-calls.ts";
import type { RemoteFile } from "./remote-file.ts";

/** Where in a file. */
export interface PlaceInFile {
  readonly file: RemoteFile;
  /** Bytes. */
  readonly offset: bigint;
}

export class RemoteCopies {
  readonly #calls: FileCalls;

  constructor(calls: FileCalls) {
    this.#calls = calls;
  }

  /** copy_file_range(2). @returns how many bytes, or −errno */
  async copy(from: PlaceInFile, to: PlaceInFile, length: bigint): Promise<number> {
    const answer = await this.#calls.make(
      CopiesService.method.copy,
      () => ({
        from: from.file.dataHandleIn(this.#calls.caller.generation),
        fromOffset: from.offset,
        to: to.file.dataHandleIn(this.#calls.caller.generation),
        toOffset: to.offset,
        length,
      }),
      { file: to.file, isChange: true },
    );
    return typeof answer === "number" ? answer : Number(answer.copied);
  }
}
