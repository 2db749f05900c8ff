/** What the other ends of connections may do: nobody answers, nobody reads. */
import { eventually } from "../../target/told.ts";
import { type Fault, leaks, type Outcome, remains } from "./faults.ts";
import { Place } from "./place.ts";
import { Run } from "./run.ts";

const PATIENCE_MS = 300_000;
/** What connections that nobody has taken may cost, kilobytes: a fixed part, and for each of them. */
const FIXED = 100_000;
const EACH = 40;
/** Bytes that may be on the way to somebody who reads nothing: the stream's window, and the buffers of sockets. */
const MOST_ON_THE_WAY = 32 << 20;

async function watched(
  courier: string,
  args: (place: Place) => readonly string[],
  work: (run: Run, said: (word: string) => Promise<string>, wrong: string[]) => Promise<void>,
): Promise<Outcome> {
  await using place = await Place.open(courier);
  const run = new Run(place, courier, { args: args(place) });
  const wrong: string[] = [];
  const began = performance.now();
  const said = async (word: string): Promise<string> => {
    await eventually(() => run.said.some((line) => line.startsWith(word)), PATIENCE_MS);
    return run.said.find((line) => line.startsWith(word)) ?? "";
  };
  await work(run, said, wrong).catch((error: unknown) => wrong.push(`${String(error)}: ${run.said.join("; ")}`));
  const ms = [performance.now() - began];
  await run.end();
  wrong.push(...(await remains(run, place)));
  return { ms, errors: {}, wrong };
}

/** Descriptors run out first where the limit is low: each takes two of elsewhere's. Then it is EMFILE, and nobody's end. */
const halfOpen = (count: number): Fault => ({
  name: `${count} half-open connections`,
  promise: "under way, or EMFILE; what they took is given back",
  timesARun: 1,
  run: (courier) =>
    watched(
      courier,
      ({ port }) => ["halfopen", String(port), String(count)],
      async (run, said, wrong) => {
        await said("first");
        const before = run.holding;
        const begun = await said("begun");
        const others = begun
          .replace(/^begun map\[|\]$/g, "")
          .split(" ")
          .filter((each) => !/^(115|24):/.test(each));
        if (others.length > 0) wrong.push(begun);
        const meanwhile = await said("meanwhile");
        if (!/hello <nil>|too many open files/.test(meanwhile)) wrong.push(meanwhile);
        const grown = (run.holding.supervisor?.residentKilobytes ?? 0) - (before.supervisor?.residentKilobytes ?? 0);
        if (grown > FIXED + EACH * count) wrong.push(`the supervisor took ${grown} kB`);
        const afterwards = await said("afterwards");
        if (!afterwards.includes("hello <nil>")) wrong.push(afterwards);
        wrong.push(...(await leaks(run, before)));
      },
    ),
});

const unread: Fault = {
  name: "a peer that never reads",
  promise: "the writer is stopped, others are not; a cut ends it",
  timesARun: 1,
  run: (courier) =>
    watched(
      courier,
      ({ port }) => ["unread", String(port)],
      async (run, said, wrong) => {
        const stopped = await said("stopped");
        if (Number(stopped.split(" ").at(-1)) > MOST_ON_THE_WAY) wrong.push(stopped);
        const others = await said("others");
        if (!others.includes("hello <nil>")) wrong.push(others);
        const before = run.holding;
        run.disturb("cut");
        const ended = await said("ended");
        if (!/ (?:32|104)$/.test(ended)) wrong.push(ended);
        await run.comesBack(0, PATIENCE_MS);
        wrong.push(...(await leaks(run, before)));
      },
    ),
};

/** The same with the number of connections that the caller has time for. */
export const peers = (connections: number): readonly Fault[] => [halfOpen(connections), unread];
