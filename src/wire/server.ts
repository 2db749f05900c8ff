/** The end of a connection that answers. */
import http2, { type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Duplex } from "node:stream";
import {
  create,
  fromBinary,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { readMessage } from "./flow.ts";
import { frame, FrameReader } from "./frame.ts";
import { limits } from "./limits.ts";
import { type Method, pathOf } from "./method.ts";
import { CONTENT_TYPE, encodeMessage, status } from "./status.ts";

/** Answers one call. @param signal aborted when the caller has given up */
export type Handler<I extends DescMessage, O extends DescMessage> = (
  request: MessageShape<I>,
  signal: AbortSignal,
) => Promise<MessageInitShape<O>> | MessageInitShape<O>;

/** A call that is refused: a handler throws it. */
export class Refusal extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Answers a call whose stream stays; the stream is the handler's from then on. */
export type FlowHandler<I extends DescMessage> = (request: MessageShape<I>, stream: ServerHttp2Stream) => void;

/** What is answered, by path. */
export class Routes {
  readonly #flows = new Map<string, (stream: ServerHttp2Stream) => Promise<void>>();
  readonly #handlers = new Map<string, (request: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>>();

  on<I extends DescMessage, O extends DescMessage>(method: Method<I, O>, handler: Handler<I, O>): void {
    this.#handlers.set(pathOf(method), async (bytes, signal) => {
      const answer = await handler(decode(method.input, bytes), signal);
      return toBinary(method.output, create(method.output, answer));
    });
  }

  onFlow<I extends DescMessage, O extends DescMessage>(method: Method<I, O>, handler: FlowHandler<I>): void {
    this.#flows.set(pathOf(method), async (stream) => {
      handler(await readMessage(stream, method.input), stream);
    });
  }

  /** What takes a stream of its own. */
  flow(path: string): ((stream: ServerHttp2Stream) => Promise<void>) | undefined {
    return this.#flows.get(path);
  }

  get(path: string): ((request: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>) | undefined {
    return this.#handlers.get(path);
  }
}

function decode<I extends DescMessage>(schema: I, bytes: Uint8Array): MessageShape<I> {
  try {
    return fromBinary(schema, bytes);
  } catch (error) {
    throw new Refusal(status.invalidArgument, `no ${schema.typeName}: ${String(error)}`);
  }
}

/**
 * Answers calls over one connection until it ends.
 * @param report hears of handlers that fail with anything but a {@link Refusal}
 * @returns settles when the connection is gone
 */
export function serve(connection: Duplex, routes: Routes, report: (error: unknown) => void): Promise<void> {
  const session: ServerHttp2Session = http2.performServerHandshake(connection, {
    settings: {
      maxConcurrentStreams: limits.calls,
      initialWindowSize: limits.streamWindow,
      maxHeaderListSize: 16 * 1024,
    },
    maxHeaderListPairs: 32,
  });
  session.setLocalWindowSize(limits.connectionWindow);
  session.on("stream", (stream, headers) => void answer(stream, headers, routes, report));
  session.on("error", () => undefined); // a connection that ends is no failure of ours
  return new Promise((resolve) => session.once("close", () => resolve()));
}

async function answer(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  routes: Routes,
  report: (error: unknown) => void,
): Promise<void> {
  const abort = new AbortController();
  stream.on("error", () => undefined); // so is a call that is given up
  stream.once("aborted", () => abort.abort());
  try {
    const path = headers[":path"] ?? "";
    const flow = routes.flow(path);
    if (flow !== undefined) return await flow(stream);
    const handler = routes.get(path);
    if (handler === undefined) throw new Refusal(status.unimplemented, `there is no ${path}`);
    const response = await handler(await receive(stream), abort.signal);
    if (stream.destroyed) return;
    stream.respond({ ":status": 200, "content-type": CONTENT_TYPE }, { waitForTrailers: true });
    stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": String(status.ok) }));
    stream.end(frame(response));
  } catch (error) {
    if (!(error instanceof Refusal) && !abort.signal.aborted) report(error);
    if (stream.destroyed || stream.headersSent) return;
    const code = error instanceof Refusal ? error.code : status.internal;
    const message = error instanceof Error ? error.message : String(error);
    const headers = {
      "content-type": CONTENT_TYPE,
      "grpc-status": String(code),
      "grpc-message": encodeMessage(message),
    };
    stream.respond({ ":status": 200, ...headers }, { endStream: true });
  }
}

/** The request's message. */
function receive(stream: ServerHttp2Stream): Promise<Uint8Array> {
  const frames = new FrameReader();
  return new Promise((resolve, reject) => {
    const refuse = (error: unknown): void => reject(new Refusal(status.invalidArgument, String(error)));
    stream.on("data", (chunk: Uint8Array) => {
      try {
        frames.push(chunk);
      } catch (error) {
        refuse(error);
        stream.pause();
      }
    });
    stream.once("end", () => {
      try {
        resolve(frames.message());
      } catch (error) {
        refuse(error);
      }
    });
    stream.once("close", () => reject(new Refusal(status.cancelled, "the caller has given up")));
  });
}
