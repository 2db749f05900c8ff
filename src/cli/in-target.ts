/** What makes a program believe that it is in a target: a session there, and the hooks, environment and directory. */
import { realpathSync, statSync } from "node:fs";
import { filePolicy } from "../config/file-policy.ts";
import { programEnvironment, type Variable } from "../config/environment.ts";
import { hereFor, ownEnvironment } from "../config/here.ts";
import { OutgoingPolicy } from "../config/outgoing.ts";
import type { FilePolicy } from "../config/policy.ts";
import type { Settings } from "../config/settings.ts";
import { ElsewhereError } from "../errors.ts";
import type { HookSet } from "../hooks/define.ts";
import { errnoText } from "../linux/errno.ts";
import { findProgram } from "../process/program.ts";
import { Session } from "../session/session.ts";
import { findTarget } from "../target/kinds.ts";
import type { StartedAgent } from "../target/target.ts";
import type { SeenUser } from "../world/identity.ts";
import { networkHooks } from "../world/network/network.ts";
import { FileReport } from "../world/report.ts";
import { World } from "../world/world.ts";
import { Progress } from "./progress.ts";
import { packageVersion } from "./version.ts";

export interface RunOptions {
  /** The program's real path. */
  readonly executable: string;
  /** Whether what it connects to is connected to in the target. */
  readonly outgoing: boolean;
}

export class InTarget implements AsyncDisposable {
  readonly policy: FilePolicy;
  readonly report: FileReport = new FileReport();
  readonly variables: readonly Variable[];
  /** Where the program starts, as it sees it; undefined: where this process is. */
  readonly workingDirectory: string | undefined;
  readonly session: Session;
  readonly #agent: StartedAgent;
  readonly #world: World;
  readonly #network: readonly HookSet[];

  private constructor(agent: StartedAgent, session: Session, settings: Settings, where: RunOptions) {
    const { target, files } = session;
    this.#agent = agent;
    this.session = session;
    this.policy = filePolicy(settings, hereFor(settings, where.executable));
    const { hostname, identity, workdir } = settings;
    this.workingDirectory =
      workdir.value === "target" ? Buffer.from(target.workingDirectory).toString() : workdir.value;
    this.variables = programEnvironment(target.environment, ownEnvironment(), settings, this.workingDirectory);
    this.#world = new World({
      files,
      policy: this.policy,
      machine: hostname.value ? target.identity : undefined,
      user: userOf(identity.value, target.identity),
      report: this.report,
    });
    this.#network = where.outgoing
      ? networkHooks({ network: session.network, policy: new OutgoingPolicy(), files: this.policy })
      : [];
  }

  /**
   * @param text of the target: "container:api"
   * @param program as the user named it
   * @throws ElsewhereError when the program is not found, or nothing can be done in the target
   */
  static async open(text: string, program: string, settings: Settings, outgoing: boolean): Promise<InTarget> {
    const { kind, name } = findTarget(text);
    const executable = realpathSync(findProgram(program, process.env, process.cwd()));
    using progress = new Progress();
    const agent = await kind.start(name, { progress: (doing) => progress.say(`${text}: ${doing}`) });
    return await InTarget.with(agent, { executable, outgoing }, settings);
  }

  /** The same with an agent that runs, and is ended with it. */
  static async with(agent: StartedAgent, where: RunOptions, settings: Settings): Promise<InTarget> {
    try {
      const connect = onlyOnce(agent);
      const session = await Session.open({ connect, release: `elsewhere ${packageVersion()}` });
      return new InTarget(agent, session, settings, where);
    } catch (error) {
      await agent[Symbol.asyncDispose]();
      throw error;
    }
  }

  get hooks(): readonly HookSet[] {
    return [...this.#world.hooks, ...this.#network];
  }

  get environment(): NodeJS.ProcessEnv {
    return Object.fromEntries(
      this.variables.map(({ entry }) => {
        const text = Buffer.from(entry).toString();
        const at = text.indexOf("=");
        return [text.slice(0, at), text.slice(at + 1)];
      }),
    );
  }

  /**
   * The directory to start the program in.
   * @throws ElsewhereError when there is none
   */
  async startingDirectory(): Promise<string> {
    const path = this.workingDirectory;
    if (path === undefined) return process.cwd();
    const there = this.#world.startingDirectory(path);
    const failed = there === undefined ? failureHere(path) : await this.#failureThere(path);
    if (failed === 0) return there ?? path;
    throw new ElsewhereError({
      code: "launch-failed",
      message: `the program cannot start in ${path}`,
      context: [`${there === undefined ? "here" : "in the target"}: ${errnoText(failed)}`],
      hint: "--workdir names another directory",
    });
  }

  async #failureThere(path: string): Promise<number> {
    const opened = await this.session.files.open({ path }, { flags: O_DIRECTORY });
    if (typeof opened === "number") return -opened;
    if (opened.file !== undefined) await this.session.files.close(opened.file);
    return 0;
  }

  /** What the program has written arrives, then nothing of it is left there. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#world.flush();
    this.session[Symbol.dispose]();
    await this.#agent[Symbol.asyncDispose]();
  }
}

/** Linux's value on x86-64, as the agent takes it. */
const O_DIRECTORY = 0o200000;
const ENOENT = 2;
const ENOTDIR = 20;

function failureHere(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return ENOENT;
  return found.isDirectory() ? 0 : ENOTDIR;
}

function userOf(wanted: Settings["identity"]["value"], target: SeenUser | undefined): SeenUser | undefined {
  if (wanted === true) return target;
  if (wanted === false) return undefined;
  const { uid, gid } = wanted;
  return { uid, euid: uid, gid, egid: gid, groups: [] };
}

/** The agent has one connection; when that is gone so is the agent. */
function onlyOnce({ connection, ended }: StartedAgent): () => Promise<StartedAgent["connection"]> {
  let isUsed = false;
  return async () => {
    if (isUsed)
      throw new ElsewhereError({ code: "target-unusable", message: "the agent is gone", context: [await ended] });
    isUsed = true;
    return connection;
  };
}
