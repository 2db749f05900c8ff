/** Where the program itself listens, here: what it connects to there is here as well. */
import { isIPv6 } from "node:net";
import type { OpenedFile } from "../../hooks/types.ts";

export class OwnListeners {
  /** How many sockets listen, by port or name. */
  readonly #counts = new Map<number | string, number>();

  /** @param where a port, or the name of a Unix socket (sun_path, hexadecimal) */
  add(file: OpenedFile | undefined, where: number | string): void {
    if (file === undefined || where === 0 || where === "") return;
    this.#counts.set(where, (this.#counts.get(where) ?? 0) + 1);
    file.onReleased.push(() => {
      const left = (this.#counts.get(where) ?? 1) - 1;
      if (left > 0) this.#counts.set(where, left);
      else this.#counts.delete(where);
    });
  }

  /** Whether the program is who listens there. */
  has(address: string, port: number): boolean {
    return this.#counts.has(port) && isLoopback(address);
  }

  hasName(name: string): boolean {
    return this.#counts.has(name);
  }
}

/** Addresses by which a machine reaches itself; connect(2) takes the unspecified ones for them. */
const isLoopback = (address: string): boolean =>
  isIPv6(address)
    ? address === "::1" || address === "::" || (address.startsWith("::ffff:") && isLoopback(address.slice(7)))
    : address.startsWith("127.") || address === "0.0.0.0";
