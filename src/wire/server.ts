/** The end of a connection that answers. */
import http2, {
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerSessionOptions,
} from "node:http2";
import type { Duplex } from "node:stream";
import { type Clock, realClock } from "./clock.ts";
import { endWith, FrameReader } from "./frame.ts";
import { limits } from "./limits.ts";
import { Refusal, type Routes } from "./routes.ts";
import { CONTENT_TYPE, encodeMessage, status } from "./status.ts";

export interface ServeOptions {
  readonly routes: Routes;
  /** Hears of handlers that fail with anything but a {@link Refusal}. */
  readonly report: (error: unknown) => void;
  readonly clock?: Clock;
  /** Ends the connection. */
  readonly signal?: AbortSignal;
}

/** The options that @types/node does not know yet; node:http2 has had them since 20.6. */
type Options = ServerSessionOptions & { readonly streamResetBurst: number; readonly streamResetRate: number };

const options: Options = {
  settings: {
    maxConcurrentStreams: limits.calls + limits.flows,
    initialWindowSize: limits.streamWindow,
    maxHeaderListSize: limits.headerBytes,
  },
  maxHeaderListPairs: limits.headers,
  maxSessionMemory: limits.http2Megabytes,
  streamResetBurst: limits.resetBurst,
  streamResetRate: limits.resetsPerSecond,
};

/**
 * Answers calls over one connection until it ends, or nothing was heard of the caller for `limits.silenceMs`.
 * @returns settles when the connection is gone and every call that was begun has ended
 */
export async function serve(connection: Duplex, { routes, report, clock, signal }: ServeOptions): Promise<void> {
  const time = clock ?? realClock;
  const session: ServerHttp2Session = http2.performServerHandshake(connection, options);
  // The session ends with its connection. Destroyed itself while a write is under way it would write its farewell,
  // which node:http2 asserts (JSStreamSocket.doWrite) that it never does.
  const end = (): unknown => connection.destroy();
  const held: Held = { bytes: 0, room: 0 };
  const inHand = new Set<Promise<void>>();
  let callOff = time.after(limits.silenceMs, end);
  const heard = (): void => {
    callOff();
    if (!session.destroyed) callOff = time.after(limits.silenceMs, end);
  };
  session.setLocalWindowSize(limits.connectionWindow);
  session.on("ping", heard);
  session.on("error", () => undefined); // a connection that ends is no failure of ours
  connection.on("error", () => undefined);
  session.on("stream", (stream, headers) => {
    heard();
    const call = answer(stream, headers, { routes, report, clock: time, held }).finally(() => inHand.delete(call));
    inHand.add(call);
  });
  signal?.addEventListener("abort", end, { once: true });
  if (signal?.aborted === true) end();
  await new Promise<void>((resolve) => session.once("close", resolve));
  callOff();
  signal?.removeEventListener("abort", end);
  await Promise.allSettled(inHand);
}

/** What a connection makes the agent hold, bytes. */
interface Held {
  bytes: number;
  room: number;
}

interface Calls {
  readonly routes: Routes;
  readonly report: (error: unknown) => void;
  readonly clock: Clock;
  readonly held: Held;
}

async function answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, calls: Calls): Promise<void> {
  const abort = new AbortController();
  stream.on("error", () => undefined); // so is a call that is given up
  let isAnswered = false;
  stream.once("close", () => {
    if (!isAnswered) abort.abort();
  });
  try {
    const path = headers[":path"] ?? "";
    const told = (error: unknown): never => {
      if (!(error instanceof Refusal) && !abort.signal.aborted) calls.report(error);
      throw error;
    };
    const flow = calls.routes.flow(path);
    if (flow !== undefined) return await flow(stream, calls.clock).catch(told);
    const route = calls.routes.get(path);
    if (route === undefined) throw new Refusal(status.unimplemented, `there is no ${path}`);
    const bytes = await receive(stream, calls);
    const { room, run } = route(bytes);
    if (calls.held.room + room > limits.heldBytes) throw tooMuch();
    calls.held.room += room;
    if (stream.destroyed) calls.held.room -= room;
    else stream.once("close", () => (calls.held.room -= room));
    const response = await run(abort.signal).catch(told);
    if (stream.destroyed) return;
    isAnswered = true;
    stream.respond({ ":status": 200, "content-type": CONTENT_TYPE }, { waitForTrailers: true });
    stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": String(status.ok) }));
    endWith(stream, response);
  } catch (error) {
    if (!stream.destroyed && !stream.headersSent) refuse(stream, error);
  }
}

function refuse(stream: ServerHttp2Stream, error: unknown): void {
  const code = error instanceof Refusal ? error.code : status.internal;
  const message = encodeMessage(error instanceof Error ? error.message : String(error));
  const headers = { "content-type": CONTENT_TYPE, "grpc-status": String(code), "grpc-message": message };
  stream.respond({ ":status": 200, ...headers }, { endStream: true });
  // What is still to come of the request is not wanted: RFC 9113, section 8.1.
  stream.close(http2.constants.NGHTTP2_NO_ERROR);
}

const tooMuch = (): Refusal => new Refusal(status.resourceExhausted, `more than ${limits.heldBytes} bytes under way`);

/** The request's message; its bytes count as held until the call is over. */
function receive(stream: ServerHttp2Stream, { clock, held }: Calls): Promise<Uint8Array> {
  const frames = new FrameReader();
  return new Promise((resolve, reject) => {
    let isOver = false;
    let bytes = 0;
    const refuse = (error: unknown): void => {
      isOver = true;
      reject(error instanceof Refusal ? error : new Refusal(status.invalidArgument, String(error)));
    };
    const callOff = clock.after(limits.requestMs, () =>
      refuse(new Refusal(status.deadlineExceeded, `no whole message in ${limits.requestMs} ms`)),
    );
    stream.on("data", (chunk: Uint8Array) => {
      if (isOver) return;
      try {
        if (held.bytes + chunk.length > limits.heldBytes) throw tooMuch();
        held.bytes += chunk.length;
        bytes += chunk.length;
        frames.push(chunk);
      } catch (error) {
        refuse(error);
      }
    });
    stream.once("end", () => {
      callOff();
      if (isOver) return;
      try {
        resolve(frames.message());
        isOver = true;
      } catch (error) {
        refuse(error);
      }
    });
    stream.once("close", () => {
      callOff();
      held.bytes -= bytes;
      if (!isOver) refuse(new Refusal(status.cancelled, "the caller has given up"));
    });
  });
}
