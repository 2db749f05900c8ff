/**
 * An agent that is a process of this machine, or is reached through one: how its start is awaited, what it said last, how
 * it ends. It has a session of its own, so that what the terminal sends (Ctrl-C) does not reach it; it ends when its
 * connection does, whatever has ended us.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";
import type { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import { ElsewhereError } from "../errors.ts";
import { agentEnvironment } from "./agent-program.ts";
import type { StartedAgent, StartOptions } from "./target.ts";

/** Of the socket that an agent talks on where it does not use standard input and output. */
export const SOCKET = 3;
/** How much of standard error is kept, bytes of text. */
const KEPT = 4096;
/** How long an agent may take to answer where nobody is asked for a password and nothing is sent, milliseconds. */
const ANSWER_MS = 20_000;
/** How long its standard error may stay open: a master that ssh leaves behind (ControlPersist) keeps it. */
const LAST_WORDS_MS = 500;
/** How long an agent may take to end when its connection has: then it is killed. */
const END_MS = 3000;

export interface AgentProcess extends StartedAgent {
  /** Its number as this process sees it; undefined where the agent talks on standard output. */
  readonly pid: number | undefined;
}

/** "socket": on descriptor 3, and the agent tells its number on standard output; "stdio": as `docker run -i`. */
type Talks = "socket" | "stdio";

/** Runs the rest of its arguments with descriptor 3 as standard input and output. */
const overSocket = ["/bin/sh", "-c", `trap '' INT QUIT; exec "$@" <&3 >&3 3>&-`, "sh"];

export interface AgentStart extends Pick<StartOptions, "signal"> {
  /** "container api", for the error. */
  readonly target: string;
  readonly command: readonly string[];
  readonly talks: Talks;
  /** Beside {@link agentEnvironment}. */
  readonly env?: NodeJS.ProcessEnv;
  /** How long it may take to answer, milliseconds. @default 20,000 */
  readonly patienceMs?: number;
  /** What is said over the connection before the agent is there; whatever it throws ends the start. */
  readonly dialogue?: (connection: Socket) => Promise<void>;
  /** Keeps the terminal, to ask for a password; Ctrl-C is ignored then. */
  readonly keepsTerminal?: boolean;
  /** For standard input, where it does not talk there. */
  readonly input?: string;
  /** What to do about it, by what stands on standard error. */
  readonly hint?: (said: string) => string | undefined;
}

/** @throws ElsewhereError `target-unusable` when it ends before it answers */
export async function startAgent(start: AgentStart): Promise<AgentProcess> {
  start.signal?.throwIfAborted();
  const [program = "", ...args] = start.talks === "socket" ? start.command : [...overSocket, ...start.command];
  const child = spawn(program, args, {
    detached: start.keepsTerminal !== true,
    env: { ...agentEnvironment(), ...start.env },
    stdio: ["pipe", "pipe", "pipe", "pipe"],
  });
  const tail = new Tail(child.stderr);
  const failed = failure(child);
  const ended = failed.then((why) => [why, tail.text].filter(Boolean).join("\n"));
  const connection = connectionOf(child, start.input ?? "");
  connection.on("error", () => undefined); // whoever uses it says so; until then `ended` does
  const abort = Promise.withResolvers<never>();
  const giveUp = (): void => abort.reject(start.signal?.reason);
  start.signal?.addEventListener("abort", giveUp, { once: true });
  const late = setTimeout(() => {
    abort.reject(unusable(start, ["it does not answer", tail.text].join("\n")));
  }, start.patienceMs ?? ANSWER_MS);
  let pid: number | undefined;
  try {
    pid = await Promise.race([
      greeted(child, connection, start),
      ended.then((said) => Promise.reject(unusable(start, said))),
      abort.promise,
    ]);
  } catch (error) {
    connection.destroy();
    await endOf(child, ended, undefined);
    throw error;
  } finally {
    clearTimeout(late);
    start.signal?.removeEventListener("abort", giveUp);
  }
  return {
    connection,
    ended,
    pid,
    async [Symbol.asyncDispose]() {
      connection.destroy();
      await endOf(child, ended, pid);
    },
  };
}

/** The last that was said. */
class Tail {
  text = "";

  constructor(stream: Readable | null) {
    stream?.setEncoding("utf8").on("data", (chunk: string) => (this.text = (this.text + chunk).slice(-KEPT)));
  }
}

/**
 * Settles when the child is gone and all that it said read: with why it could not be started, else "". Not its `close`:
 * that waits for somebody to read what is left in the connection.
 */
async function failure(child: ChildProcess): Promise<string> {
  const { stderr } = child;
  const why = await new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", () => resolve(""));
  });
  if (stderr === null || stderr.destroyed || why !== "") return why;
  await Promise.race([finished(stderr).catch(() => undefined), delay(LAST_WORDS_MS, undefined, { ref: false })]);
  return why;
}

/** Node.js makes "pipe" a socket: to both directions of one, HTTP/2 attaches without a turn through streams. */
function connectionOf(child: ChildProcess, input: string): Socket {
  child.stdin?.on("error", () => undefined).end(input);
  const socket = child.stdio[SOCKET];
  return socket instanceof Socket ? socket : new Socket(); // spawn failed: `error` says why
}

/** What is to be said first, then its answer. */
async function greeted(child: ChildProcess, connection: Socket, start: AgentStart): Promise<number | undefined> {
  await start.dialogue?.(connection);
  return answer(child, connection, start.talks);
}

/** Settles when it answers: with its number on standard output, or with the first bytes of its session. */
async function answer({ stdout }: ChildProcess, connection: Socket, talks: Talks): Promise<number | undefined> {
  if (talks === "socket" && stdout !== null) return Number.parseInt(await firstLine(stdout), 10);
  return new Promise((resolve) => {
    connection.on("readable", function arrived() {
      if (connection.readableLength === 0) return; // its end, which the process's end explains
      connection.off("readable", arrived);
      resolve(undefined);
    });
  });
}

/** Never settles where none comes. */
function firstLine(stream: Readable): Promise<string> {
  let text = "";
  return new Promise((resolve) => {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text = (text + chunk).slice(0, KEPT);
      if (text.includes("\n")) resolve(text);
    });
  });
}

function unusable({ target, hint }: AgentStart, said: string): ElsewhereError {
  const advice = hint?.(said);
  return new ElsewhereError({
    code: "target-unusable",
    message: `no agent could be started in ${target}`,
    context: said.trim().split("\n").filter(Boolean).slice(-8),
    ...(advice === undefined ? {} : { hint: advice }),
  });
}

/** @param pid the agent's, where the child only looks after it */
async function endOf(child: ChildProcess, ended: Promise<string>, pid: number | undefined): Promise<void> {
  const late = setTimeout(() => {
    if (pid === undefined) child.kill("SIGKILL");
    else {
      tryKill(pid, "SIGKILL");
      // unshare(1) and nsenter(1) stop themselves when the agent has been stopped; whoever looks after it is to see its end.
      if (child.pid !== undefined) tryKill(-child.pid, "SIGCONT");
    }
  }, END_MS);
  try {
    await ended;
  } finally {
    clearTimeout(late);
  }
}

function tryKill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // gone meanwhile
  }
}
