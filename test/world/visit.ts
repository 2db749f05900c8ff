/** Programs that nobody here wrote: run in a sandbox, or here as if they were there, as often as a test likes. */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { type HookedProgram, launch } from "../../src/index.ts";
import type { Caller } from "../../src/session/caller.ts";
import { RemoteFiles } from "../../src/session/remote-files.ts";
import { Session } from "../../src/session/session.ts";
import { type Embedded, type EmbeddedOptions, startEmbedded } from "../../src/target/embedded.ts";
import { realClock } from "../../src/wire/clock.ts";
import { World } from "../../src/world/world.ts";
import { contentHash } from "../matrix/cache.ts";
import { delayLine } from "./delay-line.ts";
import { type Command, type Finished, policyOf } from "./homes.ts";

/** What a run took of the agent. */
export interface Cost {
  readonly milliseconds: number;
  /** Calls to the agent, by name. */
  readonly calls: ReadonlyMap<string, number>;
}

export interface VisitOptions extends EmbeddedOptions {
  /** Between here and the agent. @default 0 */
  readonly roundTripMs?: number;
  /** As in WorldOptions. */
  readonly freshMs?: number;
}

/** A command, and where it runs. */
export interface Visiting extends Command {
  /** A path there, or here where the policy says so. @default "/srv" */
  readonly workdir?: string;
}

/** Environment that programs of these tests get, wherever they run. */
const environment = { PATH: "/bin", HOME: "/srv/home", TMPDIR: "/srv/tmp" };

/** A sandbox and a session in it: /srv is there, everything else here. */
export class Visit implements AsyncDisposable {
  readonly sandbox: Embedded;
  readonly failures: unknown[] = [];
  readonly #session: Session;
  readonly #world: World;
  readonly #calls = new Map<string, number>();

  private constructor(sandbox: Embedded, session: Session, freshMs?: number) {
    this.sandbox = sandbox;
    this.#session = session;
    const caller: Caller = {
      get generation() {
        return session.generation;
      },
      call: (method, request, options) => {
        this.#calls.set(method.name, (this.#calls.get(method.name) ?? 0) + 1);
        return session.call(method, request, options);
      },
    };
    const files = new RemoteFiles(caller, realClock);
    this.#world = new World({ files, policy: policyOf({ "/srv/**": "remote", "/srv": "remote" }), freshMs });
  }

  static async start({ roundTripMs = 0, freshMs, ...options }: VisitOptions = {}): Promise<Visit> {
    const sandbox = await startEmbedded({ workdir: "/srv", ...options }, { progress: () => undefined });
    for (const folder of ["home", "tmp"]) mkdirSync(join(sandbox.root, "srv", folder), { recursive: true });
    const { connection } = sandbox;
    const session = await Session.open({
      connect: () => Promise.resolve(roundTripMs === 0 ? connection : delayLine(connection, roundTripMs)),
      release: "elsewhere test",
    });
    return new Visit(sandbox, session, freshMs);
  }

  /** A path in the sandbox as one of this machine. */
  path(name: string): string {
    return join(this.sandbox.root, name);
  }

  /** Starts a program of this machine, as if it were in the sandbox. */
  launch({ program, args, workdir = "/srv" }: Visiting): Promise<HookedProgram> {
    return launch(program, {
      args,
      stdio: ["ignore", "pipe", "pipe"],
      env: environment,
      cwd: this.#world.startingDirectory(workdir) ?? workdir,
      hooks: this.#world.hooks,
      onHookError: (failure) => this.failures.push(failure),
    });
  }

  /** Has arrived what programs have written. */
  settled(): Promise<void> {
    return this.#world.flush();
  }

  /** Runs it to its end. */
  async run(command: Visiting): Promise<Finished & { readonly cost: Cost }> {
    this.#calls.clear();
    const startedMs = performance.now();
    await using running = await this.launch(command);
    const [stdout, stderr, { exitCode }] = await Promise.all([
      textOf(running.stdout),
      textOf(running.stderr),
      running.exited,
    ]);
    await this.#world.flush();
    const cost = { milliseconds: performance.now() - startedMs, calls: new Map(this.#calls) };
    return { stdout, stderr, exitCode, cost };
  }

  /** Runs a program of this machine in the sandbox, together with the libraries that it needs. */
  async runInside({
    program,
    args,
    workdir = "/srv",
  }: Visiting): Promise<Finished & { readonly milliseconds: number }> {
    for (const file of [program, ...librariesOf(program)]) this.#bring(file, file === program);
    const startedMs = performance.now();
    const child = this.sandbox.run(`/bin/${basename(program)}`, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: environment,
      workdir,
    });
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    const [stdout, stderr, exitCode] = await Promise.all([textOf(child.stdout), textOf(child.stderr), ended]);
    return { stdout, stderr, exitCode, milliseconds: performance.now() - startedMs };
  }

  /** Everything below a directory of the sandbox: names, modes, and what is in them. */
  tree(directory: string): string[] {
    const root = this.path(directory);
    return readdirSync(root, { recursive: true, encoding: "utf8" })
      .sort()
      .map((name) => {
        const { mode, size } = statSync(join(root, name));
        const isFile = (mode & 0o170000) === 0o100000;
        const content = isFile ? `${size} ${contentHash([readFileSync(join(root, name))])}` : "";
        return `${(mode & 0o7777).toString(8)} ${name} ${content}`;
      });
  }

  #bring(file: string, isProgram: boolean): void {
    const to = this.path(isProgram ? `/bin/${basename(file)}` : file);
    if (existsSync(to)) return;
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(file, to);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#session[Symbol.dispose]();
    await this.sandbox[Symbol.asyncDispose]();
  }
}

/** Absolute paths of the shared libraries that a program is linked with, its loader among them. */
function librariesOf(program: string): string[] {
  try {
    const lines = execFileSync("ldd", [program], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return lines.match(/\/\S+(?= \(0x)/g) ?? [];
  } catch {
    return []; // "not a dynamic executable"
  }
}

const textOf = async (stream: NodeJS.ReadableStream | null): Promise<string> => (stream === null ? "" : text(stream));

/** A program that script/bootstrap has installed. @throws Error where it is missing */
export function installed(name: string): string {
  const ours = fileURLToPath(new URL("../../node_modules/.bin", import.meta.url));
  const folders = [ours, ...(process.env["PATH"] ?? "").split(":"), "/usr/bin"];
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`there is no ${name}; script/bootstrap --test fetches it`);
  return found;
}
