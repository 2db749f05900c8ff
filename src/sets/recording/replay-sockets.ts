/**
 * Sockets in a replay. Each is a Unix stream socket to this process, whatever the program has asked for: so polling, waiting,
 * shutting down and passing on are the kernel's, and no network is touched. Who is at its ends is told as
 * it was recorded.
 */
import { createServer, type Server, type Socket } from "node:net";
import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import { errnoNumber } from "../../linux/errno.ts";
import { addressBytes } from "../../hooks/address.ts";
import type { AnyCall, Outcome } from "../../hooks/types.ts";
import { addressText, giveAddress, noAddress, roomAt } from "./address-text.ts";
import { Callers } from "./callers.ts";
import { Conversation } from "./conversation.ts";
import { bytesOf, type Recording } from "./contents.ts";
import { type Difference, nearest } from "./differences.ts";
import { Exchanges } from "./exchanges.ts";
import { MessageChannel } from "./messages.ts";
import { makeFolder } from "./own-folder.ts";
import type { Unknown } from "./replay-files.ts";
import { type Script, scriptsOf } from "./script.ts";
import { SO_ERROR, SOCK_TYPE_MASK, socketKey, SOL_SOCKET } from "./socket-calls.ts";

/** A socket of the replay. */
export interface ReplayedSocket {
  readonly family: number;
  /** With its flags. */
  readonly type: number;
  readonly protocol: number;
  /** Of message sockets. */
  readonly channel: MessageChannel | undefined;
  /** Whose addresses it has. */
  script: Script | undefined;
  destination: string | undefined;
  callers: Callers | undefined;
}

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const errno = (name: string): number => -(errnoNumber(name) ?? 0);
const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");

export class SocketReplayer implements Disposable {
  readonly #scripts: readonly Script[];
  readonly #exchanges: Exchanges;
  readonly #unknown: Unknown;
  readonly #tell: (difference: Difference) => void;
  readonly #onServed: () => void;
  #isServed = false;
  #folder: string | undefined;
  readonly #open = new Set<{ destroy(): void }>();
  readonly #answers = new Map<string, { readonly result: number; readonly data: string }[]>();
  /** Recorded sockets that a socket of the replay has met by connecting or binding. */
  readonly #met = new Set<Script>();
  #count = 0;

  /** @param onServed told when all who came to the program have come again, and got their answers */
  constructor(recording: Recording, unknown: Unknown, tell: (difference: Difference) => void, onServed: () => void) {
    this.#onServed = onServed;
    this.#scripts = scriptsOf(recording);
    this.#exchanges = new Exchanges(this.#scripts, tell);
    this.#unknown = unknown;
    this.#tell = tell;
    for (const { key, ...answer } of recording.all("answer"))
      this.#answers.set(key, [...(this.#answers.get(key) ?? []), answer]);
  }

  [Symbol.dispose](): void {
    for (const each of this.#open) each.destroy();
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }

  of(call: AnyCall, fd: number): ReplayedSocket | undefined {
    return call.process.descriptors.get(fd)?.data.get(socketKey) as ReplayedSocket | undefined;
  }

  async socket(call: AnyCall): Promise<Outcome> {
    if (!call.is("socket")) return undefined;
    const { family, type, protocol } = call.args;
    const kind = type & SOCK_TYPE_MASK;
    const fd = await call.proceed({ family: AF_UNIX, type: (type & ~SOCK_TYPE_MASK) | SOCK_STREAM, protocol: 0 });
    if (fd === null || fd < 0) return fd;
    const channel = kind === SOCK_STREAM ? undefined : new MessageChannel();
    this.#begin(call, fd, {
      family,
      type,
      protocol,
      channel,
      script: undefined,
      destination: undefined,
      callers: undefined,
    });
    if (channel === undefined) return fd;
    const path = await this.#expect((bell) => channel.connect(bell));
    const uservaddr = addressBytes({ path });
    const result = await call.run("connect", { fd, uservaddr, addrlen: uservaddr.length });
    return result === 0 ? fd : result;
  }

  async connect(call: AnyCall, socket: ReplayedSocket): Promise<Outcome> {
    const address = call.address?.bytes ?? new Uint8Array(0);
    const destination = base64(address);
    const all = this.#scripts.filter(
      (script) => script.destination === destination && script.isStream === (socket.channel === undefined),
    );
    const script = all.find((each) => !this.#met.has(each)) ?? all.find(({ connectErrno }) => connectErrno === 0);
    if (script === undefined) return this.#unrecorded(call, socket, address, "ECONNREFUSED");
    this.#met.add(script);
    if (script.connectErrno !== 0) return -script.connectErrno;
    socket.script = script;
    socket.destination = destination;
    if (socket.channel !== undefined) {
      socket.channel.push(...this.#exchanges.unasked(script));
      return 0;
    }
    const first = script.turns[0];
    const speaksFirst = first !== undefined && first.sent.length === 0 && !script.claimed;
    if (speaksFirst) script.claimed = true;
    const options = { what: addressText(address), others: all, tell: this.#tell };
    const path = await this.#expect((end) => new Conversation(end, speaksFirst ? script : undefined, options).begin());
    return call.proceed({ address: { path } });
  }

  bind(call: AnyCall, socket: ReplayedSocket): Outcome | Promise<Outcome> {
    const address = call.address?.bytes ?? new Uint8Array(0);
    const bound = base64(address);
    const isStream = socket.channel === undefined;
    const script = this.#scripts.find(
      (each) => each.bound === bound && each.isStream === isStream && !this.#met.has(each),
    );
    if (script === undefined) {
      const failure = this.#answers.get(`bind ${bound}`)?.shift();
      return failure?.result ?? this.#unrecorded(call, socket, address, "EADDRNOTAVAIL");
    }
    this.#met.add(script);
    socket.script = script;
    socket.channel?.push(...this.#exchanges.unasked(script));
    return 0;
  }

  async listen(call: AnyCall, socket: ReplayedSocket): Promise<Outcome> {
    const { script } = socket;
    const path = this.#newPath();
    const umyaddr = addressBytes({ path });
    const result = await call.run("bind", { fd: Number(call.fd), umyaddr, addrlen: umyaddr.length });
    if (result !== 0) return result;
    const listening = await call.proceed();
    if (listening !== 0 || script === undefined) return listening;
    const what = addressText(script.local ?? bytesOf(script.bound ?? ""));
    const callers = new Callers(path, script, what, this.#tell, () => this.#turned());
    this.#open.add({ destroy: () => callers[Symbol.dispose]() });
    socket.callers = callers;
    callers.begin();
    return 0;
  }

  async accept(call: AnyCall, { callers, family, type, protocol }: ReplayedSocket): Promise<Outcome> {
    if (!call.is("accept") && !call.is("accept4")) return undefined;
    const { upeer_sockaddr, upeer_addrlen } = call.args;
    const room = roomAt(upeer_addrlen);
    const fd = await call.proceed();
    if (fd === null || fd < 0) return fd;
    const script = callers?.accepted();
    const destination = undefined;
    this.#begin(call, fd, { family, type, protocol, channel: undefined, script, destination, callers: undefined });
    giveAddress(upeer_sockaddr, upeer_addrlen, script?.remote ?? noAddress(family), room);
    return fd;
  }

  /** getsockname and getpeername. */
  name(call: AnyCall, { script, family }: ReplayedSocket): Outcome {
    if (!call.is("getsockname") && !call.is("getpeername")) return undefined;
    const isOwn = call.is("getsockname");
    const address = isOwn
      ? (script?.local ?? (script?.bound === undefined ? noAddress(family) : bytesOf(script.bound)))
      : (script?.remote ?? (script?.destination === undefined ? undefined : bytesOf(script.destination)));
    if (address === undefined) return errno("ENOTCONN");
    const { usockaddr, usockaddr_len } = call.args;
    giveAddress(usockaddr, usockaddr_len, address);
    return 0;
  }

  option(call: AnyCall): Outcome {
    if (call.name === "setsockopt") return 0;
    if (!call.is("getsockopt")) return undefined;
    const { level, optname, optval, optlen } = call.args;
    if (level === SOL_SOCKET && optname === SO_ERROR) return undefined;
    const answers = this.#answers.get(`getsockopt ${level} ${optname}`) ?? [];
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer === undefined) return undefined;
    giveAddress(optval, optlen, bytesOf(answer.data));
    return answer.result;
  }

  send(call: AnyCall, socket: ReplayedSocket): Outcome {
    const { channel } = socket;
    if (channel === undefined || call.buffer === undefined) return undefined;
    const bytes = Buffer.from(call.buffer.read());
    const to = call.address === undefined ? socket.destination : base64(call.address.bytes);
    channel.push(...this.#exchanges.answer(socket.script, to, bytes));
    return bytes.length;
  }

  receive(call: AnyCall, { channel }: ReplayedSocket): Outcome | Promise<Outcome> {
    return channel?.receive(call, Number(call.fd));
  }

  #begin(call: AnyCall, fd: number, socket: ReplayedSocket): void {
    const { descriptors } = call.process;
    descriptors.get(fd)?.data.set(socketKey, socket);
    descriptors.mark(fd);
  }

  #turned(): void {
    if (
      this.#isServed ||
      !this.#scripts.every(({ isAccepted, turns }) => !isAccepted || turns.every(({ used }) => used))
    )
      return;
    this.#isServed = true;
    this.#onServed();
  }

  #newPath(): string {
    if (this.#folder === undefined) {
      this.#folder = makeFolder("elsewhere-sockets-");
      chmodSync(this.#folder, 0o711);
    }
    return join(this.#folder, String(this.#count++));
  }

  /** A path to which one stream may connect. */
  async #expect(connected: (end: Socket) => void): Promise<string> {
    const path = this.#newPath();
    const server: Server = createServer({ allowHalfOpen: true }, (end) => {
      server.close();
      this.#open.add(end);
      end.unref();
      connected(end);
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, resolve);
    });
    chmodSync(path, 0o777);
    server.unref();
    this.#open.add({ destroy: () => server.close() });
    return path;
  }

  async #unrecorded(call: AnyCall, socket: ReplayedSocket, address: Uint8Array, error: string): Promise<Outcome> {
    const recorded = this.#scripts.flatMap(
      ({ destination, bound }) => (call.name === "bind" ? bound : destination) ?? [],
    );
    const what = addressText(address);
    const isReal = this.#unknown === "real";
    this.#tell({
      kind: "unrecorded",
      call: call.name,
      what,
      nearest: nearest(
        what,
        recorded.map((each) => addressText(bytesOf(each))),
      ),
      outcome: isReal ? "the real one" : error,
    });
    if (!isReal) return errno(error);
    // The descriptor becomes a socket of the kind that the program has asked for.
    const { family, type, protocol } = socket;
    const fd = Number(call.fd);
    const real = await call.run("socket", { family, type, protocol });
    if (real === null || real < 0) return real;
    await call.run("dup3", { oldfd: real, newfd: fd, flags: type & SOCK_CLOEXEC });
    await call.run("close", { fd: real });
    return call.proceed();
  }
}
