/** Connections of the target, as this end has them. Results are what the calls there give: −errno where they fail. */
import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { errnoNumber } from "../linux/errno.ts";
import { flowCode, type Flow, type FlowStream } from "../wire/flow.ts";
import {
  type ConnectRequestSchema,
  type Endpoint,
  type EndpointSchema,
  type InternetSchema,
  NetworkService,
} from "../wire/generated/elsewhere/v1/network_pb.ts";
import type { Method } from "../wire/method.ts";

export interface ConnectOptions {
  /** bind(2) before it. */
  readonly from?: MessageInitShape<typeof InternetSchema> | undefined;
  /** Ends the attempt. */
  readonly signal?: AbortSignal;
}

/** A connection that was made in the target. */
export interface RemoteConnection {
  /** Its bytes. An end is a half-close; closed with `flowCode.reset` it was reset, with any other it is lost. */
  readonly stream: FlowStream;
  readonly local: Endpoint | undefined;
  readonly remote: Endpoint | undefined;
}

/** What RemoteNetwork needs of a session. */
export interface FlowCaller {
  flow<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    request: MessageInitShape<I>,
  ): Promise<Flow<O>>;
}

/** The way to the target is down. */
const ENETDOWN = errnoNumber("ENETDOWN") ?? 100;
const EINTR = errnoNumber("EINTR") ?? 4;

export class RemoteNetwork {
  readonly #caller: FlowCaller;

  constructor(caller: FlowCaller) {
    this.#caller = caller;
  }

  /** connect(2) of a stream socket. @returns −ENETDOWN where the session has no connection, −EINTR when `signal` ended it */
  async connect(
    to: MessageInitShape<typeof EndpointSchema>,
    { from, signal }: ConnectOptions = {},
  ): Promise<RemoteConnection | number> {
    const request: MessageInitShape<typeof ConnectRequestSchema> = { to, ...(from !== undefined && { from }) };
    let stream: FlowStream | undefined;
    const giveUp = (): void => stream?.close(flowCode.cancelled);
    signal?.addEventListener("abort", giveUp, { once: true });
    try {
      const flow = await this.#caller.flow(NetworkService.method.connect, request);
      stream = flow.stream;
      if (signal?.aborted === true) giveUp();
      const { errno, local, remote } = await flow.answer;
      if (errno === 0) return { stream, local, remote };
      stream.close(flowCode.closed);
      return -errno;
    } catch {
      return signal?.aborted === true ? -EINTR : -ENETDOWN;
    } finally {
      signal?.removeEventListener("abort", giveUp);
    }
  }
}
