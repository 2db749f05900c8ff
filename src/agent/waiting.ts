/** Waits of the agent: nothing here blocks a thread, so that one that never ends delays nobody. */
import { type Clock, pause } from "../wire/clock.ts";

/** What is not there yet is tried again after so many milliseconds, and then ever later. */
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 20;

/** @returns what `attempt` gives once that is not undefined @throws the signal's reason */
export async function until<T>(clock: Clock, signal: AbortSignal, attempt: () => T | undefined): Promise<T> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const found = attempt();
    if (found !== undefined) return found;
    await pause(clock, pauseMs, signal);
  }
}
