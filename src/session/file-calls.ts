/** How RemoteFiles' calls are made: nothing is thrown, and a file that is being repaired is waited for. */
import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { errnoNumber } from "../linux/errno.ts";
import { abortable } from "../wire/clock.ts";
import type { Method } from "../wire/method.ts";
import type { Caller } from "./caller.ts";
import { type RemoteFile, Unusable } from "./remote-file.ts";

/** Below 0: −errno, as the kernel returns it. */
export type Failed = number;

export interface FileCall {
  readonly signal?: AbortSignal | undefined;
  /** Whether it does no harm when it is made twice. */
  readonly isRepeatable?: boolean;
  /** The file that it reads or changes. */
  readonly file?: RemoteFile | undefined;
}

const EINTR = errnoNumber("EINTR") ?? 0;
const EIO = errnoNumber("EIO") ?? 0;

export class FileCalls {
  readonly caller: Caller;

  constructor(caller: Caller) {
    this.caller = caller;
  }

  /** @returns the answer, or −errno where it holds one */
  async make<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    request: () => MessageInitShape<I>,
    call: FileCall = {},
  ): Promise<MessageShape<O> | Failed> {
    const answer = await this.send(method, request, call);
    if (typeof answer === "number") return answer;
    const { errno } = answer as { readonly errno?: number };
    return errno === undefined || errno === 0 ? answer : -errno;
  }

  /** For calls with nothing to tell. @returns 0 or −errno */
  async done<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    request: () => MessageInitShape<I>,
    call: FileCall = {},
  ): Promise<number> {
    const answer = await this.make(method, request, call);
    return typeof answer === "number" ? answer : 0;
  }

  /** @returns the answer whatever it says; −errno: there is none */
  async send<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    request: () => MessageInitShape<I>,
    { signal, isRepeatable = false, file }: FileCall = {},
  ): Promise<MessageShape<O> | Failed> {
    let endRepeat: (() => void) | undefined;
    const lost = (): void => {
      if (file !== undefined) endRepeat ??= repeating(file);
    };
    try {
      // What was lost with a connection was asked before this: it is done before it.
      const turn = (): Promise<unknown> | undefined =>
        endRepeat === undefined && file !== undefined && file.repeated.size > 0
          ? abortable(Promise.all(file.repeated), signal)
          : undefined;
      return await this.caller.call(method, request, { signal, isRepeatable, lost, turn });
    } catch (error) {
      if (error instanceof Unusable) return error.result;
      return signal?.aborted === true ? -EINTR : -EIO;
    } finally {
      endRepeat?.();
    }
  }
}

/** Keeps others from a file. @returns lets them */
function repeating(file: RemoteFile): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  file.repeated.add(promise);
  return () => {
    file.repeated.delete(promise);
    resolve();
  };
}
