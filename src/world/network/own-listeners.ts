/** Where the program itself listens, here: what it connects to there is here as well. */
import type { OpenedFile } from "../../hooks/types.ts";

export class OwnListeners {
  /** How many sockets listen, by port or name. */
  readonly #counts = new Map<number | string, number>();
  readonly #areThere: boolean;

  /** @param areThere the target is on this very network: the program's listeners are reached from there as well */
  constructor(areThere = false) {
    this.#areThere = areThere;
  }

  /** @param where a port, or the name of a Unix socket (sun_path, hexadecimal) */
  add(file: OpenedFile | undefined, where: number | string): void {
    if (this.#areThere || file === undefined || where === 0 || where === "") return;
    this.#counts.set(where, (this.#counts.get(where) ?? 0) + 1);
    file.onReleased.push(() => {
      const left = (this.#counts.get(where) ?? 1) - 1;
      if (left > 0) this.#counts.set(where, left);
      else this.#counts.delete(where);
    });
  }

  /** Whether the program is who listens on a port of its own machine. */
  has(port: number): boolean {
    return this.#counts.has(port);
  }

  hasName(name: string): boolean {
    return this.#counts.has(name);
  }
}
