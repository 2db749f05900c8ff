/**
 * Both ends of a session in a world that a seed decides: session, wire and agent are the real ones, node:http2 in between;
 * made up are time, the network, and the kernel under the agent. Nothing else is asked what time it is, so a seed always
 * goes the same way.
 */
import { nobody } from "../../src/agent/target.fixture.ts";
import { runAgentOn } from "../../src/agent/agent.ts";
import type { ConnectSocket } from "../../src/agent/network.ts";
import type { Fence } from "../../src/agent/fence.ts";
import { Session } from "../../src/session/session.ts";
import { limits } from "../../src/wire/limits.ts";
import { VirtualClock } from "./clock.ts";
import { Flows } from "./flows.ts";
import { Machine, Process } from "./kernel.ts";
import { type Link, makeLink } from "./network.ts";
import { Random } from "./random.ts";
import { Witness, workOf } from "./work.ts";

export interface Outcome {
  readonly seed: number;
  /** What went wrong, a line each. */
  readonly broken: readonly string[];
  /** What happened, in order. */
  readonly events: readonly string[];
  readonly virtualMs: number;
}

/** So much virtual time a run may take: each of its calls is bounded, and it makes so many one after the other. */
const MOST_MS = 4 * 3600 * 1000;
const THREADS = 3;

/** What agents of one session have between them, without sockets. */
class Line {
  current: { stop: () => void; readonly gone: Promise<void> } | undefined;

  fence(clock: VirtualClock): Fence {
    const { promise, resolve } = Promise.withResolvers<void>();
    return {
      takeOver: async (_session, stop) => {
        const before = this.current;
        if (before !== undefined) {
          before.stop();
          const isGone = await Promise.race([
            before.gone.then(() => true),
            new Promise<boolean>((late) => clock.after(limits.takeOverMs, () => late(false))),
          ]);
          if (!isGone) return false;
        }
        this.current = { stop, gone: promise };
        return true;
      },
      release: resolve,
    };
  }
}

export async function simulate(seed: number): Promise<Outcome> {
  const random = new Random(seed);
  const clock = new VirtualClock();
  const machine = new Machine();
  const line = new Line();
  const events: string[] = [];
  const broken: string[] = [];
  const note = (event: string): void => void events.push(`${clock.now()} ${event}`);
  const processes: Process[] = [];
  const agents = new Set<Promise<unknown>>();
  const links: Link[] = [];
  const flows = new Flows(clock, random, (fact) => broken.push(fact));

  const connect = (): Promise<Link["here"]> => {
    if (links.length > 0 && random.oneIn(4)) return Promise.reject(new Error("no route to host"));
    const link = makeLink(clock, random);
    links.push(link);
    const process = new Process(machine, clock, random);
    processes.push(process);
    note(`connection ${links.length}: ${link.fault}`);
    const fence = line.fence(clock);
    const connectSocket: ConnectSocket = (options) => flows.connect(process, options);
    const agent: Promise<unknown> = runAgentOn({ kernel: process, fence, clock, connectSocket }, link.there, {
      root: "/",
      target: nobody,
      release: "simulated",
      report: (error) => {
        if (!process.isKilled) broken.push(`an agent failed: ${String(error)}`);
      },
    })
      .catch((error: unknown) => broken.push(`an agent threw ${String(error)}`))
      .finally(() => {
        clock.activity++;
        agents.delete(agent);
      });
    agents.add(agent);
    if (random.oneIn(5))
      clock.after(random.below(20_000), () => {
        note("agent killed");
        process.kill();
        fence.release();
        link.kill();
      });
    return Promise.resolve(link.here);
  };

  let isOver = false;
  const run = async (): Promise<void> => {
    const session = await Session.open({
      connect,
      release: "simulated",
      clock,
      listen: ({ kind }) => {
        if (kind !== "resumed") flows.losses++;
        note(kind);
      },
    });
    const witness = new Witness(machine, broken);
    await Promise.all(
      Array.from({ length: THREADS }, (_, thread) => workOf(thread, { session, clock, random, witness, flows, note })),
    );
    flows.losses++; // what is still under way
    session[Symbol.dispose]();
    witness.judge();
  };
  const running = run()
    .catch((error: unknown) => note(`no session: ${String(error)}`))
    .finally(() => {
      clock.activity++;
      isOver = true;
    });
  if (!(await clock.runUntil(() => isOver, MOST_MS))) broken.push("a call has not settled");
  else await running;
  // Agents hear of the end, or of nothing at all, and end.
  const endsAt = clock.now() + limits.silenceMs + limits.requestMs + 60_000;
  await clock.runUntil(() => agents.size === 0, endsAt);
  await clock.runUntil(() => flows.areOver, endsAt + 60_000);
  flows.judge();
  for (const process of processes)
    if (!process.isKilled && process.open.size > 0) broken.push(`an agent has left ${process.open.size} files open`);
  return { seed, broken, events, virtualMs: clock.now() };
}
