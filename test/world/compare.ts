/** Draws sequences of calls, plays them in both worlds, and cuts the first one that makes a difference down to what does. */
import { sample } from "fast-check";
import { goProgram } from "../engine/programs.ts";
import { join } from "node:path";
import { repository } from "../matrix/cache.ts";
import type { Call } from "./draws.ts";
import { type Difference, type Outcome, Pair } from "./pair.ts";
import { sequences, sharedSequences } from "./sequences.ts";

export interface CompareOptions {
  readonly sequences: number;
  readonly seed: number;
  /** Hears how many have been played. */
  readonly progress?: (played: number) => void;
}

/** How many are played by one process, one after the other. */
const BATCH = 100;
/** Of so many, one has a second process. */
const ONE_SHARED_OF = 25;

/** @returns what to tell of the first difference; undefined where there is none */
export async function compare({ sequences: count, seed, progress }: CompareOptions): Promise<string | undefined> {
  const program = await goProgram(join(repository, "test/world/player"));
  const shared = Math.ceil(count / ONE_SHARED_OF);
  const drawn = [
    ...sample(sequences, { seed, numRuns: count - shared }),
    ...sample(sharedSequences, { seed, numRuns: shared }),
  ];
  for (let at = 0; at < drawn.length; at += BATCH) {
    await using pair = await Pair.start(program);
    const batch = drawn.slice(at, at + BATCH);
    const found = (await pair.play(batch)).find((difference) => difference !== undefined);
    if (found !== undefined) return `seed ${seed}\n${described(await shrunk(pair, found))}`;
    progress?.(at + batch.length);
  }
  return undefined;
}

/** Leaves calls out, and makes numbers small, for as long as the difference stays. */
async function shrunk(pair: Pair, found: Difference): Promise<Difference> {
  let best = found;
  const attempt = async (candidates: (readonly Call[])[]): Promise<boolean> => {
    for (const difference of await pair.play(candidates)) {
      if (difference === undefined) continue;
      best = difference;
      return true;
    }
    return false;
  };
  for (let piece = best.calls.length >> 1; piece >= 1; piece = piece === 1 ? 0 : piece >> 1)
    while (await attempt(without(best.calls, piece)));
  while (await attempt(simpler(best.calls)));
  return best;
}

/** The calls without a piece, for every place where that may stand. */
function without(calls: readonly Call[], piece: number): (readonly Call[])[] {
  const starts = Array.from({ length: Math.ceil(calls.length / piece) }, (_, index) => index * piece);
  return calls.length <= 1 ? [] : starts.map((start) => [...calls.slice(0, start), ...calls.slice(start + piece)]);
}

/** The calls with one number or text made simpler. */
function simpler(calls: readonly Call[]): (readonly Call[])[] {
  const found: (readonly Call[])[] = [];
  for (const [index, call] of calls.entries())
    for (const [key, value] of Object.entries(call)) {
      if (key === "name" || value === 0 || value === "a" || value === -1 || value === false) continue;
      const simple = key === "dir" ? -1 : key === "path" || key === "second" ? "a" : key === "child" ? false : 0;
      found.push(calls.with(index, { ...call, [key]: simple }));
    }
  return found;
}

function described({ calls, inside, asIf }: Difference): string {
  const lines: string[] = [];
  const both = (name: string, there: Outcome["tree"], here: Outcome["tree"], index: number): void => {
    if (there[index] === here[index]) lines.push(`  ${name} = ${there[index]}`);
    else lines.push(`  ${name}`, `    inside: ${there[index]}`, `    as if:  ${here[index]}`);
  };
  for (const [index, call] of calls.entries()) both(JSON.stringify(call), inside.results, asIf.results, index);
  for (let index = calls.length; index < Math.max(inside.results.length, asIf.results.length); index++)
    both("end", inside.results, asIf.results, index);
  for (let index = 0; index < Math.max(inside.tree.length, asIf.tree.length); index++)
    both("there", inside.tree, asIf.tree, index);
  return lines.join("\n");
}
