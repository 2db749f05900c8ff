/**
 * Which recorded process each process of a replay stands for: of those that its parent started the first with the same
 * program and arguments, for processes that are started at the same time come in another order in every run.
 */
import { basename } from "node:path";
import type { Recording } from "./contents.ts";
import type { EventOf } from "./events.ts";
import { type MetProcess, startOf } from "./processes.ts";

export class ReplayedParts {
  readonly #free: EventOf<"process">[];
  /** By the replay's numbers. */
  readonly #parts = new Map<number, number>();

  constructor(recording: Recording) {
    this.#free = recording.all("process");
  }

  begin({ id, parent, pid, program }: MetProcess): void {
    const of = parent === null ? null : (this.#parts.get(parent) ?? -1);
    const argv = JSON.stringify(startOf(pid).argv);
    const siblings = this.#free.filter((each) => each.parent === of);
    const [part] = [
      ...siblings.filter((each) => each.program === program && JSON.stringify(each.argv) === argv),
      ...siblings.filter((each) => basename(each.program) === basename(program)),
      ...siblings,
    ];
    if (part === undefined) return;
    this.#free.splice(this.#free.indexOf(part), 1);
    this.#parts.set(id, part.id);
  }

  /** The number of the recorded process; −1 where there is none. */
  of(id: number): number {
    return this.#parts.get(id) ?? -1;
  }
}
