/**
 * One peer of a program's datagram socket, as the program's kernel sees it: a socket of this process on the loopback
 * interface. The program's own stays what it is.
 */
import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import { socketAddress } from "../../hooks/address.ts";
import { close, knock, nameOf, take } from "./own-sockets.ts";

/** One of the program's descriptors of the socket. */
export interface Where {
  readonly pid: number;
  readonly fd: number;
}

export class Relay {
  readonly host: string;
  port = 0;
  readonly #where: Where;
  readonly #arrived: (data: Uint8Array) => void;
  #socket: Socket | undefined;
  #meeting: Promise<void> | undefined;
  #isClosed = false;

  /** @param isV6 whether the program's socket is of AF_INET6 and goes to what is no IPv4 address */
  constructor(where: Where, isV6: boolean, arrived: (data: Uint8Array) => void) {
    this.host = isV6 ? "::1" : "127.0.0.1";
    this.#where = where;
    this.#arrived = arrived;
  }

  async open(): Promise<void> {
    const socket = createSocket(isIPv6(this.host) ? "udp6" : "udp4");
    this.#socket = socket;
    socket.on("message", this.#arrived);
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind({ port: this.port, address: this.host, exclusive: true }, resolve);
    });
    socket.removeAllListeners("error");
    socket.on("error", () => undefined); // the program's socket is gone: it will be told
    socket.unref();
    this.port = socket.address().port;
    if (this.#isClosed) socket.close();
  }

  /** From now on it hears of the program's socket alone. The socket must have a port; before that nothing happens. */
  async meet(): Promise<void> {
    if (this.#meeting === undefined) {
      const { port = 0, host = this.host } = this.#program() ?? {};
      const address = host === "0.0.0.0" || host === "::" ? this.host : host.replace("::ffff:", "");
      const socket = this.#socket;
      if (port === 0 || socket === undefined || this.#isClosed) return;
      this.#meeting = new Promise((resolve) => {
        socket.once("close", resolve); // then node:dgram says nothing of the connecting
        socket.connect(port, address, () => resolve());
      });
    }
    await this.#meeting;
  }

  /** To the program. An answer may be here before anybody has heard that the question was sent. */
  async send(data: Uint8Array): Promise<void> {
    await this.meet();
    try {
      if (!this.#isClosed) this.#socket?.send(data, () => undefined);
    } catch {
      // It is not connected: the program has not sent anything yet.
    }
  }

  /** Has the program's socket, connected to this one, find ECONNREFUSED: for a moment nobody is here. */
  async refuse(): Promise<void> {
    const taken = take(this.#where, this.#where.fd);
    if (taken < 0 || this.#isClosed) return;
    this.#socket?.close();
    knock(taken);
    close(taken);
    this.#meeting = undefined;
    await this.open();
    await this.meet();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      this.#socket?.close();
    } catch {
      // not open yet
    }
  }

  #program(): { readonly host?: string; readonly port?: number } | undefined {
    const taken = take(this.#where, this.#where.fd);
    if (taken < 0) return undefined;
    const name = nameOf(taken);
    close(taken);
    return typeof name === "number" ? undefined : socketAddress(name);
  }
}
