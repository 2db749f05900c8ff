/** Two sandboxes alike. Sequences of calls are played inside one, and here as if in the other. */
import {
  closeSync,
  constants,
  copyFileSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { launch } from "../../src/index.ts";
import { Session } from "../../src/session/session.ts";
import { type Embedded, startEmbedded } from "../../src/target/embedded.ts";
import { World } from "../../src/world/world.ts";
import { policyOf } from "./homes.ts";
import type { Call } from "./draws.ts";

/** What a sequence led to: a line for each call, and what is there afterwards. */
export interface Outcome {
  readonly results: readonly string[];
  readonly tree: readonly string[];
}

/** Where both worlds do not agree. */
export interface Difference {
  readonly calls: readonly Call[];
  readonly inside: Outcome;
  readonly asIf: Outcome;
}

export class Pair implements AsyncDisposable {
  readonly #inside: Embedded;
  readonly #asIf: Embedded;
  readonly #session: Session;
  readonly #world: World;
  readonly #program: string;
  #folders = 0;

  private constructor(program: string, inside: Embedded, asIf: Embedded, session: Session) {
    this.#program = program;
    this.#inside = inside;
    this.#asIf = asIf;
    this.#session = session;
    // Wherever a sequence wanders to, it is the target's; what the program itself is made of is not.
    const local = {
      "/proc/**": "local",
      "/sys/**": "local",
      "/dev/**": "local",
      [`${dirname(realpathSync(program))}/**`]: "local",
    };
    this.#world = new World({
      files: session.files,
      policy: policyOf({ ...(local as Record<string, "local">), "/**": "remote", "/": "remote" }),
      machine: session.target.identity,
    });
  }

  /** @param program the built player */
  static async start(program: string): Promise<Pair> {
    const [inside, asIf] = [await sandbox(), await sandbox()];
    mkdirSync(join(inside.root, "bin"));
    mkdirSync(join(asIf.root, "bin"));
    copyFileSync(program, join(inside.root, "bin", basename(program)));
    copyFileSync(program, join(asIf.root, "bin", basename(program)));
    const session = await Session.open({ connect: () => Promise.resolve(asIf.connection), release: "elsewhere test" });
    return new Pair(program, inside, asIf, session);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#session[Symbol.dispose]();
    await this.#inside[Symbol.asyncDispose]();
    await this.#asIf[Symbol.asyncDispose]();
  }

  /** Plays each sequence in folders of its own. @returns what is different, for each of the sequences */
  async play(sequences: readonly (readonly Call[])[]): Promise<(Difference | undefined)[]> {
    const folders = sequences.map(() => `/srv/${++this.#folders}`);
    // One level deeper, so that `..` stays a sequence's own.
    const input = sequences
      .map((calls, index) => `${JSON.stringify({ folder: `${folders[index]}/w`, calls })}\n`)
      .join("");
    const inside = await this.#playInside(input);
    const asIf = await this.#playAsIf(input);
    return sequences.map((calls, index) => {
      const folder = folders[index] ?? "";
      const there = { results: inside[index] ?? ["not played"], tree: treeOf(join(this.#inside.root, folder)) };
      const here = { results: asIf[index] ?? ["not played"], tree: treeOf(join(this.#asIf.root, folder)) };
      return JSON.stringify(there) === JSON.stringify(here) ? undefined : { calls, inside: there, asIf: here };
    });
  }

  async #playInside(input: string): Promise<string[][]> {
    const child = this.#inside.run(`/bin/${basename(this.#program)}`, [], { stdio: "pipe" });
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    return answersOf(child, input, ended);
  }

  async #playAsIf(input: string): Promise<string[][]> {
    const failures: unknown[] = [];
    await using running = await launch(this.#program, {
      args: [],
      stdio: "pipe",
      env: { PATH: "/bin" },
      cwd: this.#world.startingDirectory("/") ?? "/",
      hooks: this.#world.hooks,
      onHookError: (failure) => failures.push(failure),
    });
    const ended = running.exited.then(({ exitCode }) => exitCode);
    const answers = await answersOf(running, input, ended);
    await this.#world.flush();
    if (failures.length > 0) throw new AggregateError(failures, "hooks failed");
    return answers;
  }
}

const sandbox = (): Promise<Embedded> =>
  startEmbedded({ hostname: "faraway", env: { PATH: "/bin" }, workdir: "/" }, { progress: () => undefined });

interface Streams {
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
}

/** Plays sequences, a line each. @returns what the player said of each */
export async function answersOf(
  { stdin, stdout, stderr }: Streams,
  input: string,
  ended: Promise<number | null>,
): Promise<string[][]> {
  stdin?.on("error", () => undefined);
  stdin?.end(input);
  const [lines, complaints, exitCode] = await Promise.all([textOf(stdout), textOf(stderr), ended]);
  if (exitCode !== 0) throw new Error(`the player ended with ${exitCode}: ${complaints.slice(0, 4000)}`);
  return lines
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as string[]);
}

const textOf = async (stream: Readable | null): Promise<string> => (stream === null ? "" : text(stream));

/** Times that calls have set are older than this; all others are the clock's. Milliseconds. */
const OLD_MS = 1_600_000_000_000;

/** What is below a folder, as the machine that it is really on says it. */
export function treeOf(folder: string): string[] {
  const inodes = new Map<number, number>();
  const lines: string[] = [];
  const visit = (path: string, name: string): void => {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return void lines.push(`${name} is gone`);
    const inode = inodes.get(stat.ino) ?? inodes.size;
    inodes.set(stat.ino, inode);
    const { mtimeMs, nlink, uid, gid } = stat;
    const time = mtimeMs < OLD_MS ? String(mtimeMs) : "now";
    lines.push(
      `${name} ${stat.mode.toString(8)} links=${nlink} ${uid}:${gid} #${inode} ${contentOf(path, stat)} ${time}`,
    );
    if (stat.isDirectory()) for (const entry of readdirSync(path).sort()) visit(join(path, entry), `${name}/${entry}`);
  };
  visit(folder, "");
  return lines;
}

function contentOf(path: string, stat: ReturnType<typeof lstatSync> & object): string {
  if (stat.isSymbolicLink()) return `-> ${readlinkSync(path)}`;
  if (!stat.isFile()) return "";
  const hash = createHash("sha256").update(beginningOf(path)).digest("hex").slice(0, 12);
  return `${stat.size} ${hash}`;
}

/** Files may be large where they have holes. */
const COMPARED = 1024 * 1024;

function beginningOf(path: string): Uint8Array {
  const descriptor = openSync(path, constants.O_RDONLY);
  try {
    const bytes = new Uint8Array(COMPARED);
    return bytes.subarray(0, readSync(descriptor, bytes));
  } finally {
    closeSync(descriptor);
  }
}
