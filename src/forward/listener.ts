/** Where connections of this machine come in. */
import { once } from "node:events";
import { createServer, type ListenOptions, type Server, type Socket } from "node:net";
import { ElsewhereError } from "../errors.ts";
import { errnoText } from "../linux/errno.ts";
import { reset } from "./join.ts";
import { describe, type PortHere, type SocketPath } from "./specification.ts";

/** Gets a connection that reads nothing yet. */
export type Accept = (socket: Socket) => void;

export class Listener implements AsyncDisposable {
  /** With the port that was chosen where any would do. */
  readonly at: PortHere | SocketPath;
  readonly #servers: readonly Server[];
  readonly #open: Set<Socket>;

  private constructor(at: PortHere | SocketPath, servers: readonly Server[], open: Set<Socket>) {
    this.at = at;
    this.#servers = servers;
    this.#open = open;
  }

  /** @throws ElsewhereError `listen-failed` where the port is taken, or may not be had */
  static async on(at: PortHere | SocketPath, accept: Accept): Promise<Listener> {
    const open = new Set<Socket>();
    const serve = async (options: ListenOptions): Promise<Server> => {
      const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
        open.add(socket);
        socket.once("close", () => open.delete(socket));
        socket.on("error", () => undefined); // whoever joins it hears of it
        accept(socket);
      });
      server.listen(options);
      await once(server, "listening");
      return server;
    };
    try {
      if ("path" in at) return new Listener(at, [await serve({ path: at.path })], open);
      if (at.host === "*") return Listener.#withPort(at, [await everywhere(serve, at.port)], open);
      if (at.host !== undefined) return Listener.#withPort(at, [await serve({ host: at.host, port: at.port })], open);
      const first = await serve({ host: "127.0.0.1", port: at.port });
      const listener = Listener.#withPort(at, [first], open);
      // "localhost" may mean either; where there is no IPv6, or somebody else has that port of it, there is one.
      const second = await serve({ host: "::1", port: portOf(first) }).catch(() => undefined);
      return second === undefined ? listener : new Listener(listener.at, [first, second], open);
    } catch (error) {
      throw unusable(at, error);
    }
  }

  static #withPort({ host }: PortHere, servers: readonly Server[], open: Set<Socket>): Listener {
    return new Listener({ host, port: portOf(servers[0]) }, servers, open);
  }

  /** Resets what is open. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.#servers.map((server) => new Promise<void>((resolve) => void server.close(() => resolve())));
    for (const socket of this.#open) reset(socket); // an end would say that all has been said
    await Promise.all(closed);
  }
}

function portOf(server: Server | undefined): number {
  const address = server?.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** One socket for IPv4 and IPv6, where there is IPv6. */
const everywhere = (serve: (options: ListenOptions) => Promise<Server>, port: number): Promise<Server> =>
  serve({ host: "::", port }).catch((error: unknown) => {
    if (codeOf(error) !== "EAFNOSUPPORT" && codeOf(error) !== "EADDRNOTAVAIL") throw error;
    return serve({ host: "0.0.0.0", port });
  });

const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException).code);

function unusable(at: PortHere | SocketPath, error: unknown): ElsewhereError {
  const { errno = 0, code } = error as NodeJS.ErrnoException;
  return new ElsewhereError({
    code: "listen-failed",
    message: `nothing can listen on ${describe(at)}`,
    context: [errno < 0 ? errnoText(-errno) : String(error)],
    ...(code === "EADDRINUSE" && { hint: "another program does; port 0 takes one that is free" }),
    cause: error,
  });
}
