/** Disturbances one after the other, while somebody looks at what the processes hold and at every call that takes long. */
import { setTimeout as pause } from "node:timers/promises";
import { limits } from "../../../src/wire/limits.ts";
import { Random } from "../../session/random.ts";
import { errorsOf, leaks, remains, unexpected } from "./faults.ts";
import { Place } from "./place.ts";
import { Run } from "./run.ts";

export interface SoakOptions {
  readonly seconds: number;
  readonly seed: number;
  /** Told of each disturbance, for people. */
  readonly tell: (line: string) => void;
}

export interface Soaked {
  readonly wrong: readonly string[];
  /** What was done, and what it took, for people. */
  readonly table: readonly string[];
}

/** One that waits for longer is stuck: far above the longest stall and what it takes to come back. Milliseconds. */
const STUCK_MS = limits.giveUpMs + 60_000;
/** What the supervisor may grow by after it has warmed up, kilobytes, whatever was done meanwhile. */
const MOST_GROWTH = 40_000;
/** Disturbances before it counts as warm. */
const WARM = 5;

interface Disturbed {
  readonly name: string;
  readonly isLoss: boolean;
  readonly disturb: (run: Run) => Promise<void>;
}

const chaos: readonly Disturbed[] = [
  { name: "cut", isLoss: true, disturb: (run) => Promise.resolve(run.disturb("cut")) },
  { name: "cut, not told", isLoss: true, disturb: (run) => Promise.resolve(run.disturb("cut-untold")) },
  {
    name: "agent killed",
    isLoss: true,
    disturb: (run) => Promise.resolve(run.agents.forEach((pid) => process.kill(pid, "SIGKILL"))),
  },
  {
    name: "stall",
    isLoss: false,
    async disturb(run) {
      run.disturb("stall");
      await pause(2000);
      run.disturb("go");
    },
  },
];

export async function soak(courier: string, { seconds, seed, tell }: SoakOptions): Promise<Soaked> {
  const random = new Random(seed);
  await using place = await Place.open(courier);
  const run = new Run(place, courier, { seed });
  const wrong: string[] = [];
  const resident: number[] = [];
  const counts: Record<string, number> = {};
  let longestMs = 0;
  const watch = setInterval(() => {
    for (const { waiting } of run.reports) longestMs = Math.max(longestMs, ...Object.values(waiting));
  }, 500);
  try {
    await run.goesOn(STUCK_MS);
    const before = run.holding;
    const until = performance.now() + seconds * 1000;
    while (performance.now() < until) {
      const disturbance = chaos[random.below(chaos.length)];
      if (disturbance === undefined) break;
      const { name, isLoss, disturb } = disturbance;
      const { lost } = run.losses;
      await disturb(run);
      if (isLoss) await run.comesBack(lost, STUCK_MS);
      await run.goesOn(STUCK_MS);
      counts[name] = (counts[name] ?? 0) + 1;
      const { supervisor, agent } = run.holding;
      if (supervisor !== undefined) resident.push(supervisor.residentKilobytes);
      tell(
        `${name}: supervisor ${megabytes(supervisor?.residentKilobytes)}, agent ${megabytes(agent?.residentKilobytes)}`,
      );
      await pause(random.below(3000));
    }
    wrong.push(...(await leaks(run, before)));
  } catch (error) {
    wrong.push(String(error));
  } finally {
    clearInterval(watch);
  }
  const growth = growthOf(resident.slice(WARM));
  if (growth > MOST_GROWTH) wrong.push(`the supervisor has grown by ${megabytes(growth)}`);
  if (longestMs > STUCK_MS) wrong.push(`a call took ${longestMs} ms`);
  const reports = await run.end();
  wrong.push(...unexpected(reports, true), ...(await remains(run, place)));
  const done = reports.flatMap(({ kinds }) => Object.entries(kinds).map(([name, { Done }]) => `${name}: ${Done}`));
  return {
    wrong,
    table: [
      `disturbances: ${JSON.stringify(counts)}`,
      `calls: ${done.join(", ")}; the longest took ${(longestMs / 1000).toFixed(1)} s`,
      `failed calls: ${JSON.stringify(errorsOf(reports))}`,
      `the supervisor's memory after ${WARM} disturbances: ${megabytes(growth)} more at the end than at the beginning`,
    ],
  };
}

const megabytes = (kilobytes = 0): string => `${Math.round(kilobytes / 1000)} MB`;

/** From the lowest of the first third to the lowest of the last: what lies between two collections of garbage does not count. */
function growthOf(values: readonly number[]): number {
  const third = Math.floor(values.length / 3);
  return third === 0 ? 0 : Math.min(...values.slice(-third)) - Math.min(...values.slice(0, third));
}
