/** The way to an agent, which can be disturbed. */
import { Duplex } from "node:stream";
import type { StartedAgent } from "../../../src/target/target.ts";

/** What is between here and a target: all connections go by it. */
export class Way {
  readonly #lines = new Set<Line>();
  #isStalled = false;

  /** @param agent as its kind of target has started it */
  lead(agent: StartedAgent): StartedAgent {
    const line = new Line(agent.connection, () => this.#isStalled);
    this.#lines.add(line);
    line.once("close", () => this.#lines.delete(line));
    void agent.ended.then(() => agent.connection.destroy());
    return {
      ...agent,
      connection: line,
      // Where nothing is heard of a cut, nothing is heard of us either.
      [Symbol.asyncDispose]: () => (line.isUntold ? Promise.resolve() : agent[Symbol.asyncDispose]()),
    };
  }

  /** Nothing arrives any more, either way, until {@link go}; what has been sent waits. */
  stall(): void {
    this.#isStalled = true;
  }

  go(): void {
    this.#isStalled = false;
    for (const line of this.#lines) line.go();
  }

  /** Connections end here. @param isTold whether they end in the target as well; else nothing is ever heard of it there */
  cut(isTold: boolean): void {
    for (const line of this.#lines) line.cut(isTold);
  }
}

class Line extends Duplex {
  isUntold = false;
  readonly #connection: Duplex;
  readonly #isStalled: () => boolean;
  readonly #waiting: (() => void)[] = [];

  constructor(connection: Duplex, isStalled: () => boolean) {
    super();
    this.#connection = connection;
    this.#isStalled = isStalled;
    connection.on("readable", () => this.#hand());
    connection.once("end", () => this.#when(() => this.push(null)));
    connection.once("close", () => this.#when(() => this.destroy()));
    connection.once("error", (error) => this.#when(() => this.destroy(error)));
  }

  cut(isTold: boolean): void {
    this.isUntold = !isTold;
    this.destroy(new Error("the connection was cut"));
  }

  go(): void {
    for (const each of this.#waiting.splice(0)) each();
    this.#hand();
  }

  override _read(): void {
    this.#hand();
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    this.#when(() => this.#connection.write(chunk, done));
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#when(() => this.#connection.end(done));
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#waiting.length = 0;
    if (!this.isUntold) this.#connection.destroy();
    done(error);
  }

  #when(run: () => void): void {
    if (this.#isStalled() && !this.destroyed) this.#waiting.push(run);
    else run();
  }

  #hand(): void {
    if (this.#isStalled() || this.destroyed) return;
    for (;;) {
      const chunk = this.#connection.read() as Uint8Array | null;
      if (chunk === null || !this.push(chunk)) return;
    }
  }
}
