/** Runs programs recorded and replayed. */
import { realpathSync } from "node:fs";
import { join } from "node:path";
import {
  type Difference,
  type HookFailure,
  type HookSet,
  launch,
  record,
  type RecordOptions,
  replay,
  type ReplayOptions,
} from "../../src/index.ts";
import { goProgram } from "../engine/programs.ts";
import { all } from "../hooks/driver.ts";
import { repository } from "../matrix/cache.ts";

/** The program of replayed/: main.go says what it can do. */
export const replayedProgram = async (): Promise<string> =>
  realpathSync(await goProgram(join(repository, "test/sets/replayed")));

export interface Run {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

export interface Replay extends Run {
  readonly differences: readonly Difference[];
}

export interface Start {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Standard input; without it there is none. */
  readonly input?: string;
  /** Told of every line that the program prints, and where its input goes. */
  readonly onLine?: (line: string, input: NodeJS.WritableStream) => void;
}

export const recorded = (file: string, start: Start, options?: RecordOptions): Promise<Run> =>
  runWith(record(file, options), start);

export async function replayed(file: string, start: Start, options: ReplayOptions = {}): Promise<Replay> {
  const differences: Difference[] = [];
  const hooks = replay(file, { onDifference: (difference) => differences.push(difference), ...options });
  return { ...(await runWith(hooks, start)), differences };
}

async function runWith(hooks: HookSet, { program, args, cwd = "/", env, input, onLine }: Start): Promise<Run> {
  const failures: HookFailure[] = [];
  const hasInput = input !== undefined || onLine !== undefined;
  await using launched = await launch(program, {
    args,
    cwd,
    ...(env === undefined ? {} : { env }),
    hooks,
    stdio: [hasInput ? "pipe" : "ignore", "pipe", "pipe"],
    onHookError: (failure) => failures.push(failure),
  });
  const { stdin, stdout, stderr } = launched;
  stdin?.on("error", () => {}); // a replay does not read it
  if (input !== undefined) stdin?.end(input);
  if (stdin !== null && onLine !== undefined)
    stdout?.on("data", (chunk: Buffer) => {
      for (const line of chunk.toString().split("\n").filter(Boolean)) onLine(line, stdin);
    });
  const [out, errors, { exitCode }] = await Promise.all([all(stdout), all(stderr), launched.exited]);
  if (failures.length > 0)
    throw new Error(`hooks failed: ${failures.map(({ hook, error }) => `${hook}: ${String(error)}`).join(", ")}`);
  return { stdout: out, stderr: errors, exitCode };
}
