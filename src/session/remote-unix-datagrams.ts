/** Datagrams to Unix sockets of the target. Results are 0 or −errno. */
import { UnixDatagramsService } from "../wire/generated/elsewhere/v1/unix_datagrams_pb.ts";
import type { FileCalls } from "./file-calls.ts";

const method = UnixDatagramsService.method.sendUnix;

export class RemoteUnixDatagrams {
  readonly #calls: FileCalls;

  constructor(calls: FileCalls) {
    this.#calls = calls;
  }

  /**
   * sendto(2)
   * @param to sun_path: a path of the target, or an abstract name that begins with a NUL
   * @param waits until there is room
   */
  send(to: Uint8Array, data: Uint8Array, waits: boolean, signal?: AbortSignal): Promise<number> {
    return this.#calls.done(method, () => ({ to, data, waits }), { signal });
  }

  /** connect(2): whether there is somebody. */
  probe(to: Uint8Array, signal?: AbortSignal): Promise<number> {
    return this.#calls.done(method, () => ({ to, isConnecting: true }), { signal, isRepeatable: true });
  }
}
