/** What makes a program believe that it is in a target: a session there, and the hooks, environment and directory. */
import { realpathSync, statSync } from "node:fs";
import { posix } from "node:path";
import pc from "picocolors";
import { filePolicy } from "../config/file-policy.ts";
import { programEnvironment, type Variable } from "../config/environment.ts";
import { hereFor, ownEnvironment } from "../config/here.ts";
import { OutgoingPolicy } from "../config/outgoing.ts";
import type { FilePolicy } from "../config/policy.ts";
import type { Settings } from "../config/settings.ts";
import { ElsewhereError, exitCodes } from "../errors.ts";
import type { HookSet } from "../hooks/define.ts";
import { errnoText } from "../linux/errno.ts";
import { findProgram } from "../process/program.ts";
import { Session, type SessionEvent } from "../session/session.ts";
import { Agents } from "../target/agents.ts";
import { findTarget } from "../target/kinds.ts";
import type { SeenUser } from "../world/identity.ts";
import { networkHooks } from "../world/network/network.ts";
import { FileReport } from "../world/report.ts";
import { World } from "../world/world.ts";
import { wantsColour } from "./report.ts";
import { Progress } from "./progress.ts";
import { packageVersion } from "./version.ts";

export interface RunOptions {
  /** The program's real path; undefined where it is the target's. */
  readonly executable: string | undefined;
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
  readonly #agents: Agents;
  readonly #world: World;
  readonly #network: readonly HookSet[];

  private constructor(agents: Agents, session: Session, settings: Settings, options: RunOptions) {
    const { target, files } = session;
    this.#agents = agents;
    this.session = session;
    this.policy = filePolicy(settings, hereFor(settings, options.executable));
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
    this.#network = options.outgoing
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
    const isThere = program.startsWith(REMOTE);
    const executable = isThere ? undefined : realpathSync(findProgram(program, process.env, process.cwd()));
    using progress = new Progress();
    const agents = new Agents((signal) =>
      kind.start(name, { progress: (doing) => progress.say(`${text}: ${doing}`), ...(signal && { signal }) }),
    );
    return await InTarget.with(agents, { executable, outgoing }, settings);
  }

  /** The same with whatever starts an agent; it is ended with this. */
  static async with(agents: Agents, options: RunOptions, settings: Settings): Promise<InTarget> {
    try {
      const release = `elsewhere ${packageVersion()}`;
      const session = await Session.open({ connect: (signal) => agents.connect(signal), release, listen: tell });
      return new InTarget(agents, session, settings, options);
    } catch (error) {
      await agents[Symbol.asyncDispose]();
      throw error;
    }
  }

  get hooks(): readonly HookSet[] {
    // The world refuses sockets of the target by path: it is asked about those that the network leaves.
    return [...this.#network, ...this.#world.hooks];
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

  /**
   * What to launch: the program as it was named, or one of the target that is named "remote:PATH".
   * @throws ElsewhereError where the target has none
   */
  async program(named: string): Promise<{ readonly file: string; readonly argv0?: string; readonly seenAs?: string }> {
    // As the user named it: from where they are, wherever the program is to start.
    if (!named.startsWith(REMOTE)) return { file: findProgram(named, process.env, process.cwd()), argv0: named };
    const name = named.slice(REMOTE.length);
    const folders = name.includes("/") ? [""] : (this.environment["PATH"] ?? "").split(":");
    const base = Buffer.from(this.session.target.workingDirectory).toString();
    let failed = ENOENT;
    for (const folder of folders) {
      const found = await this.#world.fetchProgram(posix.resolve(this.workingDirectory ?? base, folder, name));
      if (typeof found !== "number") return { file: found.file, argv0: name, seenAs: found.path };
      if (failed === ENOENT) failed = -found;
    }
    throw new ElsewhereError({
      code: failed === ENOENT ? "not-found" : "not-executable",
      message: `${name} cannot be started`,
      context: [`in the target: ${errnoText(failed)}`],
      exitCode: failed === ENOENT ? exitCodes.notFound : exitCodes.cannotRun,
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
    await this.#agents[Symbol.asyncDispose]();
  }
}

/** In front of the path of a program that is in the target. */
const REMOTE = "remote:";
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

/** The user sees the program wait, and why. */
function tell(event: SessionEvent): void {
  const { dim, red } = pc.createColors(wantsColour());
  if (event.kind === "lost")
    console.error(dim(`elsewhere: the target does not answer (${event.reason}); connecting again`));
  else if (event.kind === "over")
    console.error(red(`elsewhere: the target is gone: ${event.reason}; its files are EIO`));
  else {
    console.error(dim("elsewhere: connected again"));
    for (const path of event.lostFiles) console.error(red(`  ${path} is another file now, or none: ESTALE`));
  }
}
