/**
 * Sockets, while a run is recorded: where they lead, and what comes and goes in which order. Calls on marked descriptors
 * alone are asked for.
 */
import { errnoNumber } from "../../linux/errno.ts";
import { u32 } from "../../linux/scalar.ts";
import type { AnyCall, CallName, Outcome } from "../../hooks/types.ts";
import { addressOf } from "../peers.ts";
import { SO_ERROR, SOL_SOCKET, socketKey, SOCK_TYPE_MASK } from "./socket-calls.ts";
import type { RecordingWriter } from "./writer.ts";

/** A socket of the recorded run. */
export interface RecordedSocket {
  readonly id: number;
  readonly isStream: boolean;
  /** Bytes, or messages. */
  sent: number;
  readonly listener: RecordedSocket | undefined;
  local: string;
  remote: string;
  hasEnded: boolean;
}

const SOCK_STREAM = 1;
const MSG_PEEK = 2;
const errno = (name: string): number => -(errnoNumber(name) ?? 0);
/** The call is made again later. */
const passing: readonly number[] = ["EAGAIN", "EINTR"].map(errno);
const EINPROGRESS = errno("EINPROGRESS");

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");

export class SocketRecorder {
  readonly #writer: RecordingWriter;
  readonly #processOf: (call: AnyCall) => number;
  #sockets = 0;

  constructor(writer: RecordingWriter, processOf: (call: AnyCall) => number) {
    this.#writer = writer;
    this.#processOf = processOf;
  }

  /** The recorded socket behind a descriptor. */
  of(call: AnyCall, fd: number): RecordedSocket | undefined {
    return call.process.descriptors.get(fd)?.data.get(socketKey) as RecordedSocket | undefined;
  }

  async socket(call: AnyCall): Promise<Outcome> {
    if (!call.is("socket")) return;
    const { family, type, protocol } = call.args;
    const fd = await call.proceed();
    if (fd !== null && fd >= 0) this.#begin(call, fd, family, type & SOCK_TYPE_MASK, protocol, undefined);
    return fd;
  }

  async connect(call: AnyCall, socket: RecordedSocket): Promise<Outcome> {
    const address = base64(call.address?.bytes ?? new Uint8Array(0));
    const result = await call.proceed();
    if (result === null) return result;
    const failure = result < 0 && result !== EINPROGRESS ? -result : 0;
    this.#writer.write({ k: "connect", socket: socket.id, address, errno: failure });
    return result;
  }

  async bind(call: AnyCall, socket: RecordedSocket): Promise<Outcome> {
    const address = base64(call.address?.bytes ?? new Uint8Array(0));
    const result = await call.proceed();
    if (result === 0) this.#writer.write({ k: "bind", socket: socket.id, address });
    else if (result !== null) this.#writer.write({ k: "answer", key: `bind ${address}`, result, data: "" });
    return result;
  }

  async listen(call: AnyCall, socket: RecordedSocket): Promise<Outcome> {
    const result = await call.proceed();
    if (result !== 0) return result;
    this.#writer.write({ k: "listen", socket: socket.id });
    await this.#local(call, Number(call.fd), socket);
    return result;
  }

  async accept(call: AnyCall, listener: RecordedSocket): Promise<Outcome> {
    const fd = await call.proceed();
    if (fd === null || fd < 0) return fd;
    const socket = this.#begin(call, fd, 0, SOCK_STREAM, 0, listener);
    if (socket === undefined) return fd;
    this.#writer.write({ k: "accept", listener: listener.id, socket: socket.id, sent: listener.sent });
    await this.#local(call, fd, socket);
    await this.#remote(call, fd, socket);
    return fd;
  }

  /** getsockname and getpeername. */
  async name(call: AnyCall, socket: RecordedSocket): Promise<Outcome> {
    const result = await call.proceed();
    if (result !== 0 || call.address === undefined) return result;
    const address = base64(call.address.bytes);
    if (call.name === "getsockname") this.#setLocal(socket, address);
    else this.#setRemote(socket, address);
    return result;
  }

  /** What the kernel says of a socket; an error that it tells is how its connecting ended. */
  async option(call: AnyCall, socket: RecordedSocket): Promise<Outcome> {
    const result = await call.proceed();
    if (!call.is("getsockopt") || result === null) return result;
    const { level, optname, optval, optlen } = call.args;
    const length = optlen.read(4);
    const data = result < 0 || length.length < 4 ? new Uint8Array(0) : optval.read(u32(length, 0));
    if (level === SOL_SOCKET && optname === SO_ERROR) {
      if (data.length >= 4 && u32(data, 0) !== 0) this.#broken(socket, u32(data, 0));
    } else this.#writer.write({ k: "answer", key: `getsockopt ${level} ${optname}`, result, data: base64(data) });
    return result;
  }

  async send(call: AnyCall, socket: RecordedSocket): Promise<Outcome> {
    const { buffer } = call;
    if (buffer === undefined) return;
    const bytes = buffer.read();
    // Before the call is made: an answer to it must not seem to come before it.
    const amount = socket.isStream ? bytes.length : 1;
    this.#add(socket, amount);
    const result = await call.proceed();
    const sent = result === null || result < 0 ? 0 : socket.isStream ? result : 1;
    this.#add(socket, sent - amount);
    if (result === null) return result;
    if (result >= 0) {
      const to = call.address === undefined ? {} : { to: base64(call.address.bytes) };
      this.#writer.write({ k: "send", socket: socket.id, data: base64(bytes.subarray(0, result)), ...to });
    } else if (!passing.includes(result)) this.#broken(socket, -result);
    return result;
  }

  async receive(call: AnyCall, socket: RecordedSocket): Promise<Outcome> {
    const result = await call.proceed();
    if (result === null || call.buffer === undefined) return result;
    if (call.is("recvfrom") && (call.args.flags & MSG_PEEK) !== 0) return result;
    if (result < 0) {
      if (!passing.includes(result)) this.#broken(socket, -result);
      return result;
    }
    if (result === 0 && socket.isStream && (call.buffer.length === 0 || socket.hasEnded)) return result;
    socket.hasEnded = result === 0;
    const { address } = call;
    const from = address === undefined || address.bytes.length < 2 ? {} : { from: base64(address.bytes) };
    const data = base64(call.buffer.read(result));
    this.#writer.write({ k: "receive", socket: socket.id, sent: socket.sent, data, ...from });
    return result;
  }

  #begin(
    call: AnyCall,
    fd: number,
    family: number,
    type: number,
    protocol: number,
    listener: RecordedSocket | undefined,
  ): RecordedSocket | undefined {
    const { descriptors } = call.process;
    const file = descriptors.get(fd);
    if (file === undefined) return undefined;
    const id = this.#sockets++;
    const isStream = type === SOCK_STREAM;
    const socket: RecordedSocket = { id, isStream, sent: 0, listener, local: "", remote: "", hasEnded: false };
    file.data.set(socketKey, socket);
    descriptors.mark(fd);
    this.#writer.write({ k: "socket", id, process: this.#processOf(call), family, type, protocol });
    return socket;
  }

  #add(socket: RecordedSocket, amount: number): void {
    socket.sent += amount;
    if (socket.listener !== undefined) socket.listener.sent += amount;
  }

  #broken(socket: RecordedSocket, number: number): void {
    this.#writer.write({ k: "broken", socket: socket.id, sent: socket.sent, errno: number });
  }

  async #local(call: AnyCall, fd: number, socket: RecordedSocket): Promise<void> {
    const address = await addressOf(call, fd, "getsockname");
    if (address !== undefined) this.#setLocal(socket, base64(address.bytes));
  }

  async #remote(call: AnyCall, fd: number, socket: RecordedSocket): Promise<void> {
    const address = await addressOf(call, fd, "getpeername");
    if (address !== undefined) this.#setRemote(socket, base64(address.bytes));
  }

  #setLocal(socket: RecordedSocket, address: string): void {
    if (socket.local !== address) this.#writer.write({ k: "local", socket: socket.id, address });
    socket.local = address;
  }

  #setRemote(socket: RecordedSocket, address: string): void {
    if (socket.remote !== address) this.#writer.write({ k: "remote", socket: socket.id, address });
    socket.remote = address;
  }
}

/** Calls that move data on a descriptor, by what they do. */
export const sending: readonly CallName[] = ["write", "writev", "sendto", "sendmsg"];
export const receiving: readonly CallName[] = ["read", "readv", "recvfrom", "recvmsg"];
