/** Ports on which the program itself listens, here: what it connects to there is here as well. */
import { isIPv6 } from "node:net";
import type { OpenedFile } from "../../hooks/types.ts";

export class OwnListeners {
  /** How many sockets listen on a port. */
  readonly #ports = new Map<number, number>();

  add(file: OpenedFile | undefined, port: number): void {
    if (file === undefined || port === 0) return;
    this.#ports.set(port, (this.#ports.get(port) ?? 0) + 1);
    file.onReleased.push(() => {
      const left = (this.#ports.get(port) ?? 1) - 1;
      if (left > 0) this.#ports.set(port, left);
      else this.#ports.delete(port);
    });
  }

  /** Whether the program is who listens there. */
  has(address: string, port: number): boolean {
    return this.#ports.has(port) && isLoopback(address);
  }
}

/** Addresses by which a machine reaches itself; connect(2) takes the unspecified ones for them. */
const isLoopback = (address: string): boolean =>
  isIPv6(address)
    ? address === "::1" || address === "::" || (address.startsWith("::ffff:") && isLoopback(address.slice(7)))
    : address.startsWith("127.") || address === "0.0.0.0";
