/** So many at a time, and so many bytes of them: who comes when there is no room waits, the first first. */

/** One that waits. */
interface Waiting {
  readonly bytes: number;
  readonly go: () => void;
}

export class Admission {
  readonly #most: number;
  readonly #mostBytes: number;
  readonly #waiting = new Set<Waiting>();
  #inside = 0;
  #bytes = 0;
  #isOver = false;

  constructor(most: number, mostBytes: number) {
    this.#most = most;
    this.#mostBytes = mostBytes;
  }

  /** Bytes of those inside. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Whoever was let in must {@link leave}.
   * @returns undefined: there was room; else settles when there is
   * @throws the signal's reason
   */
  enter(bytes: number, signal?: AbortSignal): Promise<void> | undefined {
    if (this.#isOver || (this.#waiting.size === 0 && this.#hasRoom(bytes))) {
      this.#count(bytes);
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.#waiting.delete(waiting);
        this.#admit(); // a smaller one may have stood behind it
        reject(signal?.reason);
      };
      const go = (): void => {
        signal?.removeEventListener("abort", giveUp);
        resolve();
      };
      const waiting: Waiting = { bytes, go };
      this.#waiting.add(waiting);
      signal?.addEventListener("abort", giveUp, { once: true });
    });
  }

  /** @param bytes as it was entered with */
  leave(bytes: number): void {
    this.#inside--;
    this.#bytes -= bytes;
    this.#admit();
  }

  /** Lets everybody in, now and from now on: nothing comes of it any more. */
  end(): void {
    this.#isOver = true;
    this.#admit();
  }

  #admit(): void {
    for (const waiting of this.#waiting) {
      if (!this.#isOver && !this.#hasRoom(waiting.bytes)) return;
      this.#waiting.delete(waiting);
      this.#count(waiting.bytes);
      waiting.go();
    }
  }

  /** One alone has room, however large it is. */
  #hasRoom(bytes: number): boolean {
    return this.#inside === 0 || (this.#inside < this.#most && this.#bytes + bytes <= this.#mostBytes);
  }

  #count(bytes: number): void {
    this.#inside++;
    this.#bytes += bytes;
  }
}
