/**
 * The end of a session that is in the target: it answers what a program's calls ask of the target's files and of who
 * the target is. One connection is one agent; when it ends nothing of it is left.
 */
import type { Duplex } from "node:stream";
import { KernelCalls } from "../linux/kernel-calls.ts";
import { requireHostMachine } from "../machine/machines.ts";
import { type Clock, realClock } from "../wire/clock.ts";
import { AgentService } from "../wire/generated/elsewhere/v1/agent_pb.ts";
import { Refusal } from "../wire/routes.ts";
import { serve } from "../wire/server.ts";
import { status } from "../wire/status.ts";
import { Connection, type Kernel } from "./connection.ts";
import { serveDatagrams } from "./datagrams.ts";
import { type Fence, SocketFence } from "./fence.ts";
import { serveCopies } from "./copies.ts";
import { serveFiles } from "./files.ts";
import type { TargetFacts } from "./identity.ts";
import { serveInterfaces } from "./interfaces.ts";
import { serveLocks } from "./locks.ts";
import { serveNames } from "./names.ts";
import { type ConnectSocket, serveNetwork } from "./network.ts";
import { servePipes } from "./pipes.ts";
import { serveResolver } from "./resolver.ts";
import { serveUnixDatagrams } from "./unix-datagrams.ts";
import { serveWatches } from "./watches.ts";

/** The protocol's version. */
const VERSION = 1;

export interface AgentOptions {
  /** The target's root directory, as this process can open it: "/" or "/proc/PID/root". */
  readonly root: string;
  readonly target: TargetFacts;
  readonly release: string;
  /** Hears of failures that are bugs. */
  readonly report: (error: unknown) => void;
}

/** What an agent stands on. */
export interface Ground {
  readonly kernel: Kernel;
  readonly fence: Fence;
  readonly clock: Clock;
  /** node:net's where there is none. */
  readonly connectSocket?: ConnectSocket;
}

/** Serves one connection until it ends. */
export function runAgent(duplex: Duplex, options: AgentOptions): Promise<void> {
  const kernel = new KernelCalls(requireHostMachine().calls);
  return runAgentOn({ kernel, fence: new SocketFence(), clock: realClock }, duplex, options);
}

/** The same on any ground: a simulation has its own. */
export async function runAgentOn(
  { kernel, fence, clock, connectSocket }: Ground,
  duplex: Duplex,
  { root, target, release, report }: AgentOptions,
): Promise<void> {
  const over = new AbortController();
  try {
    using connection = new Connection(kernel, clock, root);
    let isHailed = false;
    connection.routes.on(AgentService.method.hello, async ({ versions, session }) => {
      if (isHailed) throw new Refusal(status.failedPrecondition, "Hello comes once");
      isHailed = true;
      if (!versions.includes(VERSION)) return { version: 0, agent: release };
      if (session.length > 0 && !(await fence.takeOver(session, () => over.abort())))
        throw new Refusal(status.unavailable, "an earlier agent of this session is still at work");
      connection.isGreeted = true;
      return { ...target, version: VERSION, agent: release };
    });
    serveFiles(connection);
    serveNames(connection);
    serveLocks(connection);
    servePipes(connection);
    serveWatches(connection);
    serveCopies(connection);
    serveInterfaces(connection);
    serveNetwork(connection, connectSocket);
    serveDatagrams(connection);
    serveUnixDatagrams(connection);
    serveResolver(connection);
    await serve(duplex, { routes: connection.routes, report, clock, signal: over.signal });
  } finally {
    // Its files are closed, its locks given back: the next may begin.
    fence.release();
  }
}
