/** What went there, what stayed here, and by which rule. */
import type { FileDecision, FileMode } from "../config/policy.ts";

/** A path that the program has named. */
export interface ReportedPath {
  readonly path: string;
  readonly mode: FileMode;
  /** The rule's pattern. */
  readonly pattern: string;
  calls: number;
}

/** Paths that are told apart; of those beyond, the calls are counted by rule. */
const MOST_PATHS = 10_000;

/** Hears where paths are that the program names. */
export interface FileListener {
  /** @param path normalised @param tid of the thread that names it; 0: nobody does */
  add(path: string, decision: FileDecision, tid: number): void;
}

export class FileReport implements FileListener {
  readonly #paths = new Map<string, ReportedPath>();
  /** Calls about paths that are not told apart. */
  others = 0;

  add(path: string, { mode, rule }: FileDecision): void {
    const known = this.#paths.get(path);
    if (known !== undefined) known.calls++;
    else if (this.#paths.size < MOST_PATHS) this.#paths.set(path, { path, mode, pattern: rule.pattern, calls: 1 });
    else this.others++;
  }

  get paths(): readonly ReportedPath[] {
    return [...this.#paths.values()];
  }
}
