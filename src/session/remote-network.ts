/** Connections of the target, as this end has them. Results are what the calls there give: −errno where they fail. */
import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { errnoNumber } from "../linux/errno.ts";
import { flowCode, type Flow, type FlowStream } from "../wire/flow.ts";
import {
  type AssociateRequestSchema,
  type AssociateResponseSchema,
  type ConnectRequestSchema,
  type ConnectResponseSchema,
  type Endpoint,
  type EndpointSchema,
  type Internet,
  type InternetSchema,
  NetworkService,
} from "../wire/generated/elsewhere/v1/network_pb.ts";
import type { Method } from "../wire/method.ts";
import type { Caller } from "./caller.ts";

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
  readonly local?: Endpoint | undefined;
  readonly remote?: Endpoint | undefined;
}

/** A datagram socket of the target. */
export interface RemoteDatagrams {
  /** Messages of type Datagram each way; the socket is closed with it. */
  readonly stream: FlowStream;
  readonly local?: Internet | undefined;
  /** Where it is connected to. */
  readonly remote?: Internet | undefined;
}

/** What RemoteNetwork needs of a session. */
export interface FlowCaller extends Pick<Caller, "call"> {
  flow<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    request: MessageInitShape<I>,
    signal?: AbortSignal,
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

  /** connect(2) of a stream socket. @returns −ENETDOWN where the session is over or its connection was lost under this, −EINTR when `signal` ended it */
  connect(
    to: MessageInitShape<typeof EndpointSchema>,
    { from, signal }: ConnectOptions = {},
  ): Promise<RemoteConnection | number> {
    const request: MessageInitShape<typeof ConnectRequestSchema> = { to, ...(from !== undefined && { from }) };
    return this.#open(NetworkService.method.connect, request, signal);
  }

  /** socket(2), bind(2) and connect(2) of a datagram socket. Results as of {@link connect}. */
  associate(
    request: MessageInitShape<typeof AssociateRequestSchema>,
    signal?: AbortSignal,
  ): Promise<RemoteDatagrams | number> {
    return this.#open(NetworkService.method.associate, request, signal);
  }

  /**
   * The addresses of a host, as the target finds them; the text of an address is that address.
   * @returns 4 or 16 bytes each; −ENOENT, −EAGAIN, −ENETDOWN where the session is over, −EINTR when `signal` ended it
   */
  async resolve(name: string, signal?: AbortSignal): Promise<readonly Uint8Array[] | number> {
    try {
      const request = (): { name: string } => ({ name });
      const { errno, addresses } = await this.#caller.call(NetworkService.method.resolve, request, {
        isRepeatable: true,
        signal,
      });
      return errno === 0 ? addresses : -errno;
    } catch {
      return signal?.aborted === true ? -EINTR : -ENETDOWN;
    }
  }

  async #open<I extends DescMessage, O extends typeof ConnectResponseSchema | typeof AssociateResponseSchema>(
    method: Method<I, O>,
    request: MessageInitShape<I>,
    signal: AbortSignal | undefined,
  ): Promise<(MessageShape<O> & { readonly stream: FlowStream }) | number> {
    let stream: FlowStream | undefined;
    // As a socket that is closed while it connects: whoever has accepted it finds an end, not a reset.
    const giveUp = (): void => stream?.close(flowCode.closed);
    signal?.addEventListener("abort", giveUp, { once: true });
    try {
      const flow = await this.#caller.flow(method, request, signal);
      stream = flow.stream;
      if (signal?.aborted === true) giveUp();
      const answer = await flow.answer;
      if (signal?.aborted === true) return -EINTR; // what was made is closed already
      if (answer.errno === 0) return Object.assign(answer, { stream });
      stream.close(flowCode.closed);
      return -answer.errno;
    } catch {
      return signal?.aborted === true ? -EINTR : -ENETDOWN;
    } finally {
      signal?.removeEventListener("abort", giveUp);
    }
  }
}
