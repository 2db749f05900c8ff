/**
 * A socket of messages in a replay. Behind its descriptor is a stream of ours that has one byte for each message that can
 * be received, so that waiting for one (poll, epoll, blocking) is the kernel's; the messages themselves are
 * handed over by hooks.
 */
import type { Socket } from "node:net";
import type { AnyCall } from "../../hooks/types.ts";
import { giveAddress } from "./address-text.ts";
import type { Arrival } from "./script.ts";

const MSG_PEEK = 2;
const MSG_DONTWAIT = 0x40;
const EAGAIN = -11;
/** struct user_msghdr (include/linux/socket.h) */
const msghdr = { nameLength: 8, controlLength: 40, flags: 48 } as const;

export class MessageChannel {
  readonly #queue: Arrival[] = [];
  #bell: Socket | undefined;
  #rings = 0;

  /** The program's stream has come. */
  connect(bell: Socket): void {
    this.#bell = bell;
    bell.on("error", () => {}); // the program went away
    bell.resume();
    bell.unref();
    if (this.#rings > 0) bell.write(Buffer.alloc(this.#rings));
    this.#rings = 0;
  }

  push(...arrivals: readonly Arrival[]): void {
    if (arrivals.length === 0) return;
    this.#queue.push(...arrivals);
    if (this.#bell === undefined) this.#rings += arrivals.length;
    else this.#bell.write(Buffer.alloc(arrivals.length));
  }

  /** A receiving call: waits as long as the kernel has it wait. */
  async receive(call: AnyCall, fd: number): Promise<number | null> {
    const given = call.is("recvfrom") || call.is("recvmsg") ? call.args.flags : 0;
    const ubuf = call.lend(1);
    const flags = given & (MSG_DONTWAIT | MSG_PEEK);
    const rung = await call.run("recvfrom", { fd, ubuf, size: 1, flags });
    if (rung === null || rung < 0) return rung;
    const message = (flags & MSG_PEEK) === 0 ? this.#queue.shift() : this.#queue[0];
    if (message === undefined || call.buffer === undefined) return EAGAIN;
    const length = call.buffer.write(message.data.subarray(0, call.buffer.length));
    const from = message.from ?? new Uint8Array(0);
    if (call.is("recvfrom")) giveAddress(call.args.addr, call.args.addr_len, from);
    else if (call.is("recvmsg")) fillHeader(call.args.msg, from, (at) => call.at(at));
    return length;
  }
}

type Pointer = ReturnType<AnyCall["at"]>;

function fillHeader(at: Pointer, from: Uint8Array, pointerTo: (address: bigint) => Pointer): void {
  const header = Buffer.from(at.read(56));
  if (header.length < 56) return;
  const name = header.readBigUInt64LE(0);
  if (name !== 0n) {
    pointerTo(name).write(from.subarray(0, header.readUInt32LE(msghdr.nameLength)));
    header.writeUInt32LE(from.length, msghdr.nameLength);
  }
  header.writeBigUInt64LE(0n, msghdr.controlLength);
  header.writeUInt32LE(0, msghdr.flags);
  at.write(header);
}
