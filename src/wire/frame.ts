/**
 * Length-prefixed messages, as gRPC has them on an HTTP/2 stream ("gRPC over HTTP2", Length-Prefixed-Message): one
 * byte that says whether the message is compressed, its length as a big-endian u32, the message.
 */
import { ElsewhereError } from "../errors.ts";
import { limits } from "./limits.ts";

const PREFIX = 5;

export function frame(message: Uint8Array): Uint8Array {
  const framed = Buffer.allocUnsafe(PREFIX + message.length);
  framed.writeUInt8(0, 0);
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, PREFIX);
  return framed;
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
