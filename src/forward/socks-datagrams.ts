/** UDP ASSOCIATE (RFC 1928, section 7): one client's datagrams, from a socket of the target for each kind of address. */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import { ipv4Bytes, ipv6Bytes } from "../linux/inet.ts";
import type { RemoteDatagrams, RemoteNetwork } from "../session/remote-network.ts";
import { flowCode, readMessage, writeMessage } from "../wire/flow.ts";
import { DatagramSchema } from "../wire/generated/elsewhere/v1/network_pb.ts";
import { type BoundAddress, readDatagram, writeDatagram } from "./socks-messages.ts";

/** Names that are remembered for the time of an association. */
const MOST_NAMES = 1000;

type Resolved = Promise<readonly Uint8Array[] | number>;

export class SocksDatagrams implements Disposable {
  readonly bound: BoundAddress;
  readonly #network: RemoteNetwork;
  readonly #socket: Socket;
  readonly #client: string;
  /** The client's port is that of its first datagram. */
  #port: number | undefined;
  readonly #remotes = new Map<boolean, Promise<RemoteDatagrams | number>>();
  readonly #names = new Map<string, Resolved>();
  #isOver = false;

  private constructor(network: RemoteNetwork, socket: Socket, client: string) {
    this.#network = network;
    this.#socket = socket;
    this.#client = plain(client);
    const { address, port } = socket.address();
    this.bound = { ip: isIPv6(address) ? ipv6Bytes(address) : ipv4Bytes(address), port };
    socket.on("error", () => undefined); // a datagram that could not be sent is lost
    socket.on("message", (data, from) => void this.#leave(data, from));
  }

  /**
   * @param local  the address of this machine that the client has connected to
   * @param client its own
   */
  static async open(network: RemoteNetwork, local: string, client: string): Promise<SocksDatagrams> {
    const address = plain(local);
    const socket = createSocket(isIPv6(address) ? "udp6" : "udp4");
    socket.bind(0, address);
    await once(socket, "listening");
    return new SocksDatagrams(network, socket, client);
  }

  async #leave(bytes: Uint8Array, from: RemoteInfo): Promise<void> {
    this.#port ??= plain(from.address) === this.#client ? from.port : undefined;
    if (from.port !== this.#port || plain(from.address) !== this.#client) return;
    const datagram = readDatagram(bytes);
    if (datagram === undefined) return;
    const addresses = await this.#resolve(datagram.to.host);
    const ip = typeof addresses === "number" ? undefined : addresses[0];
    if (ip === undefined) return;
    const remote = await this.#remote(ip.length === 16);
    if (typeof remote === "number" || this.#isOver) return;
    const { stream } = remote;
    if (stream.destroyed || stream.writableNeedDrain) return; // what there is no room for is lost
    writeMessage(stream, DatagramSchema, { peer: { ip, port: datagram.to.port }, data: datagram.data });
  }

  #resolve(host: string): Resolved {
    if (this.#names.size >= MOST_NAMES) this.#names.clear();
    const found = this.#names.get(host) ?? this.#network.resolve(host);
    this.#names.set(host, found);
    return found;
  }

  /** Made when it is needed, and again when it was lost with its connection. */
  #remote(isV6: boolean): Promise<RemoteDatagrams | number> {
    const known = this.#remotes.get(isV6);
    if (known !== undefined) return known;
    const made = this.#associate(isV6);
    this.#remotes.set(isV6, made);
    return made;
  }

  async #associate(isV6: boolean): Promise<RemoteDatagrams | number> {
    const made = await this.#network.associate({ isV6 });
    if (typeof made === "number") this.#remotes.delete(isV6);
    else if (this.#isOver) close(made);
    else void this.#receive(made).finally(() => this.#remotes.delete(isV6));
    return made;
  }

  async #receive({ stream }: RemoteDatagrams): Promise<void> {
    try {
      for (;;) {
        const { peer, data } = await readMessage(stream, DatagramSchema);
        if (this.#isOver) return;
        if (peer !== undefined) this.#socket.send(writeDatagram(peer, data), this.#port ?? 0, this.#client);
      }
    } catch {
      // The stream has ended: the next datagram has another.
    }
  }

  [Symbol.dispose](): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#socket.close();
    for (const remote of this.#remotes.values()) void remote.then(close);
  }
}

function close(made: RemoteDatagrams | number): void {
  if (typeof made !== "number") made.stream.close(flowCode.closed);
}

/** An IPv4 address that came to a socket of IPv6 is that address. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/, "");
