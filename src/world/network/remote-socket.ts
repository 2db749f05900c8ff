/**
 * A stream socket of the program whose other end is in the target. The program's descriptor is a Unix socket that is
 * connected to this process, so all data is moved by the kernel; what the program asks of the socket itself is
 * asked of the socket that it made at first (options), or answered from here (addresses, its error, connecting again).
 */
import { Socket } from "node:net";
import type { OpenedFile } from "../../hooks/types.ts";
import type { RemoteConnection } from "../../session/remote-network.ts";
import { flowCode, type FlowStream, joinFlow } from "../../wire/flow.ts";
import { Reader } from "../../wire/pump.ts";
import { error } from "../errors.ts";
import { endpointBytes } from "./addresses.ts";
import { close, drain, getOption, leaveUnread, nameOf } from "./own-sockets.ts";

const key = Symbol("remote socket");
/** Why an attempt is given up; without a reason of its own AbortController makes an error, with its stack. */
const closed = "closed";
const SOL_SOCKET = 1;
const SO_LINGER = 13;

/** This process's end of the Unix socket. */
export interface OwnEnd {
  readonly descriptor: number;
  /** Bytes in it that are none of the program's. */
  readonly filling: number;
  /** Which socket the program's end is. */
  readonly cookie: string | undefined;
}

export interface Keeping {
  /** What is to be disposed of when the program has ended. */
  readonly live: Set<Disposable>;
  /** How long what a closed socket has written may take to arrive, milliseconds. */
  readonly orphanMs: number;
}

export class RemoteSocket implements Disposable {
  /** The socket that the program made at first, here. */
  readonly original: number;
  readonly #giveUp = new AbortController();
  /** Connecting once more will tell what has become of it. */
  hasNews: boolean;
  /** Has calls on it asked from now on: the connection was reset or lost, or never was. */
  mark: (() => void) | undefined;
  /** Where it is: one of the program's descriptors. */
  readonly #where: { readonly pid: number; readonly fd: number };
  #isReleased = false;
  #orphanMs = 0;
  #connection: RemoteConnection | undefined;
  /** −errno, until somebody has been told. */
  #error = 0;
  #state: "connecting" | "connected" | "failed" = "connecting";
  #end: OwnEnd | undefined;
  #cookie: string | undefined;
  #stream: FlowStream | undefined;
  #socket: Socket | undefined;

  /** @param isWaiting the program waits for the outcome in the call itself */
  constructor(original: number, where: { readonly pid: number; readonly fd: number }, isWaiting: boolean) {
    this.hasNews = !isWaiting;
    this.original = original;
    this.#where = where;
  }

  static of(file: OpenedFile | undefined): RemoteSocket | undefined {
    const found = file?.data.get(key);
    return found instanceof RemoteSocket ? found : undefined;
  }

  get state(): "connecting" | "connected" | "failed" {
    return this.#state;
  }

  /** Aborted when nobody has it open any more. */
  get signal(): AbortSignal {
    return this.#giveUp.signal;
  }

  /** The program's descriptor is open on it. */
  belongTo(file: OpenedFile | undefined, end: OwnEnd, { live, orphanMs }: Keeping): void {
    this.#orphanMs = orphanMs;
    this.#end = end;
    this.#cookie = end.cookie;
    file?.data.set(key, this);
    live.add(this);
    file?.onReleased.push(() => {
      live.delete(this);
      this[Symbol.dispose]();
    });
  }

  /** The remote end is decided. */
  decide(outcome: RemoteConnection | number): void {
    const end = this.#end;
    if (end === undefined || this.#isReleased) {
      if (typeof outcome !== "number") outcome.stream.close(flowCode.closed);
      return;
    }
    if (typeof outcome === "number") {
      this.#state = "failed";
      this.#error = outcome;
      this.mark?.();
      close(end.descriptor); // with something unread: the program finds an error
      this.#end = undefined;
      return;
    }
    this.#state = "connected";
    this.#connection = outcome;
    drain(end.descriptor, end.filling);
    this.#join(end.descriptor, outcome.stream);
  }

  /** getsockname(2): struct sockaddr, or −errno; before there is a connection, of the socket that the program has made. */
  get local(): Uint8Array | number {
    if (this.#connection === undefined) return nameOf(this.original);
    const { local } = this.#connection;
    if (local !== undefined) return endpointBytes(local);
    const name = nameOf(this.original); // a Unix socket has the name that it was bound to here, if any
    return typeof name === "number" ? endpointBytes(undefined) : name;
  }

  /** getpeername(2): struct sockaddr, or −errno */
  get remote(): Uint8Array | number {
    if (this.#connection === undefined || this.#isOver) return error("ENOTCONN");
    return endpointBytes(this.#connection.remote);
  }

  /** TCP knows no peer any more when both have ended (net/ipv4/af_inet.c, inet_getname: TCP_CLOSE); a Unix socket does. */
  get #isOver(): boolean {
    const [stream, remote] = [this.#stream, this.#connection?.remote];
    if (stream === undefined || remote?.kind?.case === "unix") return false;
    return stream.destroyed || (stream.readableEnded && stream.writableFinished);
  }

  /** Whether our end is there: then nothing has happened to the program's. */
  get isJoined(): boolean {
    return this.#socket?.destroyed === false;
  }

  /** SO_ERROR: told once. @returns −errno or 0 */
  takeError(): number {
    const failed = this.#error;
    this.#error = 0;
    return failed;
  }

  #join(descriptor: number, stream: FlowStream): void {
    const reader = new Reader(stream);
    const socket = new Socket({ fd: descriptor, allowHalfOpen: true, onread: reader });
    this.#end = undefined;
    this.#stream = stream;
    this.#socket = socket;
    const lost = (): void => {
      if (!this.#isReleased) {
        this.mark?.();
        leaveUnread(this.#where, this.#where.fd, this.#cookie);
      }
      socket.destroy();
    };
    joinFlow(socket, stream, lost, reader);
    // The other end may have ended long before, as it meant to: nothing takes any more what the program still writes.
    stream.once("close", () => {
      if (!socket.destroyed && !stream.writableFinished) lost();
    });
    stream.once("finish", () => this.#closeWhenDone());
    socket.unref();
  }

  /** Nobody has it open any more. */
  [Symbol.dispose](): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    if (this.#state === "connecting") this.#giveUp.abort(closed);
    const linger = getOption(this.original, SOL_SOCKET, SO_LINGER, 8);
    close(this.original);
    if (this.#end !== undefined) close(this.#end.descriptor);
    this.#end = undefined;
    // struct linger: l_onoff, l_linger; on with no time is a reset (socket(7)).
    const isAbrupt = typeof linger !== "number" && linger[0] !== 0 && linger.subarray(4).every((byte) => byte === 0);
    if (isAbrupt) this.#stream?.close(flowCode.reset);
    else this.#closeWhenDone();
    const stream = this.#stream;
    if (stream === undefined || stream.destroyed) return;
    // As the kernel gives up on a connection that nobody has and whose other end takes nothing (tcp(7), tcp_orphan_retries).
    const timer = setTimeout(() => stream.close(flowCode.cancelled), this.#orphanMs).unref();
    stream.once("close", () => clearTimeout(timer));
  }

  /** All that the program has written is on its way, and it reads no more. */
  #closeWhenDone(): void {
    if (this.#isReleased && this.#stream?.writableFinished === true) this.#stream.close(flowCode.closed);
  }
}
