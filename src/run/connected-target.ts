/** A target that is connected: one session with it, and the programs that run as if they were there. */
import type { Settings } from "../config/settings.ts";
import type { HookedProgram } from "../hooks/launch.ts";
import { Session, type SessionEvent } from "../session/session.ts";
import type { Agents } from "../target/agents.ts";
import { InTarget, type RunReport, type StartOptions } from "./in-target.ts";
import { packageVersion } from "./version.ts";

/** How a program is started in a target: as with `launch`, but for what the target decides. */
export interface LaunchInTargetOptions extends StartOptions {
  /** Where the program starts, as it sees it: an absolute path. What the configuration says where it is not given. */
  readonly cwd?: string;
}

/** A program that runs here, or has run, as if it were in a target. */
export interface ProgramInTarget extends HookedProgram {
  /** What it has used so far, where that was, and by which rule. */
  readonly report: RunReport;
}

/** A target that `connect` has reached. */
export interface RemoteTarget extends AsyncDisposable {
  /** Its host name. */
  readonly hostname: string;
  /** Where its main process is. */
  readonly workingDirectory: string;
  /** Settles when the connection is over: disposed of (undefined), or lost for good. */
  readonly closed: Promise<Error | undefined>;
  /**
   * Starts a program as if it were there; any number may run at the same time.
   *
   * `hooks`, and those that are added while it runs, stand in front of those that make it believe to be there: they see every
   * call as the program makes it, and the target's answer as the result of `proceed`. A program does not survive this process:
   * what its calls would mean then is about another machine.
   *
   * @param program a path of this machine, a name to be found on PATH, or "remote:PATH", a program of the target
   * @throws ElsewhereError when it is not found, or cannot be hooked; nothing was started then
   */
  launch(program: string, options?: LaunchInTargetOptions): Promise<ProgramInTarget>;
  /** Ends the programs that still run, then the agent. What they have written has arrived. */
  [Symbol.asyncDispose](): Promise<void>;
}

export class ConnectedTarget implements RemoteTarget {
  readonly session: Session;
  readonly #agents: Agents;
  readonly #settings: Settings;
  readonly #runs: InTarget[] = [];
  readonly #programs = new Set<HookedProgram>();

  private constructor(agents: Agents, session: Session, settings: Settings) {
    this.#agents = agents;
    this.session = session;
    this.#settings = settings;
  }

  /**
   * @param agents are ended with this, also when it cannot be opened
   * @param listen hears what becomes of the connection
   * @throws ElsewhereError when there is no agent, or it speaks another version
   */
  static async open(
    agents: Agents,
    settings: Settings,
    listen: (event: SessionEvent) => void = () => undefined,
  ): Promise<ConnectedTarget> {
    try {
      const session = await Session.open({
        connect: (signal) => agents.connect(signal),
        release: `elsewhere ${packageVersion()}`,
        listen,
      });
      return new ConnectedTarget(agents, session, settings);
    } catch (error) {
      await agents[Symbol.asyncDispose]();
      throw error;
    }
  }

  get hostname(): string {
    return this.session.target.identity?.nodename ?? "";
  }

  get workingDirectory(): string {
    return Buffer.from(this.session.target.workingDirectory).toString();
  }

  get closed(): Promise<Error | undefined> {
    return this.session.closed;
  }

  /** What a run of the program takes, before anything is started. @throws ElsewhereError when it is not found */
  async prepare(program: string, settings: Settings = this.#settings): Promise<InTarget> {
    const run = await InTarget.of(program, this.session, settings);
    this.#runs.push(run);
    return run;
  }

  async launch(program: string, { cwd, ...options }: LaunchInTargetOptions = {}): Promise<ProgramInTarget> {
    const workdir = cwd === undefined ? this.#settings.workdir : { value: cwd, origin: this.#settings.workdir.origin };
    const run = await this.prepare(program, { ...this.#settings, workdir });
    const launched = await run.launch(options);
    this.#programs.add(launched);
    const forget = (): void => void this.#programs.delete(launched);
    launched.exited.then(forget, forget);
    return Object.defineProperty(launched, "report", { get: () => run.report }) as ProgramInTarget;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#programs].map((program) => program[Symbol.asyncDispose]()));
    for (const run of this.#runs) await run.flush();
    this.session[Symbol.dispose]();
    await this.#agents[Symbol.asyncDispose]();
  }
}
