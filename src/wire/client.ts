/** The end of a connection that calls. */
import http2, { type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from "node:http2";
import type { Duplex } from "node:stream";
import {
  create,
  fromBinary,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { ElsewhereError } from "../errors.ts";
import { beginFlow, type Flow } from "./flow.ts";
import { frame, FrameReader } from "./frame.ts";
import { limits } from "./limits.ts";
import { type Method, pathOf } from "./method.ts";
import { CONTENT_TYPE, decodeMessage, status } from "./status.ts";

/** Why a call has no answer: the connection is gone, or was before it began. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
}

/** Calls over one connection. HTTP/2 keeps them apart: a slow one delays no other. */
export class WireClient implements Disposable {
  /** Settles when the connection is gone, with the reason where there is one. */
  readonly closed: Promise<Error | undefined>;
  readonly #session: ClientHttp2Session;
  #failure: Error | undefined;

  /** @param connection any duplex stream to an agent */
  constructor(connection: Duplex) {
    this.#session = http2.connect("http://agent", {
      createConnection: () => connection,
      settings: { enablePush: false, initialWindowSize: limits.streamWindow },
    });
    this.#session.on("error", (error: Error) => (this.#failure ??= error));
    this.#session.on("goaway", (code) => (this.#failure ??= new Error(`the agent ended the connection (${code})`)));
    this.#session.once("connect", () => this.#session.setLocalWindowSize(limits.connectionWindow));
    this.closed = new Promise((resolve) => this.#session.once("close", () => resolve(this.#failure)));
  }

  /**
   * @param signal ends the call early; the agent is told
   * @throws ConnectionLost
   * @throws ElsewhereError `protocol` on an answer that is none, or a call that the agent does not know
   */
  call<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    request: MessageInitShape<I>,
    signal?: AbortSignal,
  ): Promise<MessageShape<O>> {
    const { promise, resolve, reject } = Promise.withResolvers<MessageShape<O>>();
    if (this.#session.closed || this.#session.destroyed) {
      reject(this.#lost());
      return promise;
    }
    const stream = this.#session.request({
      ":method": "POST",
      ":path": pathOf(method),
      "content-type": CONTENT_TYPE,
      te: "trailers",
    });
    const answer = new Answer(method, stream);
    stream.once("close", () => {
      try {
        const message = answer.message();
        if (message === undefined) reject(signal?.aborted === true ? signal.reason : this.#lost());
        else resolve(message);
      } catch (error) {
        reject(error);
      }
    });
    signal?.addEventListener("abort", () => stream.close(http2.constants.NGHTTP2_CANCEL), { once: true });
    stream.end(frame(toBinary(method.input, create(method.input, request))));
    return promise;
  }

  /** A call whose stream stays. @throws ConnectionLost */
  flow<I extends DescMessage, O extends DescMessage>(method: Method<I, O>, request: MessageInitShape<I>): Flow<O> {
    if (this.#session.closed || this.#session.destroyed) throw this.#lost();
    return beginFlow(this.#session, method, request);
  }

  /** @returns milliseconds to the agent and back */
  ping(): Promise<number> {
    return new Promise((resolve, reject) => {
      const sent = this.#session.ping((error, duration) => (error === null ? resolve(duration) : reject(error)));
      if (!sent) reject(this.#lost());
    });
  }

  [Symbol.dispose](): void {
    this.#session.destroy();
  }

  #lost(): ConnectionLost {
    return new ConnectionLost(this.#failure?.message ?? "the connection is gone");
  }
}

/** What comes back on one stream. */
class Answer<O extends DescMessage> {
  readonly #method: Method<DescMessage, O>;
  readonly #frames = new FrameReader();
  #headers: IncomingHttpHeaders = {};
  #failure: Error | undefined;

  constructor(method: Method<DescMessage, O>, stream: ClientHttp2Stream) {
    this.#method = method;
    stream.on("response", (headers) => (this.#headers = { ...this.#headers, ...headers }));
    stream.on("trailers", (headers) => (this.#headers = { ...this.#headers, ...headers }));
    stream.on("error", () => undefined); // the connection says why
    stream.on("data", (chunk: Uint8Array) => {
      try {
        this.#frames.push(chunk);
      } catch (error) {
        this.#failure ??= error instanceof Error ? error : new Error(String(error));
        stream.close(http2.constants.NGHTTP2_CANCEL);
      }
    });
  }

  /** Undefined where the stream ended without an answer. */
  message(): MessageShape<O> | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    const code = this.#headers["grpc-status"];
    if (code === undefined) return undefined;
    if (Number(code) !== status.ok) throw this.#refused(Number(code));
    return fromBinary(this.#method.output, this.#frames.message());
  }

  #refused(code: number): ElsewhereError {
    const text = this.#headers["grpc-message"];
    return new ElsewhereError({
      code: "protocol",
      message: `the agent refused ${this.#method.name}`,
      context: [`status ${code}: ${decodeMessage(typeof text === "string" ? text : "")}`],
    });
  }
}
