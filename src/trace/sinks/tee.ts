/** Several sinks as one: a trace on the terminal and a timeline in a file. */
import type { TraceRecord, TraceSink } from "../record.ts";

export class TeeSink implements TraceSink {
  readonly #sinks: readonly TraceSink[];

  constructor(sinks: readonly TraceSink[]) {
    this.#sinks = sinks;
  }

  write(record: TraceRecord): void {
    for (const sink of this.#sinks) sink.write(record);
  }

  /** Closes all of them, also when one fails; then throws the first failure. */
  close(): void {
    const failures: unknown[] = [];
    for (const sink of this.#sinks) {
      try {
        sink.close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
