/** The agents of a session, one after another: when one is lost, the next is started. */
import type { Duplex } from "node:stream";
import type { StartedAgent } from "./target.ts";

export class Agents implements AsyncDisposable {
  readonly #start: (signal?: AbortSignal) => Promise<StartedAgent>;
  #present: StartedAgent | undefined;

  /** @param start as {@link TargetKind.start}, of one target */
  constructor(start: (signal?: AbortSignal) => Promise<StartedAgent>) {
    this.#start = start;
  }

  /**
   * A connection to an agent that has just been started; the one before is ended.
   * @throws ElsewhereError `target-unusable`
   */
  async connect(signal?: AbortSignal): Promise<Duplex> {
    await this.#present?.[Symbol.asyncDispose]();
    this.#present = await this.#start(signal);
    return this.#present.connection;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#present?.[Symbol.asyncDispose]();
  }
}
