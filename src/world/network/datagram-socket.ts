/**
 * A datagram socket of the program, some of whose peers are in the target. There it has a socket that sends and gets in
 * its name; here each peer is a {@link Relay}, so that data, waiting and errors are the kernel's, and only
 * addresses are told otherwise.
 */
import type { OpenedFile } from "../../hooks/types.ts";
import type { RemoteDatagrams, RemoteNetwork } from "../../session/remote-network.ts";
import { flowCode, readMessage, writeMessage } from "../../wire/flow.ts";
import { DatagramSchema, type Internet } from "../../wire/generated/elsewhere/v1/network_pb.ts";
import { error } from "../errors.ts";
import { hostOf, internetBytes, type NewInternet } from "./addresses.ts";
import type { NameServer, Questions } from "./questions.ts";
import { Relay, type Where } from "./relay.ts";
import { DNS_PORT } from "./routing.ts";

const key = Symbol("datagram socket");
/** Peers at once; the one that was met first is forgotten. */
const MOST_RELAYS = 256;
/** Of so many it is known who they were: what they have sent may still wait to be read. */
const MOST_PEERS = 512;
const AF_INET6 = 10;

export class DatagramSocket implements Disposable {
  /** bind(2), as the program has asked for it. */
  bound: NewInternet | undefined;
  readonly #network: RemoteNetwork;
  readonly #questions: Questions;
  readonly #family: number;
  readonly #where: Where;
  #isReleased = false;
  #remote: RemoteDatagrams | undefined;
  #opening: Promise<number> | undefined;
  /** By the peer's address. */
  readonly #relays = new Map<string, Relay>();
  /** struct sockaddr of peers, by their relays' ports. */
  readonly #peers = new Map<number, Uint8Array>();

  constructor(network: RemoteNetwork, questions: Questions, family: number, where: Where) {
    this.#network = network;
    this.#questions = questions;
    this.#family = family;
    this.#where = where;
  }

  static of(file: OpenedFile | undefined): DatagramSocket | undefined {
    const found = file?.data.get(key);
    return found instanceof DatagramSocket ? found : undefined;
  }

  belongTo(file: OpenedFile, live: Set<Disposable>): void {
    file.data.set(key, this);
    live.add(this);
    file.onReleased.push(() => {
      live.delete(this);
      this[Symbol.dispose]();
    });
  }

  /** getsockname(2): struct sockaddr; undefined where it is as the kernel tells it. */
  get local(): Uint8Array | undefined {
    return this.#remote?.local && internetBytes(this.#remote.local);
  }

  /** getpeername(2) */
  get remote(): Uint8Array | undefined {
    return this.#remote?.remote && internetBytes(this.#remote.remote);
  }

  /** connect(2) in the target. @returns who is to be connected to here, or −errno */
  async connect(to: NewInternet): Promise<Relay | number> {
    this.disconnect();
    const failed = await this.#associate(to);
    return failed < 0 ? failed : this.#relayFor(to);
  }

  /** connect(2) to AF_UNSPEC, or elsewhere. */
  disconnect(): void {
    this.#remote?.stream.close(flowCode.closed);
    this.#remote = undefined;
    this.#opening = undefined;
    for (const relay of this.#relays.values()) relay.close();
    this.#relays.clear();
  }

  /** sendto(2). @returns whom to send it to here, or −errno */
  async reach(to: NewInternet): Promise<Relay | number> {
    const failed = await (this.#opening ??= this.#associate(undefined));
    return failed < 0 ? failed : this.#relayFor(to);
  }

  /** Who really is behind an address that the program's socket has got something from. */
  peerAt(port: number): Uint8Array | undefined {
    return this.#peers.get(port);
  }

  /** @param lost what this is to stand in for, as long as the program has not gone elsewhere */
  async #associate(to: NewInternet | undefined, lost?: RemoteDatagrams): Promise<number> {
    const request = {
      isV6: this.#family === AF_INET6,
      ...(this.bound && { from: this.bound }),
      ...(to && { to }),
    };
    const made = await this.#network.associate(request);
    if (typeof made === "number") return made;
    if (this.#isReleased || (lost !== undefined && this.#remote !== lost)) {
      made.stream.close(flowCode.closed);
      return error("EBADF");
    }
    this.#remote = made;
    void this.#receive(made);
    return 0;
  }

  async #receive(from: RemoteDatagrams): Promise<void> {
    try {
      for (;;) {
        const { peer, data, errno } = await readMessage(from.stream, DatagramSchema);
        if (this.#remote !== from) return;
        const known = peer ?? from.remote;
        if (known === undefined) continue; // errors of a socket that is connected to nobody are nobody's
        const relay = await this.#relayFor(known);
        if (known.port === DNS_PORT && errno === 0) this.#questions.heard(data);
        if (errno === 0) await relay.send(data);
        else if (-errno === error("ECONNREFUSED") && from.remote !== undefined) await relay.refuse();
      }
    } catch {
      if (this.#remote !== from) return;
      // The connection is lost: what is sent from now on goes by another one.
      this.#opening = undefined;
      if (from.remote === undefined) this.#remote = undefined;
      else if (!this.#isReleased) await this.#associate(from.remote, from);
    }
  }

  async #relayFor(peer: NewInternet): Promise<Relay> {
    const name = `${Buffer.from(peer.ip ?? []).toString("hex")} ${peer.port}`;
    const known = this.#relays.get(name);
    if (known !== undefined) return known;
    const isV6 = this.#family === AF_INET6 && !isMapped(peer);
    const relay = new Relay(this.#where, isV6, (data) => this.#leave(peer, relay, data));
    this.#forgetOldest();
    this.#relays.set(name, relay);
    await relay.open();
    this.#remember(relay.port, internetBytes(peer as Internet));
    await relay.meet();
    return relay;
  }

  #forgetOldest(): void {
    const [oldest] = this.#relays.size >= MOST_RELAYS ? this.#relays : [];
    if (oldest === undefined) return;
    const [name, relay] = oldest;
    this.#relays.delete(name);
    relay.close();
  }

  #remember(port: number, peer: Uint8Array): void {
    this.#peers.delete(port);
    this.#peers.set(port, peer);
    const [first] = this.#peers.size > MOST_PEERS ? this.#peers.keys() : [];
    if (first !== undefined) this.#peers.delete(first);
  }

  /** From the program. What there is no room for is lost, as datagrams are. */
  #leave(peer: NewInternet, relay: Relay, data: Uint8Array): void {
    const answer = peer.port === DNS_PORT ? this.#questions.ask(data, serverAt(peer)) : undefined;
    if (answer !== undefined) {
      void answer.then((bytes) => relay.send(bytes));
      return;
    }
    const { stream, remote } = this.#remote ?? {};
    if (stream === undefined || stream.destroyed || stream.writableNeedDrain) return;
    writeMessage(stream, DatagramSchema, remote === undefined ? { peer, data } : { data });
  }

  /** Nobody has it open any more. */
  [Symbol.dispose](): void {
    this.#isReleased = true;
    this.disconnect();
  }
}

const serverAt = (peer: NewInternet): NameServer => ({ protocol: "udp", address: hostOf(peer) });

/** ::ffff:0:0/96 */
const isMapped = ({ ip }: NewInternet): boolean =>
  ip?.length === 4 || (ip?.subarray(0, 10).every((byte) => byte === 0) === true && ip[10] === 0xff && ip[11] === 0xff);
