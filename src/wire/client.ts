/** The end of a connection that calls. */
import http2, { type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from "node:http2";
import type { Duplex } from "node:stream";
import { create, fromBinary, type DescMessage, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { ElsewhereError } from "../errors.ts";
import { Admission } from "./admission.ts";
import { beginFlow, type Flow } from "./flow.ts";
import { endWith, type Framed, framed, FrameReader } from "./frame.ts";
import { limits } from "./limits.ts";
import { type Method, pathOf } from "./method.ts";
import { roomOf } from "./room.ts";
import { CONTENT_TYPE, decodeMessage, status } from "./status.ts";

/** Why a call has no answer: the connection is gone, or was before it began. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
  /** Whether the agent may have got the call. */
  readonly wasSent: boolean;

  constructor(message: string, wasSent: boolean) {
    super(message);
    this.wasSent = wasSent;
  }
}

/** Calls over one connection. HTTP/2 keeps them apart: a slow one delays no other. */
export class WireClient implements Disposable {
  /** Settles when the connection is gone, with the reason where there is one. */
  readonly closed: Promise<Error | undefined>;
  readonly #connection: Duplex;
  readonly #session: ClientHttp2Session;
  readonly #admission = new Admission(limits.calls, limits.underWayBytes);
  readonly #flows = new Admission(limits.flows, 0);
  #failure: Error | undefined;
  #isGone = false;

  /** @param connection any duplex stream to an agent */
  constructor(connection: Duplex) {
    this.#connection = connection;
    this.#session = http2.connect("http://agent", {
      createConnection: () => connection,
      settings: { enablePush: false, initialWindowSize: limits.streamWindow, maxHeaderListSize: limits.headerBytes },
      maxHeaderListPairs: limits.headers,
      maxSessionMemory: limits.http2Megabytes,
      maxReservedRemoteStreams: 0,
      peerMaxConcurrentStreams: limits.calls + limits.flows,
    });
    this.#session.on("error", (error: Error) => (this.#failure ??= error));
    this.#session.on("goaway", (code) => this.fail(new Error(`the agent ended the connection (${code})`)));
    this.#session.once("connect", () => {
      if (!this.#isLost) this.#session.setLocalWindowSize(limits.connectionWindow);
    });
    connection.on("error", (error: Error) => this.fail(error));
    connection.once("close", () => this.fail(undefined));
    this.closed = new Promise((resolve) =>
      this.#session.once("close", () => {
        this.#isGone = true;
        this.#admission.end();
        this.#flows.end();
        resolve(this.#failure);
      }),
    );
  }

  /**
   * Calls beyond `limits.calls`, and beyond `limits.underWayBytes`, wait until others have been answered.
   * @param signal ends the call early; the agent is told
   * @throws ConnectionLost
   * @throws ElsewhereError `protocol` on an answer that is none, or a call that the agent does not know
   */
  async call<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    request: MessageInitShape<I>,
    signal?: AbortSignal,
  ): Promise<MessageShape<O>> {
    signal?.throwIfAborted();
    const message = create(method.input, request);
    const question = framed(method.input, message);
    const room = roomOf(method, message);
    const underWay = question.length + room;
    const wait = this.#admission.enter(underWay, signal);
    if (wait !== undefined) await wait;
    try {
      return await this.#send(method, question, room, signal);
    } finally {
      this.#admission.leave(underWay);
    }
  }

  /**
   * Begins a call whose stream stays. It takes no other call's place: beyond `limits.flows` they wait for each other.
   * @param signal ends the waiting, not the call
   * @throws ConnectionLost
   */
  async flow<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    request: MessageInitShape<I>,
    signal?: AbortSignal,
  ): Promise<Flow<O>> {
    signal?.throwIfAborted();
    const wait = this.#flows.enter(0, signal);
    if (wait !== undefined) await wait;
    try {
      if (this.#isLost) throw this.#lost(false);
      const flow = beginFlow(this.#session, method, request);
      flow.stream.once("close", () => this.#flows.leave(0));
      return flow;
    } catch (error) {
      this.#flows.leave(0);
      throw error;
    }
  }

  /** Settles when the agent has answered. @throws ConnectionLost */
  ping(): Promise<void> {
    return new Promise((resolve, reject) => {
      const lost = (): void => reject(this.#lost(false));
      if (this.#isLost) return lost();
      this.#session.ping((error) => (error === null ? resolve() : lost()));
    });
  }

  /** Takes the connection for lost. */
  fail(reason: Error | undefined): void {
    this.#failure ??= reason;
    this.#isGone = true;
    // Not the session: destroyed with a write under way it writes its farewell, which JSStreamSocket asserts it never does.
    this.#connection.destroy();
  }

  [Symbol.dispose](): void {
    this.fail(undefined);
  }

  get #isLost(): boolean {
    return this.#isGone || this.#session.closed || this.#session.destroyed;
  }

  #lost(wasSent: boolean): ConnectionLost {
    return new ConnectionLost(this.#failure?.message ?? "the connection is gone", wasSent);
  }

  #send<O extends DescMessage>(
    method: Method<DescMessage, O>,
    question: Framed,
    room: number,
    signal: AbortSignal | undefined,
  ): Promise<MessageShape<O>> {
    return new Promise((resolve, reject) => {
      if (this.#isLost) return reject(this.#lost(false));
      const stream = this.#session.request({
        ":method": "POST",
        ":path": pathOf(method),
        "content-type": CONTENT_TYPE,
        te: "trailers",
      });
      const answer = new Answer(method, stream, room);
      const giveUp = (): void => stream.close(http2.constants.NGHTTP2_CANCEL);
      signal?.addEventListener("abort", giveUp, { once: true });
      stream.once("close", () => {
        signal?.removeEventListener("abort", giveUp);
        try {
          const message = answer.message();
          if (message !== undefined) resolve(message);
          else if (signal?.aborted === true) reject(signal.reason);
          else reject(this.#isLost ? this.#lost(true) : broken(method, `stream ended with code ${stream.rstCode}`));
        } catch (error) {
          reject(error);
        }
      });
      endWith(stream, question);
    });
  }
}

const broken = (method: Method, fact: string): ElsewhereError =>
  new ElsewhereError({ code: "protocol", message: `the agent gave no answer to ${method.name}`, context: [fact] });

/** What comes back on one stream. */
class Answer<O extends DescMessage> {
  readonly #method: Method<DescMessage, O>;
  readonly #frames: FrameReader;
  #headers: IncomingHttpHeaders = {};
  #failure: Error | undefined;

  constructor(method: Method<DescMessage, O>, stream: ClientHttp2Stream, room: number) {
    this.#method = method;
    this.#frames = new FrameReader(room);
    stream.on("response", (headers) => (this.#headers = { ...this.#headers, ...headers }));
    stream.on("trailers", (headers) => (this.#headers = { ...this.#headers, ...headers }));
    stream.on("error", () => undefined); // the connection says why
    stream.on("data", (chunk: Uint8Array) => {
      if (this.#failure !== undefined) return;
      try {
        this.#frames.push(chunk);
      } catch (error) {
        this.#failure = error instanceof Error ? error : new Error(String(error));
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
    const bytes = this.#frames.message();
    try {
      return fromBinary(this.#method.output, bytes);
    } catch (error) {
      throw broken(this.#method, `no ${this.#method.output.typeName}: ${String(error)}`);
    }
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
