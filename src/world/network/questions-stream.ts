/** A connection to a DNS server whose questions are looked at: messages with their length in front (RFC 1035, section 4.2.2). */
import { Duplex } from "node:stream";
import { type FlowStream, passEnd } from "../../wire/flow.ts";
import type { NameServer, Questions } from "./questions.ts";

/** Two bytes of length. */
const PREFIX = 2;

export class QuestionsStream extends Duplex implements FlowStream {
  readonly #inner: FlowStream;
  readonly #questions: Questions;
  readonly #server: NameServer;
  #asked: Buffer = Buffer.alloc(0);
  #answered: Buffer = Buffer.alloc(0);
  /** Answers from here that are not there yet. */
  readonly #pending = new Set<Promise<void>>();

  constructor(inner: FlowStream, questions: Questions, server: NameServer) {
    super({ allowHalfOpen: true });
    this.#inner = inner;
    this.#questions = questions;
    this.#server = server;
    inner.on("data", (bytes: Buffer) => this.#answer(bytes));
    inner.once("end", () => void this.#finish());
    passEnd(inner, this);
    inner.once("close", () => this.destroy());
    inner.on("error", () => undefined); // "close" follows, and says as much
  }

  get rstCode(): number | undefined {
    return this.#inner.rstCode;
  }

  close(code: number): void {
    this.#inner.close(code);
  }

  override _read(): void {
    this.#inner.resume();
  }

  override _write(bytes: Buffer, _: BufferEncoding, done: (error?: Error) => void): void {
    const { messages, rest } = split(Buffer.concat([this.#asked, bytes]));
    this.#asked = rest;
    for (const message of messages) this.#ask(message);
    if (this.#inner.writableNeedDrain) this.#inner.once("drain", () => done());
    else done();
  }

  override _final(done: () => void): void {
    this.#inner.end(() => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.#inner.destroyed) this.#inner.destroy();
    done(error);
  }

  #ask(message: Buffer): void {
    const answer = this.#questions.ask(message.subarray(PREFIX), this.#server);
    if (answer === undefined) {
      this.#inner.write(message);
      return;
    }
    const told = this.#tell(answer);
    this.#pending.add(told);
    void told.finally(() => this.#pending.delete(told));
  }

  async #tell(answer: Promise<Uint8Array>): Promise<void> {
    const bytes = await answer;
    const length = Buffer.alloc(PREFIX);
    length.writeUInt16BE(bytes.length);
    if (!this.readableEnded && !this.destroyed) this.push(Buffer.concat([length, bytes]));
  }

  /** Whole messages alone: an answer from here may come between any two. */
  #answer(bytes: Buffer): void {
    const { messages, rest } = split(Buffer.concat([this.#answered, bytes]));
    this.#answered = rest;
    for (const message of messages) {
      this.#questions.heard(message.subarray(PREFIX));
      if (!this.push(message)) this.#inner.pause();
    }
  }

  async #finish(): Promise<void> {
    await Promise.all(this.#pending);
    if (this.destroyed) return;
    if (this.#answered.length > 0) this.push(this.#answered); // no message: the program may see what it is
    this.push(null);
  }
}

function split(bytes: Buffer): { readonly messages: Buffer[]; readonly rest: Buffer } {
  const messages: Buffer[] = [];
  let at = 0;
  while (bytes.length - at >= PREFIX) {
    const end = at + PREFIX + bytes.readUInt16BE(at);
    if (end > bytes.length) break;
    messages.push(bytes.subarray(at, end));
    at = end;
  }
  return { messages, rest: bytes.subarray(at) };
}
