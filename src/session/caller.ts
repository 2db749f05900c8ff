/** What {@link RemoteFiles} needs of a session. */
import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { Method } from "../wire/method.ts";

export interface CallOptions {
  /** Ends the call early; the agent is told. */
  readonly signal?: AbortSignal | undefined;
  /** Whether it does no harm when the call is made twice. */
  readonly isRepeatable?: boolean;
  /** Asked before the call is sent: settles when it is its turn, undefined when it is. */
  readonly turn?: () => Promise<unknown> | undefined;
  /** Told that the call was lost with its connection, and is going to be repeated. */
  readonly lost?: () => void;
}

export interface Caller {
  /** Goes up when a connection is lost: handles that were given before mean nothing any more. */
  readonly generation: number;
  call<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    request: () => MessageInitShape<I>,
    options?: CallOptions,
  ): Promise<MessageShape<O>>;
}
