/**
 * The end of a session that is here. A session outlives its connections: when one is lost it makes another to a new
 * agent, opens there what was open, and only then lets calls go on; meanwhile they wait. A call whose connection was
 * lost under it is made again where that does no harm, and fails otherwise: whether it was done nobody can know.
 */
import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { ElsewhereError } from "../errors.ts";
import { ConnectionLost, WireClient } from "../wire/client.ts";
import { abortable, type Clock, pause, realClock, within } from "../wire/clock.ts";
import { AgentService, type HelloResponse } from "../wire/generated/elsewhere/v1/agent_pb.ts";
import { limits } from "../wire/limits.ts";
import type { Flow } from "../wire/flow.ts";
import type { Method } from "../wire/method.ts";
import type { CallOptions, Caller } from "./caller.ts";
import { FileCalls } from "./file-calls.ts";
import { RemoteFiles } from "./remote-files.ts";
import { RemoteInterfaces } from "./remote-interfaces.ts";
import { RemoteNetwork } from "./remote-network.ts";
import { RemoteUnixDatagrams } from "./remote-unix-datagrams.ts";

/** Versions of the protocol that this end speaks. */
const VERSIONS = [1];

/**
 * Makes a connection to an agent of the target: the first one, and another whenever one is lost.
 * @param signal aborted when nobody waits for it any more
 */
export type Connect = (signal: AbortSignal) => Promise<Duplex>;

/** For people: what becomes of the connection. */
export type SessionEvent =
  | { readonly kind: "lost"; readonly reason: string }
  | { readonly kind: "resumed"; readonly lostFiles: readonly string[] }
  | { readonly kind: "over"; readonly reason: string };

export interface SessionOptions {
  readonly connect: Connect;
  /** "elsewhere 0.1.0" */
  readonly release: string;
  readonly listen?: (event: SessionEvent) => void;
  readonly clock?: Clock;
}

export class Session implements Caller, Disposable {
  /** What the target has said of itself, in the beginning. */
  readonly target: HelloResponse;
  readonly files: RemoteFiles;
  readonly network: RemoteNetwork;
  readonly interfaces: RemoteInterfaces;
  readonly unixDatagrams: RemoteUnixDatagrams;
  /** Settles when the session is over: it was disposed of (undefined), or could not be resumed. */
  readonly closed: Promise<Error | undefined>;
  readonly #options: SessionOptions;
  readonly #clock: Clock;
  readonly #id: Uint8Array;
  readonly #over = new AbortController();
  readonly #close: (reason: Error | undefined) => void;
  /** Undefined while it is being replaced. */
  #client: WireClient | undefined;
  /** Of the present connection, once calls may use it. */
  #ready: Promise<WireClient>;
  #generation = 1;

  private constructor(options: SessionOptions, id: Uint8Array, client: WireClient, target: HelloResponse) {
    this.#options = options;
    this.#clock = options.clock ?? realClock;
    this.#id = id;
    this.#client = client;
    this.#ready = Promise.resolve(client);
    this.target = target;
    const { promise, resolve } = Promise.withResolvers<Error | undefined>();
    this.closed = promise;
    this.#close = resolve;
    this.files = new RemoteFiles(this, this.#clock);
    this.network = new RemoteNetwork(this);
    const calls = new FileCalls(this);
    this.interfaces = new RemoteInterfaces(calls);
    this.unixDatagrams = new RemoteUnixDatagrams(calls);
    this.#watch(client);
  }

  /**
   * Connects, and greets the agent at the other end.
   * @throws ElsewhereError `protocol` when there is none, it does not answer, or speaks another version
   */
  static async open(options: SessionOptions): Promise<Session> {
    const id = randomBytes(16);
    const { client, target } = await greet(options, id);
    return new Session(options, id, client, target);
  }

  get generation(): number {
    return this.#generation;
  }

  /**
   * Makes a call, as soon as there is a connection.
   * @param request made anew whenever the call is sent
   * @throws ConnectionLost @throws ElsewhereError `protocol` @throws the signal's reason
   */
  async call<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    request: () => MessageInitShape<I>,
    { signal, isRepeatable = false, lost, turn }: CallOptions = {},
  ): Promise<MessageShape<O>> {
    for (let left: number = limits.repeats; ;) {
      const client = await abortable(this.#ready, signal);
      for (let wait = turn?.(); wait !== undefined; wait = turn?.()) await wait;
      if (client !== this.#client) continue; // lost while this waited: handles are being renewed
      try {
        return await client.call(method, request(), signal);
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
        this.#lose(client);
        if (!error.wasSent) continue; // #lose has made sure that there is another connection to wait for
        if (!isRepeatable || left-- === 0) throw error;
        lost?.();
      }
    }
  }

  /**
   * Begins a call whose stream stays, as soon as there is a connection. It ends with that connection: nobody could say
   * how much of what was on its way has arrived.
   * @throws ConnectionLost @throws the signal's reason
   */
  async flow<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    request: MessageInitShape<I>,
    signal?: AbortSignal,
  ): Promise<Flow<O>> {
    for (;;) {
      const client = await abortable(this.#ready, signal);
      try {
        return await client.flow(method, request, signal);
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
        this.#lose(client); // and so there is another one to wait for, or none any more
      }
    }
  }

  [Symbol.dispose](): void {
    this.#end(undefined);
  }

  /** Looks after a connection: one that does not answer in time is lost. */
  #watch(client: WireClient): void {
    let callOff = (): void => undefined;
    void client.closed.then(() => callOff()); // a process that has nothing else to do ends
    void client.closed.then(() => this.#lose(client));
    const late = (): Error => new Error(`the agent was silent for ${limits.pingAnswerMs / 1000} s`);
    const next = (): void => {
      if (client !== this.#client || this.#over.signal.aborted) return;
      callOff = this.#clock.after(limits.pingEveryMs, () => {
        within(this.#clock, limits.pingAnswerMs, client.ping(), late).then(next, (error: Error) => client.fail(error));
      });
    };
    next();
  }

  /** Has the connection replaced, unless it has been. */
  #lose(client: WireClient): void {
    if (client !== this.#client || this.#over.signal.aborted) return;
    client[Symbol.dispose]();
    this.#client = undefined;
    this.#generation++;
    const { promise, resolve, reject } = Promise.withResolvers<WireClient>();
    promise.catch(() => undefined); // nobody may be waiting
    this.#ready = promise;
    this.#comeBack(client).then(resolve, (error: unknown) => {
      const failure = error instanceof Error ? error : new Error(String(error));
      reject(failure);
      this.#end(failure);
    });
  }

  /** @throws what stood in the way at last, `limits.giveUpMs` after the loss */
  async #comeBack(lost: WireClient): Promise<WireClient> {
    const reason = await lost.closed;
    this.#options.listen?.({ kind: "lost", reason: reason?.message ?? "the connection is gone" });
    const { signal } = this.#over;
    const until = this.#clock.now() + limits.giveUpMs;
    for (let backOff: number = limits.backOffMs; ; backOff = Math.min(backOff * 2, limits.longestBackOffMs)) {
      try {
        const { client } = await greet(this.#options, this.#id, signal);
        const lostFiles = await this.#resume(client);
        this.#options.listen?.({ kind: "resumed", lostFiles });
        return client;
      } catch (error) {
        signal.throwIfAborted();
        if (this.#clock.now() + backOff >= until || error instanceof WrongVersion) throw error;
      }
      await pause(this.#clock, backOff, signal);
    }
  }

  /** @returns paths of files that could not be opened again */
  async #resume(client: WireClient): Promise<readonly string[]> {
    try {
      const late = (): Error => new Error("opening the files again took too long");
      const files = this.files.resume(client, ++this.#generation);
      const lostFiles = await within(this.#clock, limits.giveUpMs / 2, files, late);
      if (this.#over.signal.aborted) throw this.#over.signal.reason;
      this.#client = client;
      this.#watch(client);
      return lostFiles;
    } catch (error) {
      client[Symbol.dispose]();
      throw error;
    }
  }

  #end(reason: Error | undefined): void {
    if (this.#over.signal.aborted) return;
    const failure = new ConnectionLost(reason?.message ?? "the session is over", false);
    this.#over.abort(failure);
    this.#ready = Promise.reject(failure);
    this.#ready.catch(() => undefined);
    this.#client?.[Symbol.dispose]();
    this.#close(reason);
    if (reason !== undefined) this.#options.listen?.({ kind: "over", reason: reason.message });
  }
}

/** An agent of another version will not become the right one. */
class WrongVersion extends ElsewhereError {}

interface Greeted {
  readonly client: WireClient;
  readonly target: HelloResponse;
}

async function greet(options: SessionOptions, session: Uint8Array, signal?: AbortSignal): Promise<Greeted> {
  const clock = options.clock ?? realClock;
  const client = new WireClient(await connected(options, clock, signal));
  try {
    const request = { versions: VERSIONS, client: options.release, session };
    const late = (): Error => noAnswer([`no answer to Hello in ${limits.helloMs / 1000} s`]);
    const call = abortable(client.call(AgentService.method.hello, request), signal);
    const target = await within(clock, limits.helloMs, call, late);
    if (VERSIONS.includes(target.version)) return { client, target };
    throw new WrongVersion({
      code: "protocol",
      message: "the agent speaks another version of the protocol",
      context: [`here: ${VERSIONS.join(", ")}`, `agent: ${target.agent}`],
      hint: "install the same version of elsewhere on both sides",
    });
  } catch (error) {
    client[Symbol.dispose]();
    throw error instanceof ConnectionLost ? noAnswer([error.message]) : error;
  }
}

const noAnswer = (context: readonly string[]): ElsewhereError =>
  new ElsewhereError({ code: "protocol", message: "there is no agent at the other end", context });

/** One that comes too late is closed again. */
async function connected({ connect }: SessionOptions, clock: Clock, signal?: AbortSignal): Promise<Duplex> {
  const giveUp = new AbortController();
  const connecting = connect(giveUp.signal);
  try {
    const late = (): Error => noAnswer([`no connection in ${limits.connectMs / 1000} s`]);
    return await within(clock, limits.connectMs, abortable(connecting, signal), late);
  } catch (error) {
    giveUp.abort(error);
    connecting.then((connection) => connection.destroy()).catch(() => undefined);
    throw error;
  }
}
