/** One run of a program that believes to be in a target: the hooks, environment and directory that make it believe so. */
import { realpathSync, statSync } from "node:fs";
import { posix } from "node:path";
import { filePolicy } from "../config/file-policy.ts";
import { programEnvironment, type Variable } from "../config/environment.ts";
import { hereFor, ownEnvironment } from "../config/here.ts";
import { OutgoingPolicy, type OutgoingRule } from "../config/outgoing.ts";
import type { FileDecision, FilePolicy } from "../config/policy.ts";
import type { Settings } from "../config/settings.ts";
import { ElsewhereError, exitCodes } from "../errors.ts";
import { defineHooks, type HookSet } from "../hooks/define.ts";
import { type HookedProgram, launch, type LaunchOptions } from "../hooks/launch.ts";
import { errnoText } from "../linux/errno.ts";
import { findProgram } from "../process/program.ts";
import type { Session } from "../session/session.ts";
import type { SeenUser } from "../world/identity.ts";
import { firstNames } from "../world/network/first-names.ts";
import type { KnownNames } from "../world/network/known-names.ts";
import { interfaceHooks, networkHooks } from "../world/network/network.ts";
import { FileReport, type ReportedPath } from "../world/report.ts";
import type { RoutedDestination } from "../world/network/routing.ts";
import { type ReportedConnection, type ReportedName, TrafficReport } from "../world/network/traffic-report.ts";
import { Whereabouts } from "../world/whereabouts.ts";
import { World } from "../world/world.ts";

/** Those of any launch, but for what the target decides. */
export interface StartOptions extends Omit<LaunchOptions, "argv0" | "seenAs" | "cwd" | "innermost" | "survives"> {
  /** Over the variables that the configuration gives; undefined: none of that name. */
  readonly env?: NodeJS.ProcessEnv;
}

/** What a program has used so far, where that was, and by which rule. */
export interface RunReport {
  readonly files: readonly ReportedPath[];
  readonly connections: readonly ReportedConnection[];
  readonly names: readonly ReportedName[];
  /** Calls about those that are not told apart, for there are too many. */
  readonly others: { readonly files: number; readonly connections: number };
}

/** What is where. */
interface Decided {
  readonly policy: FilePolicy;
  readonly outgoing: OutgoingPolicy;
  /** Needed where rules are about names. */
  readonly names: KnownNames | undefined;
}

export class InTarget {
  readonly policy: FilePolicy;
  readonly outgoing: OutgoingPolicy;
  readonly files: FileReport = new FileReport();
  readonly traffic: TrafficReport = new TrafficReport();
  /** Of each call that is under way. */
  readonly whereabouts: Whereabouts = new Whereabouts();
  readonly variables: readonly Variable[];
  /** Where the program starts, as it sees it; undefined: where this process is. */
  readonly workingDirectory: string | undefined;
  readonly session: Session;
  readonly #named: string;
  readonly #world: World;
  readonly #network: readonly HookSet[];

  private constructor(named: string, session: Session, settings: Settings, { policy, outgoing, names }: Decided) {
    const { target } = session;
    this.#named = named;
    this.session = session;
    this.policy = policy;
    this.outgoing = outgoing;
    const { hostname, identity, workdir } = settings;
    this.workingDirectory =
      workdir.value === "target" ? Buffer.from(target.workingDirectory).toString() : workdir.value;
    this.variables = programEnvironment(target.environment, ownEnvironment(), settings, this.workingDirectory);
    this.#world = new World({
      files: session.files,
      policy: this.policy,
      machine: hostname.value ? target.identity : undefined,
      user: userOf(identity.value, target.identity),
      report: {
        add: (path, decision, tid) => {
          this.files.add(path, decision);
          this.whereabouts.add(path, decision, tid);
        },
      },
    });
    const { traffic, whereabouts } = this;
    const report = {
      connection(tid: number, to: RoutedDestination, rule: OutgoingRule | FileDecision): void {
        traffic.connection(tid, to, rule);
        whereabouts.connection(tid, to, rule);
      },
      name: traffic.name.bind(traffic),
    };
    this.#network = [
      ...(settings.outgoing.enabled.value
        ? networkHooks({
            network: session.network,
            unixDatagrams: session.unixDatagrams,
            policy: outgoing,
            files: policy,
            names,
            report,
            directoryOf: (tid) => this.#world.directoryOf(tid),
          })
        : []),
      ...(settings.interfaces.value === "remote" ? [interfaceHooks(session.interfaces)] : []),
    ];
  }

  /**
   * @param named the program, as of {@link executableOf}
   * @throws ElsewhereError when the program is not found, or nothing can be done in the target
   */
  static async of(named: string, session: Session, settings: Settings): Promise<InTarget> {
    const policy = filePolicy(settings, hereFor(settings, executableOf(named)));
    const outgoing = new OutgoingPolicy(settings.outgoing.rules, settings.outgoing.otherwise);
    const names = outgoing.hasNames ? await firstNames(session.files, policy) : undefined;
    return new InTarget(named, session, settings, { policy, outgoing, names });
  }

  get hooks(): readonly HookSet[] {
    // The world refuses sockets of the target by path: it is asked about those that the network leaves.
    return [...this.#network, ...this.#world.hooks];
  }

  get report(): RunReport {
    const { files, traffic } = this;
    const { connections, names } = traffic;
    return { files: files.paths, connections, names, others: { files: files.others, connections: traffic.others } };
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
   * Starts the program. Its end is told when what it has written has arrived.
   * @throws ElsewhereError when it is not found, or cannot be hooked; nothing was started then
   */
  async launch(options: StartOptions): Promise<HookedProgram> {
    const { file, ...seen } = await this.program();
    return launch(file, {
      ...options,
      ...seen,
      env: { ...this.environment, ...options.env },
      cwd: await this.startingDirectory(),
      innermost: [...this.hooks, defineHooks({}, { ended: () => this.flush() })],
      // The kernel's own answers would be about another machine than the program believes to be on.
      survives: false,
    });
  }

  /**
   * What to launch: the program as it was named, or one of the target that is named "remote:PATH".
   * @throws ElsewhereError where the target has none
   */
  async program(): Promise<{ readonly file: string; readonly argv0?: string; readonly seenAs?: string }> {
    const named = this.#named;
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

  /** Has arrived what the program has written. */
  flush(): Promise<void> {
    return this.#world.flush();
  }
}

/**
 * A program's real path; undefined where it is the target's ("remote:PATH").
 * @throws ElsewhereError when it is not found
 */
export const executableOf = (named: string): string | undefined =>
  named.startsWith(REMOTE) ? undefined : realpathSync(findProgram(named, process.env, process.cwd()));

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
