/** Where a program can be as if: each kind of target knows how to start an agent there, and nothing else. */
import type { Duplex } from "node:stream";

/** An agent that runs in a target. */
export interface StartedAgent extends AsyncDisposable {
  /** To the agent; not yet greeted. */
  readonly connection: Duplex;
  /** Settles when the agent is gone, with what it has said last on standard error. */
  readonly ended: Promise<string>;
}

/** One kind of target. */
export interface TargetKind {
  /** In front of the colon: "container". */
  readonly name: string;
  /** For --help: "container:NAME". */
  readonly usage: string;
  /**
   * Starts an agent.
   * @param name what stands behind the colon; "" where there is none
   * @param progress told what is being done, for people
   * @throws ElsewhereError `target-unusable` that says what is missing: the target, rights, tools, kernel
   */
  start(name: string, options: StartOptions): Promise<StartedAgent>;
}

export interface StartOptions {
  readonly progress: (doing: string) => void;
  readonly signal?: AbortSignal;
}
