/** Where a program can be as if: each kind of target knows how to start an agent there, and nothing else. */
import type { Duplex } from "node:stream";

/** An agent that runs in a target. Disposing ends it and removes what was made for it. */
export interface StartedAgent extends AsyncDisposable {
  /** To the agent; not yet greeted. */
  readonly connection: Duplex;
  /** Settles when the agent is gone and what was made for it removed, with what it said last on standard error. */
  readonly ended: Promise<string>;
}

/** One kind of target. */
export interface TargetKind {
  /** In front of the colon: "container". */
  readonly name: string;
  /** For --help: "container:NAME". */
  readonly usage: string;
  /** For --help, a line: "a container of Docker or Podman". */
  readonly summary: string;
  /**
   * Starts an agent.
   * @param name what stands behind the colon; "" where there is none
   * @returns when the agent answers
   * @throws ElsewhereError `target-unusable` that says what is missing: the target, rights, tools, kernel
   */
  start(name: string, options: StartOptions): Promise<StartedAgent>;
}

export interface StartOptions {
  /** Told what is being done, for people: "starting an agent in container api". */
  readonly progress: (doing: string) => void;
  /** Leaves on another machine what was brought there (ssh), for the next time. */
  readonly keep?: boolean;
  /** Gives up starting. Of no meaning afterwards. */
  readonly signal?: AbortSignal;
}
