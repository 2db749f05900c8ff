/** What is answered, by path. */
import { create, fromBinary, type DescMessage, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import type { ServerHttp2Stream } from "node:http2";
import { type Clock, within } from "./clock.ts";
import { readMessage } from "./flow.ts";
import { type Framed, framed } from "./frame.ts";
import { limits } from "./limits.ts";
import { type Method, pathOf } from "./method.ts";
import { roomOf } from "./room.ts";
import { status } from "./status.ts";

/** Answers one call. @param signal aborted when the caller has given up */
export type Handler<I extends DescMessage, O extends DescMessage> = (
  request: MessageShape<I>,
  signal: AbortSignal,
) => Promise<MessageInitShape<O>> | MessageInitShape<O>;

/** Answers a call whose stream stays; the stream is the handler's from then on. @returns when it has no more to begin */
export type FlowHandler<I extends DescMessage> = (
  request: MessageShape<I>,
  stream: ServerHttp2Stream,
) => Promise<void> | void;

/** A call that is refused: a handler throws it. */
export class Refusal extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** A call that has come in whole. */
export interface Asked {
  /** Bytes that its answer may have. */
  readonly room: number;
  readonly run: (signal: AbortSignal) => Promise<Framed>;
}

export class Routes {
  readonly #asked = new Map<string, (request: Uint8Array) => Asked>();
  readonly #flows = new Map<string, (stream: ServerHttp2Stream, clock: Clock) => Promise<void>>();

  on<I extends DescMessage, O extends DescMessage>(method: Method<I, O>, handler: Handler<I, O>): void {
    this.#asked.set(pathOf(method), (bytes) => {
      const request = decode(method.input, bytes);
      const room = roomOf(method, request);
      return {
        room,
        run: async (signal) => {
          const answer = framed(method.output, create(method.output, await handler(request, signal)));
          if (answer.length > Math.min(room, limits.messageBytes))
            throw new Refusal(status.internal, `an answer of ${answer.length} bytes, at most ${room} are allowed`);
          return answer;
        },
      };
    });
  }

  onFlow<I extends DescMessage, O extends DescMessage>(method: Method<I, O>, handler: FlowHandler<I>): void {
    this.#flows.set(pathOf(method), async (stream, clock) => {
      const late = (): Error => new Refusal(status.deadlineExceeded, `no whole message in ${limits.requestMs} ms`);
      const reading = readMessage(stream, method.input, limits.flowBytes).catch((error: unknown) => {
        throw new Refusal(status.invalidArgument, String(error));
      });
      const request = await within(clock, limits.requestMs, reading, late);
      if (!stream.destroyed) await handler(request, stream);
    });
  }

  /** What takes a stream of its own; throws a {@link Refusal}. */
  flow(path: string): ((stream: ServerHttp2Stream, clock: Clock) => Promise<void>) | undefined {
    return this.#flows.get(path);
  }

  /** @returns what makes a call of a message, or throws a {@link Refusal} */
  get(path: string): ((request: Uint8Array) => Asked) | undefined {
    return this.#asked.get(path);
  }
}

function decode<I extends DescMessage>(schema: I, bytes: Uint8Array): MessageShape<I> {
  try {
    return fromBinary(schema, bytes);
  } catch (error) {
    throw new Refusal(status.invalidArgument, `no ${schema.typeName}: ${String(error)}`);
  }
}
