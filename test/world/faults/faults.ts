/**
 * What may happen to a session, and what must come of it: within which time, and with which errors (docs/files.md,
 * docs/network.md and docs/protocol.md promise it). Each is done to `elsewhere exec` at a random moment, under load.
 */
import { setTimeout as pause } from "node:timers/promises";
import { eventually } from "../../target/told.ts";
import { limits } from "../../../src/wire/limits.ts";
import { Place } from "./place.ts";
import { namespacesOf } from "./processes.ts";
import { Run, type Report } from "./run.ts";

/** What came of one. */
export interface Outcome {
  /** Of each time, from the disturbance until all work went on, or all was gone, milliseconds. */
  readonly ms: readonly number[];
  /** What the program's calls failed with: "flows exchange 104". */
  readonly errors: Readonly<Record<string, number>>;
  /** What must not be. */
  readonly wrong: readonly string[];
}

export interface Fault {
  readonly name: string;
  /** What it does, and what is promised, for people. */
  readonly promise: string;
  /** How often it can be done to one run. */
  readonly timesARun: number;
  /** Does it to a run, so many times. @param courier the built program */
  readonly run: (courier: string, seed: number, times: number) => Promise<Outcome>;
}

/** Each happens at a moment between nothing and this after work has gone on, milliseconds. */
const RANDOM_MS = 1500;
/** Beyond what is promised: the machine may be slow. Milliseconds. */
const SLACK_MS = 60_000;
/** How long until all work has begun, at most, milliseconds. */
const START_MS = 60_000;
/** An agent that is gone is replaced at once. */
const AT_ONCE_MS = 2000;
/** One that does not answer is taken for lost, docs/protocol.md. */
const NOTICED_MS = limits.pingEveryMs + limits.pingAnswerMs;

/** errno values, include/uapi/asm-generic/errno.h */
const [EIO, EPIPE, ENETDOWN, ECONNRESET] = [5, 32, 100, 104];

/** "parcels rename 5" → whether that may be when a connection was lost. */
function isAllowed(error: string): boolean {
  const [kind = "", doing = "", ...rest] = error.split(" ");
  const what = rest.join(" ");
  if (kind === "flows") return [EPIPE, ECONNRESET, ENETDOWN].includes(Number(what));
  // Made twice it would be something else (docs/protocol.md, "When the connection is lost").
  return ["create", "rename", "unlink", "open"].includes(doing) && Number(what) === EIO;
}

/** They may be lost at any time. */
const isLateDatagram = (error: string): boolean => /^datagrams .*i\/o timeout$/.test(error);

/** What the program has found wrong, and calls that failed as they must not. @param mayFail whether a connection was lost */
export function unexpected(reports: readonly Report[], mayFail: boolean): string[] {
  const wrong = reports.flatMap(({ wrong: found }) => found ?? []);
  for (const { errors } of reports)
    for (const error of Object.keys(errors))
      if (!isLateDatagram(error) && !(mayFail && isAllowed(error))) wrong.push(`a call failed: ${error}`);
  return wrong;
}

/** How often calls of all processes failed, by kind, call and errno. */
export function errorsOf(reports: readonly Report[]): Record<string, number> {
  const all: Record<string, number> = {};
  for (const { errors } of reports)
    for (const [error, count] of Object.entries(errors)) {
      const name = error.replace(/ \w+ udp \S+/, "");
      all[name] = (all[name] ?? 0) + count;
    }
  return all;
}

let starting: Promise<unknown> = Promise.resolve();

/** A run in a place of its own whose work has begun. One after the other: many that start at once are slow, all of them. */
function atWork(courier: string, seed: number): Promise<Run> {
  const started = starting.then(async () => {
    const run = new Run(await Place.open(courier), courier, { seed });
    await run.goesOn(START_MS);
    return run;
  });
  starting = started.catch(() => undefined);
  return started;
}

interface Survived {
  readonly name: string;
  readonly promise: string;
  /** Disturbs, and settles when it is over. */
  readonly disturb: (run: Run) => Promise<void>;
  /** How long until everything goes on, after the disturbance is over, milliseconds. */
  readonly withinMs: number;
  readonly isLoss: boolean;
}

/** One that the program lives through, and does not fail in what follows. */
function survived({ name, promise, disturb, withinMs, isLoss }: Survived): Fault {
  const all = async (courier: string, seed: number, times: number): Promise<Outcome> => {
    const run = await atWork(courier, seed);
    await using place = run.place;
    const wrong: string[] = [];
    const ms: number[] = [];
    try {
      const before = run.holding;
      for (let time = 0; time < times; time++) {
        await pause(Math.random() * RANDOM_MS);
        const { lost } = run.losses;
        const began = performance.now();
        await disturb(run);
        if (isLoss) await run.comesBack(lost, withinMs + SLACK_MS);
        await run.goesOn(withinMs + SLACK_MS);
        ms.push(performance.now() - began);
        if (run.losses.lost > lost + (isLoss ? 1 : 0)) wrong.push(`lost more often than cut: ${run.said.join("; ")}`);
      }
      wrong.push(...(await leaks(run, before)));
    } catch (error) {
      wrong.push(String(error));
    }
    const reports = await run.end();
    if (reports.length !== 2 || !reports.every(({ isLast }) => isLast))
      wrong.push("the program has not ended as it should");
    wrong.push(...unexpected(reports, isLoss), ...(await remains(run, place)));
    return { ms, errors: errorsOf(reports), wrong };
  };
  return { name, promise, timesARun: 10, run: all };
}

/** How many descriptors may be in use more than a moment ago: of calls under way. */
const BREATH = 12;

/** What the processes hold more than before, once they have had time to let go. */
export async function leaks(run: Run, before: Run["holding"]): Promise<string[]> {
  const found: string[] = [];
  const compare = (): boolean => {
    found.length = 0;
    const now = run.holding;
    for (const who of ["supervisor", "agent", "program"] as const) {
      const [was, is] = [before[who]?.descriptors ?? 0, now[who]?.descriptors ?? 0];
      if (is === 0 || is > was + BREATH) found.push(`the ${who} had ${was} descriptors and has ${is}`);
    }
    if (run.agents.length !== 1) found.push(`there are ${run.agents.length} agents`);
    return found.length === 0;
  };
  await eventually(compare, limits.takeOverMs + SLACK_MS).catch(() => undefined);
  return found;
}

/** What is left of a run that is over. */
export async function remains(run: Run, place: Place): Promise<string[]> {
  const wrong: string[] = [];
  await eventually(() => run.processes.length === 0, SLACK_MS).catch(() =>
    wrong.push(`processes are left: ${run.processes.join(", ")}`),
  );
  return [...wrong, ...place.wrong(run.reports.flatMap(({ kept }) => kept ?? []))];
}

const kill = (signal: NodeJS.Signals) => (run: Run) => {
  for (const pid of run.agents) process.kill(pid, signal);
  return Promise.resolve();
};

const stalled = (ms: number) => async (run: Run) => {
  run.disturb("stall");
  await pause(ms);
  run.disturb("go");
};

/** The kernel closes the supervisor's sockets before it kills the program: who reads just then finds an end. */
const ENDED = /has ended that nobody has closed|flows exchange EOF/;

/** The supervisor is killed: everything ends, at once. */
async function supervisorKilled(courier: string, seed: number): Promise<Outcome> {
  const run = await atWork(courier, seed);
  await using place = run.place;
  const wrong: string[] = [];
  await pause(Math.random() * RANDOM_MS);
  const began = performance.now();
  run.supervisor.kill("SIGKILL");
  await eventually(() => run.processes.length === 0, AT_ONCE_MS + SLACK_MS).catch(() =>
    wrong.push(`processes are left: ${run.processes.join(", ")}`),
  );
  const ms = [performance.now() - began];
  const found = unexpected(run.reports, false).filter((fact) => !ENDED.test(fact));
  wrong.push(...found, ...place.wrong([]));
  run.supervisor.stdin?.end();
  return { ms, errors: errorsOf(run.reports), wrong };
}

/** The target is gone for good: files are EIO and connections ENETDOWN after a minute, and the program lives. */
async function targetStopped(courier: string, seed: number): Promise<Outcome> {
  const run = await atWork(courier, seed);
  await using place = run.place;
  const wrong: string[] = [];
  await pause(Math.random() * RANDOM_MS);
  const began = performance.now();
  const inside = namespacesOf([place.pid]);
  await place.stop();
  const isOver = (): boolean => run.said.some((line) => line.includes("the target is gone"));
  await eventually(isOver, limits.giveUpMs + SLACK_MS).catch(() => wrong.push("the session does not end"));
  const ms = [performance.now() - began];
  const failing = [`parcels create ${EIO}`, `flows connect ${ENETDOWN}`, `rewriting open ${EIO}`];
  const fails = (): boolean => run.reports.every(({ errors }) => failing.every((error) => errors[error] !== undefined));
  await eventually(fails, SLACK_MS).catch(() => wrong.push(`not as documented: ${JSON.stringify(run.reports)}`));
  const own = namespacesOf([process.pid]);
  const left = namespacesOf(run.processes);
  for (const each of left) if (inside.has(each) && !own.has(each)) wrong.push(`somebody is still in ${each}`);
  const reports = await run.end();
  if (!reports.every(({ isLast }) => isLast)) wrong.push("the program has not ended as it should");
  wrong.push(...reports.flatMap(({ wrong: found }) => found ?? []), ...(await remains(run, place)));
  return { ms, errors: errorsOf(reports), wrong };
}

export const faults: readonly Fault[] = [
  survived({
    name: "agent killed",
    promise: "another is started at once",
    disturb: kill("SIGKILL"),
    withinMs: AT_ONCE_MS,
    isLoss: true,
  }),
  survived({
    name: "connection cut",
    promise: "another is made at once",
    disturb: (run) => Promise.resolve(run.disturb("cut")),
    withinMs: AT_ONCE_MS,
    isLoss: true,
  }),
  survived({
    name: "connection cut, the agent is not told",
    promise: "the next agent ends that one",
    disturb: (run) => Promise.resolve(run.disturb("cut-untold")),
    withinMs: AT_ONCE_MS,
    isLoss: true,
  }),
  survived({
    name: "stalled 5 s",
    promise: "everything goes on as if nothing had been",
    disturb: stalled(5000),
    withinMs: AT_ONCE_MS,
    isLoss: false,
  }),
  survived({
    name: "stalled 30 s",
    promise: "lost after 10 s; goes on when there is a way again",
    disturb: stalled(30_000),
    withinMs: limits.helloMs + AT_ONCE_MS,
    isLoss: true,
  }),
  survived({
    name: "agent stopped (SIGSTOP)",
    promise: "lost after 10 s, replaced 3 s later",
    disturb: kill("SIGSTOP"),
    withinMs: NOTICED_MS + 3000 + AT_ONCE_MS,
    isLoss: true,
  }),
  {
    name: "supervisor killed",
    promise: "all processes end, nothing becomes local; a connection may be found to have ended just before",
    timesARun: 1,
    run: supervisorKilled,
  },
  {
    name: "target stopped",
    promise: "EIO and ENETDOWN after 60 s, the program lives",
    timesARun: 1,
    run: targetStopped,
  },
];
