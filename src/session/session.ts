/** The end of a session that is here: what a target says of itself, and calls to its agent. */
import type { Duplex } from "node:stream";
import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { ElsewhereError } from "../errors.ts";
import { WireClient } from "../wire/client.ts";
import { AgentService, type HelloResponse } from "../wire/generated/elsewhere/v1/agent_pb.ts";
import { limits } from "../wire/limits.ts";
import type { Flow } from "../wire/flow.ts";
import type { Method } from "../wire/method.ts";
import { RemoteFiles } from "./remote-files.ts";
import { RemoteNetwork } from "./remote-network.ts";

/** Versions of the protocol that this end speaks. */
const VERSIONS = [1];

/** Makes a connection to an agent of the target: the first one, and another whenever one is lost. */
export type Connect = () => Promise<Duplex>;

export interface SessionOptions {
  readonly connect: Connect;
  /** "elsewhere 0.1.0" */
  readonly release: string;
}

export class Session implements Disposable {
  /** What the target has said of itself. */
  readonly target: HelloResponse;
  readonly files: RemoteFiles;
  readonly network: RemoteNetwork;
  readonly #client: WireClient;

  private constructor(client: WireClient, target: HelloResponse) {
    this.#client = client;
    this.target = target;
    this.files = new RemoteFiles(this);
    this.network = new RemoteNetwork(this);
  }

  /**
   * Connects, and greets the agent at the other end.
   * @throws ElsewhereError `protocol` when there is none, it does not answer, or speaks another version
   */
  static async open({ connect, release }: SessionOptions): Promise<Session> {
    const client = new WireClient(await connect());
    try {
      const signal = AbortSignal.timeout(limits.helloMs);
      const target = await client.call(AgentService.method.hello, { versions: VERSIONS, client: release }, signal);
      if (!VERSIONS.includes(target.version))
        throw new ElsewhereError({
          code: "protocol",
          message: "the agent speaks another version of the protocol",
          context: [`here: ${VERSIONS.join(", ")}`, `agent: ${target.agent}`],
          hint: "install the same version of elsewhere on both sides",
        });
      return new Session(client, target);
    } catch (error) {
      client[Symbol.dispose]();
      throw error;
    }
  }

  /** Settles when the session is over: it was disposed, or no connection could be made any more. */
  get closed(): Promise<Error | undefined> {
    return this.#client.closed;
  }

  /** @throws ConnectionLost @throws ElsewhereError `protocol` */
  call<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    request: MessageInitShape<I>,
    signal?: AbortSignal,
  ): Promise<MessageShape<O>> {
    return this.#client.call(method, request, signal);
  }

  /** A call whose stream stays: it ends with the connection. @throws ConnectionLost */
  flow<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    request: MessageInitShape<I>,
  ): Promise<Flow<O>> {
    return Promise.resolve(this.#client.flow(method, request));
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }
}
