/**
 * One agent at a time for a session. When a connection is lost and the client comes back, the agent of the lost one may
 * still hold calls, in a pipe that has stalled or in a kernel that waits for a disk. Done later than the new one's, a write
 * of it would undo what was acknowledged since. So whoever comes asks the one before to end, and waits until it has.
 *
 * They find each other by an abstract Unix socket (unix(7)), which is gone with its process and has no file. Its name is
 * the hash of the session's 16 random bytes, and who asks must know these: /proc/net/unix shows names to everybody.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { limits } from "../wire/limits.ts";

export interface Fence {
  /**
   * @param session the same in every connection of the session
   * @param stop called when a later agent wants to take over; {@link release} when nothing is left to be done
   * @returns whether no earlier agent is left
   */
  takeOver(session: Uint8Array, stop: () => void): Promise<boolean>;
  release(): void;
}

/** How soon to look again whether the one before is gone. */
const PAUSE_MS = 20;

export class SocketFence implements Fence {
  #server: Server | undefined;
  readonly #asking = new Set<Socket>();

  async takeOver(session: Uint8Array, stop: () => void): Promise<boolean> {
    const name = `\0elsewhere-${createHash("sha256").update(session).digest("hex").slice(0, 32)}`;
    const signal = AbortSignal.timeout(limits.takeOverMs);
    while (!signal.aborted) {
      this.#server = await listening(name, (socket) => this.#hear(socket, session, stop));
      if (this.#server !== undefined) return true;
      await askToEnd(name, session, signal);
    }
    return false;
  }

  release(): void {
    this.#server?.close();
    for (const socket of this.#asking) socket.destroy();
  }

  #hear(socket: Socket, session: Uint8Array, stop: () => void): void {
    this.#asking.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => this.#asking.delete(socket));
    socket.once("data", (bytes) => {
      const isOurs = typeof bytes !== "string" && bytes.length === session.length && timingSafeEqual(bytes, session);
      if (isOurs) stop();
      else socket.destroy();
    });
  }
}

/** Undefined where somebody else has the name. */
function listening(path: string, hear: (socket: Socket) => void): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer(hear);
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(undefined);
      else reject(error);
    });
    server.listen({ path }, () => resolve(server));
    server.unref();
  });
}

/** Settles when the one before has closed the connection, or time is up. */
async function askToEnd(path: string, session: Uint8Array, signal: AbortSignal): Promise<void> {
  const socket = createConnection({ path });
  const end = (): unknown => socket.destroy();
  signal.addEventListener("abort", end, { once: true });
  socket.on("error", () => undefined); // gone already
  socket.write(session);
  await once(socket, "close");
  signal.removeEventListener("abort", end);
  if (!signal.aborted) await delay(PAUSE_MS);
}
