/**
 * A netlink socket of the program, by which it asks about the target's network. Its descriptor is a Unix socket of
 * messages whose other end is ours: what the target's kernel has answered is put into it, so that receiving, looking ahead
 * and waiting are the kernel's.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { OpenedFile } from "../../hooks/types.ts";
import { errnoNumber } from "../../linux/errno.ts";
import { toPort } from "../../linux/netlink.ts";
import { close, send } from "./own-sockets.ts";

const key = Symbol("netlink socket");
const AF_NETLINK = 16;
const EAGAIN = errnoNumber("EAGAIN") ?? 0;

/** How soon to look again whether the program has made room by reading, milliseconds. */
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 50;

/** Ports that netlink sockets of the run have: nl_pid (netlink(7)). */
export type Ports = Set<number>;

/** What the kernel takes where the process's own number is taken (af_netlink.c, netlink_autobind). */
const FIRST_FREE_PORT = -4097;

export class NetlinkSocket implements Disposable {
  /** NETLINK_* */
  readonly protocol: number;
  /** The socket that the program has made, kept for its options. */
  readonly original: number;
  groups = 0;
  isStrict = false;
  readonly #end: number;
  readonly #ports: Ports;
  #port: number | undefined;
  #isReleased = false;
  /** Settles when what came before is in the socket. */
  #given: Promise<void> = Promise.resolve();

  /** @param end ours of the descriptor that the program has */
  constructor(protocol: number, original: number, end: number, ports: Ports) {
    this.protocol = protocol;
    this.original = original;
    this.#end = end;
    this.#ports = ports;
  }

  static of(file: OpenedFile | undefined): NetlinkSocket | undefined {
    const found = file?.data.get(key);
    return found instanceof NetlinkSocket ? found : undefined;
  }

  belongTo(file: OpenedFile | undefined, live: Set<Disposable>): void {
    file?.data.set(key, this);
    live.add(this);
    file?.onReleased.push(() => {
      live.delete(this);
      this[Symbol.dispose]();
    });
  }

  /**
   * bind(2) (af_netlink.c, netlink_bind).
   * @param port 0: the process's number, or one that is free
   * @returns 0 or −errno
   */
  bind(port: number, pid: number): number {
    if (this.#port !== undefined) return port === 0 || port === this.#port ? 0 : -(errnoNumber("EINVAL") ?? 0);
    if (port !== 0 && this.#ports.has(port)) return -(errnoNumber("EADDRINUSE") ?? 0);
    let own = port === 0 ? pid : port;
    for (let next = FIRST_FREE_PORT; this.#ports.has(own); next--) own = next;
    this.#port = own;
    this.#ports.add(own);
    return 0;
  }

  /** getsockname(2): struct sockaddr_nl. */
  get name(): Uint8Array {
    return netlinkAddress(this.#port ?? 0, this.groups);
  }

  /** Puts the kernel's answers where the program receives. */
  give(datagrams: readonly Uint8Array[]): void {
    const port = this.#port ?? 0;
    this.#given = this.#given.then(() => this.#put(datagrams.map((each) => toPort(each, port))));
  }

  async #put(datagrams: readonly Uint8Array[]): Promise<void> {
    for (const datagram of datagrams)
      for (let pauseMs = FIRST_PAUSE_MS; !this.#isReleased; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
        if (send(this.#end, datagram) !== -EAGAIN) break;
        await delay(pauseMs, undefined, { ref: false });
      }
  }

  [Symbol.dispose](): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    if (this.#port !== undefined) this.#ports.delete(this.#port);
    close(this.original);
    close(this.#end);
  }
}

/** struct sockaddr_nl (include/uapi/linux/netlink.h): the kernel's where the port is 0. */
export function netlinkAddress(port: number, groups: number): Uint8Array {
  const address = Buffer.alloc(12);
  address.writeUInt16LE(AF_NETLINK, 0);
  address.writeUInt32LE(port >>> 0, 4);
  address.writeUInt32LE(groups >>> 0, 8);
  return address;
}
