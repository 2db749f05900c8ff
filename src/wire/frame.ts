/**
 * Length-prefixed messages, as gRPC has them on an HTTP/2 stream ("gRPC over HTTP2", Length-Prefixed-Message): one
 * byte that says whether the message is compressed, its length as a big-endian u32, the message.
 */
import type { Writable } from "node:stream";
import { type DescMessage, type Message, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { ElsewhereError } from "../errors.ts";
import { limits } from "./limits.ts";

const PREFIX = 5;
/** Bytes of a field from which on they are not copied. */
const LONG = 4096;
const NONE = new Uint8Array(0);

/** A message as it is sent. */
export interface Framed {
  /** Of the message, its prefix not counted. */
  readonly length: number;
  /** The prefix, and the message but for `tail`. */
  readonly head: Uint8Array;
  /** What stands behind it, where it is long: the field's own bytes, no copy. */
  readonly tail: Uint8Array | undefined;
}

export function framed<M extends DescMessage>(schema: M, message: MessageShape<M>): Framed {
  const field = longField(schema, message);
  if (field === undefined) return withPrefix(toBinary(schema, message));
  const { number, localName, bytes } = field;
  // Of a field that is there twice the last counts ("Encoding", Last One Wins).
  const rest = toBinary(schema, { ...message, [localName]: NONE });
  const start = new BinaryWriter().raw(rest).tag(number, WireType.LengthDelimited).uint32(bytes.length).finish();
  return withPrefix(start, bytes);
}

/** Sends it as the last, or the only, message of a stream. */
export function endWith(stream: Writable, { head, tail }: Framed): void {
  if (tail === undefined) return void stream.end(head);
  stream.cork();
  stream.write(head);
  stream.end(tail);
}

function withPrefix(message: Uint8Array, tail?: Uint8Array): Framed {
  const length = message.length + (tail?.length ?? 0);
  const head = Buffer.allocUnsafe(PREFIX + message.length);
  head.writeUInt8(0, 0);
  head.writeUInt32BE(length, 1);
  head.set(message, PREFIX);
  return { length, head, tail };
}

function longField(
  schema: DescMessage,
  message: Message,
): { number: number; localName: string; bytes: Uint8Array } | undefined {
  for (const { fieldKind, number, localName } of schema.fields) {
    const bytes: unknown =
      fieldKind === "scalar" ? (message as unknown as Record<string, unknown>)[localName] : undefined;
    if (bytes instanceof Uint8Array && bytes.length >= LONG) return { number, localName, bytes };
  }
  return undefined;
}

/** Puts the one message of a stream together. */
export class FrameReader {
  readonly #most: number;
  #chunks: Uint8Array[] = [];
  #length = 0;
  #wanted: number | undefined;

  /** @param most bytes of the message */
  constructor(most: number = limits.messageBytes) {
    this.#most = most;
  }

  /** @throws ElsewhereError `protocol` on what is no frame, longer than allowed, or more than one message */
  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#wanted === undefined && this.#length >= PREFIX) this.#readPrefix();
    if (this.#wanted !== undefined && this.#length > PREFIX + this.#wanted)
      throw broken(`${this.#length - PREFIX - this.#wanted} bytes stand behind the message`);
  }

  /** @throws ElsewhereError `protocol` where bytes are missing */
  message(): Uint8Array {
    if (this.#wanted === undefined || this.#length < PREFIX + this.#wanted)
      throw broken(`the message ends after ${this.#length} of ${PREFIX + (this.#wanted ?? 0)} bytes`);
    return this.#whole().subarray(PREFIX);
  }

  #readPrefix(): void {
    const prefix = this.#whole();
    if (prefix[0] !== 0) throw broken(`compression ${prefix[0]} was not agreed on`);
    const length = Buffer.from(prefix.buffer, prefix.byteOffset, PREFIX).readUInt32BE(1);
    if (length > this.#most) throw broken(`a message of ${length} bytes, at most ${this.#most} are allowed`);
    this.#wanted = length;
  }

  #whole(): Uint8Array {
    const [first = new Uint8Array(0), ...rest] = this.#chunks;
    if (rest.length === 0) return first;
    const whole = Buffer.concat(this.#chunks);
    this.#chunks = [whole];
    return whole;
  }
}

function broken(fact: string): ElsewhereError {
  return new ElsewhereError({
    code: "protocol",
    message: "the other end does not keep to the protocol",
    context: [fact],
  });
}
