/**
 * Calls whose stream stays open: a message each way, and behind it whatever the two have to say, as bytes. Flow control
 * is the stream's own (RFC 9113, section 5.2): who does not read stops who writes.
 */
import http2, {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { create, fromBinary, type DescMessage, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { ElsewhereError } from "../errors.ts";
import { framed } from "./frame.ts";
import { limits } from "./limits.ts";
import { type Method, pathOf } from "./method.ts";
import { type Reader, writeInto } from "./pump.ts";
import { CONTENT_TYPE, status } from "./status.ts";

const { NGHTTP2_CANCEL } = http2.constants;
const PREFIX = 5;

/** One end of a stream that stays. */
export interface FlowStream extends Duplex {
  /** Why it was closed, once it is. */
  readonly rstCode: number | undefined;
  close(code: number): void;
}

/** RST_STREAM codes, by what they mean here. */
export const flowCode = {
  /** close(2): NO_ERROR */
  closed: 0,
  /** Nobody wants it any more: CANCEL */
  cancelled: 8,
  /** A reset (RFC 9113, section 8.5): CONNECT_ERROR */
  reset: 10,
} as const;

/**
 * A stream that is reset may end first, for node:http2 writes its end before RST_STREAM. So an end that is meant says
 * so behind it: trailers with the status 0.
 */
const TRAILED = { endStream: false, waitForTrailers: true };

function tellOfEnd(stream: ClientHttp2Stream | ServerHttp2Stream): void {
  stream.once("wantTrailers", () => {
    if (!stream.closed && !stream.destroyed) stream.sendTrailers({ "grpc-status": String(status.ok) });
  });
  stream.once("trailers", (headers: IncomingHttpHeaders) => {
    if (Number(headers["grpc-status"]) === status.ok) endIsMeant(stream);
  });
}

/** Streams that the other end has ended as it meant to: it may have done so before anybody joins them to anything. */
const meant = new WeakSet<FlowStream>();

function endIsMeant(stream: FlowStream): void {
  meant.add(stream);
  stream.emit("meant");
}

/** Calls `then` once the other end has said that the end of the stream is meant. */
function whenMeant(stream: FlowStream, then: () => void): void {
  if (meant.has(stream)) then();
  else stream.once("meant", then);
}

/** The end of `outer` is meant where that of `inner` is, which it passes on. */
export const passEnd = (inner: FlowStream, outer: FlowStream): void => whenMeant(inner, () => endIsMeant(outer));

/** A call's stream, and the other end's message. */
export interface Flow<O extends DescMessage> {
  readonly stream: FlowStream;
  /** @throws Error when the stream ends without one @throws ElsewhereError `protocol` */
  readonly answer: Promise<MessageShape<O>>;
}

/** Begins a call. Nothing behind the answer is read before somebody reads it. */
export function beginFlow<I extends DescMessage, O extends DescMessage>(
  session: ClientHttp2Session,
  method: Method<I, O>,
  request: MessageInitShape<I>,
): Flow<O> {
  const stream = session.request({ ":method": "POST", ":path": pathOf(method), "content-type": CONTENT_TYPE }, TRAILED);
  stream.on("error", () => undefined); // "close" follows, and says as much
  tellOfEnd(stream);
  writeMessage(stream, method.input, request);
  return { stream, answer: answerOn(stream, method) };
}

async function answerOn<O extends DescMessage>(
  stream: ReturnType<ClientHttp2Session["request"]>,
  method: Method<DescMessage, O>,
): Promise<MessageShape<O>> {
  const headers = await new Promise<IncomingHttpHeaders>((resolve, reject) => {
    stream.once("response", resolve);
    stream.once("close", () => reject(new Error("the stream was closed")));
  });
  if (headers["grpc-status"] !== undefined) {
    stream.close(NGHTTP2_CANCEL);
    throw new ElsewhereError({
      code: "protocol",
      message: `the agent refused ${method.name}`,
      context: [`status ${String(headers["grpc-status"])}`],
    });
  }
  return readMessage(stream, method.output);
}

/** The other end: says what it has to say before the bytes. */
export function answerFlow<O extends DescMessage>(
  stream: ServerHttp2Stream,
  method: Method<DescMessage, O>,
  answer: MessageInitShape<O>,
): void {
  if (stream.destroyed || stream.headersSent) return;
  stream.respond({ ":status": 200, "content-type": CONTENT_TYPE }, TRAILED);
  tellOfEnd(stream);
  writeMessage(stream, method.output, answer);
}

/** @returns false where the other end is behind: wait for "drain" */
export const writeMessage = <M extends DescMessage>(
  stream: Duplex,
  schema: M,
  message: MessageInitShape<M>,
): boolean => {
  const { head, tail } = framed(schema, create(schema, message));
  const isAhead = stream.write(head);
  return tail === undefined ? isAhead : stream.write(tail);
};

/**
 * The next message. What stands behind it stays in the stream.
 * @throws Error when the stream ends before
 * @throws ElsewhereError `protocol` on what is no frame or longer than allowed
 */
export async function readMessage<M extends DescMessage>(
  stream: Duplex,
  schema: M,
  most: number = limits.messageBytes,
): Promise<MessageShape<M>> {
  const prefix = await readBytes(stream, PREFIX);
  const length = prefix.readUInt32BE(1);
  if (prefix[0] !== 0 || length > most)
    throw new ElsewhereError({
      code: "protocol",
      message: "the other end does not keep to the protocol",
      context: [`a frame of ${length} bytes, compression ${prefix[0]}`],
    });
  return fromBinary(schema, length === 0 ? prefix.subarray(0, 0) : await readBytes(stream, length));
}

/** So many bytes, and no more. @throws Error when the stream ends before */
export async function readBytes(stream: Duplex, length: number): Promise<Buffer> {
  // Piece by piece: asked for more than it has, a stream says at once that it is readable, and nothing else would ever run.
  const pieces: Buffer[] = [];
  for (let missing = length; missing > 0;) {
    if (stream.readableLength === 0) stream.read(0);
    const bytes = stream.read(Math.min(missing, stream.readableLength)) as Buffer | null;
    if (bytes !== null) {
      pieces.push(bytes);
      missing -= bytes.length;
    } else if (stream.readableEnded || stream.destroyed) throw new Error("the stream has ended");
    else await changeOf(stream);
  }
  const [first] = pieces;
  return pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces);
}

function changeOf(stream: Duplex): Promise<void> {
  return new Promise<void>((resolve) => {
    const go = (): void => {
      for (const name of events) stream.off(name, go);
      resolve();
    };
    for (const name of events) stream.on(name, go);
  });
}

const events = ["readable", "end", "close", "error"] as const;

/**
 * What arrives at one goes out at the other. An end is an end, and an error of the socket resets the stream.
 * @param socket made with a {@link Reader} of the stream as its `onread`, if with any
 * @param lost the stream was reset, or its connection is gone
 */
export function joinFlow(socket: Duplex, stream: FlowStream, lost: () => void, reader?: Reader): void {
  let [hasEnded, isMeant] = [stream.readableEnded, false];
  const end = (): void => {
    if (hasEnded && isMeant) socket.end();
  };
  socket.on("error", () => stream.close(flowCode.reset));
  if (reader === undefined || !(socket instanceof Socket)) socket.pipe(stream);
  else {
    reader.belongTo(socket);
    socket.once("end", () => stream.end());
  }
  writeInto(socket, stream);
  stream.once("end", () => {
    hasEnded = true;
    end();
  });
  whenMeant(stream, () => {
    isMeant = true;
    end();
  });
  const over = (): void => {
    if (!socket.destroyed && !(hasEnded && isMeant)) lost();
  };
  if (stream.destroyed) setImmediate(over);
  else stream.once("close", over);
}
