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
  /**
   * It changes the file, so it cannot be given up: the agent may do it later than a call that is asked afterwards. When
   * `signal` ends it nobody waits for it any more, but calls on that file.
   */
  readonly isChange?: boolean;
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
    { signal, isRepeatable = false, file, isChange = false }: FileCall = {},
  ): Promise<MessageShape<O> | Failed> {
    if (isAborted(signal)) return -EINTR;
    let letOthers: (() => void) | undefined;
    const keepOthers = (): void => {
      if (file !== undefined) letOthers ??= keepFrom(file);
    };
    // Others have been kept from the file for a call that was asked before this: it is done before it.
    const turn = (): Promise<unknown> | undefined =>
      letOthers === undefined && file !== undefined && file.unsettled.size > 0
        ? abortable(Promise.all(file.unsettled), isChange ? undefined : signal)
        : undefined;
    const told = isChange ? undefined : signal;
    const sent = this.caller.call(method, request, { signal: told, isRepeatable, lost: keepOthers, turn });
    sent.finally(() => letOthers?.()).catch(() => undefined);
    try {
      return await abortable(sent, signal);
    } catch (error) {
      if (error instanceof Unusable) return error.result;
      if (!isAborted(signal)) return -EIO;
      if (isChange) keepOthers();
      return -EINTR;
    }
  }
}

const isAborted = (signal: AbortSignal | undefined): boolean => signal?.aborted === true;

/** Keeps others from a file. @returns lets them */
function keepFrom(file: RemoteFile): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  file.unsettled.add(promise);
  return () => {
    file.unsettled.delete(promise);
    resolve();
  };
}
