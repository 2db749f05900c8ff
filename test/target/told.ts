/** What the same questions are answered by a session to a target, and by a program inside it. */
import { execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { errnoText } from "../../src/linux/errno.ts";
import { Session } from "../../src/session/session.ts";
import { startInContainer } from "../../src/target/container.ts";
import { findTarget } from "../../src/target/kinds.ts";
import type { StartedAgent, StartOptions } from "../../src/target/target.ts";
import { FilesService } from "../../src/wire/generated/elsewhere/v1/files_pb.ts";
import { goProgram } from "../engine/programs.ts";
import { repository } from "../matrix/cache.ts";

/** The Go program that tells where it is; teller/main.go. */
export const teller = (): Promise<string> => goProgram(join(repository, "test/target/teller"));

/** As teller/main.go prints it. */
export interface Told {
  readonly hostname: string;
  readonly workdir: string;
  readonly uid: number;
  readonly gid: number;
  readonly environment: readonly string[];
  readonly content: string;
  readonly error: string;
}

/** Starts an agent in "container:api"; "helper:api" takes the way of those who have no rights on this machine. */
export function startTarget(target: string, options: Partial<StartOptions> = {}): Promise<StartedAgent> {
  const helped = /^helper:(.*)$/.exec(target)?.[1];
  if (helped !== undefined) return startInContainer(helped, { progress: () => undefined, ...options }, "helper");
  const { kind, name } = findTarget(target);
  return kind.start(name, { progress: () => undefined, ...options });
}

/** What a session to a target says of it, and of a file there. Ends the session. */
export async function toldBySession({ connection }: Pick<StartedAgent, "connection">, path: string): Promise<Told> {
  using session = await Session.open({ connect: () => Promise.resolve(connection), release: "test" });
  const { identity, environment, workingDirectory } = session.target;
  const request = { place: { path: Buffer.from(path) }, contentLimit: 4096, closeWhenComplete: true };
  const { errno, content = new Uint8Array() } = await session.call(FilesService.method.open, () => request);
  return {
    hostname: identity?.nodename ?? "",
    workdir: Buffer.from(workingDirectory).toString(),
    uid: identity?.euid ?? -1,
    gid: identity?.egid ?? -1,
    environment: environment.map((variable) => Buffer.from(variable).toString()).sort(),
    content: Buffer.from(content).toString(),
    error: errno === 0 ? "" : errnoText(errno).toLowerCase(),
  };
}

/** What a command prints that runs the teller inside. */
export async function toldInside(command: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Told> {
  const [program = "", ...args] = command;
  const { stdout } = await promisify(execFile)(program, args, { env });
  return JSON.parse(stdout) as Told;
}

/** A process of its own that has a session to a target; it stays until it is killed. */
export async function heldSession(target: string, env: NodeJS.ProcessEnv = {}): Promise<{ readonly pid: number }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "hold.ts"), target], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.once("data", () => resolve());
    child.once("exit", (code) => reject(new Error(`no session to ${target}: ${code}`)));
  });
  return { pid: child.pid ?? 0 };
}

/** Looks again until it is so: for what other processes do in the file system or an engine. */
export async function eventually(isSo: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  const late = performance.now() + ms;
  while (!(await isSo())) {
    if (performance.now() > late) throw new Error(`not so within ${ms} ms: ${String(isSo)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
