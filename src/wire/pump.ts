/**
 * Moves the bytes of a connection between a socket and the stream that carries it.
 *
 * Node.js's pipe() allocates 64 KiB for each read, and has one chunk under way at a time: a flow then waits for its own
 * wake-ups, and most of its processor time is the garbage collector's. Here all sockets of a process are read into one
 * buffer, for reads are made one at a time and handed on at once; what was read is copied into blocks that are used again
 * when the stream has done with them, and up to `limits.flowUnderWay` bytes of a flow may be on their way.
 */
import type { OnReadOpts, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { limits } from "./limits.ts";

/** Bytes that one read gives at most: more than a socket's buffer holds, as systems have it. */
const BLOCK = 0x4_0000;
/** What is shorter is copied into memory of its own. */
const SHORT = 0x1000;
/** How much node:http2 puts into a frame at most (nghttp2's NGHTTP2_DATA_PAYLOADLEN). */
const FULL_FRAME = 0x4000;
/** Blocks that are kept for the next. */
const KEPT = 32;

const shared = Buffer.allocUnsafeSlow(BLOCK);
const blocks: Buffer[] = [];

/** From a socket to a stream, as it arrives: `onread` of the socket, which must be made with it. */
export class Reader implements OnReadOpts {
  readonly buffer: Uint8Array = shared;
  readonly #stream: Duplex;
  #socket: Socket | undefined;
  #underWay = 0;

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  /** The socket that is made with it; what has arrived before is read now. */
  belongTo(socket: Socket): void {
    this.#socket = socket;
    if (this.#mayRead) socket.resume();
  }

  /** @returns whether to read on */
  callback = (count: number): boolean => {
    const stream = this.#stream;
    if (stream.destroyed || stream.writableEnded) return true;
    this.#underWay += count;
    const block = count < SHORT ? undefined : (blocks.pop() ?? Buffer.allocUnsafeSlow(BLOCK));
    const bytes = block?.subarray(0, count) ?? Buffer.allocUnsafe(count);
    bytes.set(shared.subarray(0, count));
    stream.write(bytes, (error) => {
      // After an error it may still be on its way into the connection: nobody writes there again.
      if (!error && block !== undefined && blocks.length < KEPT) blocks.push(block);
      const wasFull = !this.#mayRead;
      this.#underWay -= count;
      if (wasFull && this.#mayRead && this.#socket?.destroyed === false) this.#socket.resume();
    });
    return this.#mayRead;
  };

  get #mayRead(): boolean {
    return this.#underWay < limits.flowUnderWay;
  }
}

/** What arrives at a stream goes out at a socket: what comes in one turn of the event loop in one call. */
export function writeInto(socket: Duplex, stream: Duplex): void {
  let isCorked = false;
  const uncork = (): void => {
    isCorked = false;
    socket.uncork();
  };
  const goOn = (): void => void stream.resume();
  stream.on("data", (chunk: Uint8Array) => {
    if (socket.destroyed || socket.writableEnded) return;
    // A frame that is not full has nothing behind it: who waits for it gets it now.
    if (!isCorked && chunk.length === FULL_FRAME) {
      isCorked = true;
      socket.cork();
      setImmediate(uncork);
    }
    socket.write(chunk);
    if (socket.writableLength < limits.flowUnderWay) return;
    stream.pause();
    socket.once("drain", goOn);
  });
}
