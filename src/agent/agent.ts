/**
 * The end of a session that is in the target: it answers what a program's calls ask of the target's files and of who
 * the target is. One connection is one session; when it ends nothing of it is left.
 */
import type { Duplex } from "node:stream";
import { AgentService } from "../wire/generated/elsewhere/v1/agent_pb.ts";
import { serve } from "../wire/server.ts";
import { Connection } from "./connection.ts";
import { serveDatagrams } from "./datagrams.ts";
import { serveFiles } from "./files.ts";
import type { TargetFacts } from "./identity.ts";
import { serveLocks } from "./locks.ts";
import { serveNames } from "./names.ts";
import { serveNetwork } from "./network.ts";

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

/** Serves one connection until it ends. */
export async function runAgent(duplex: Duplex, { root, target, release, report }: AgentOptions): Promise<void> {
  using connection = new Connection(root);
  connection.routes.on(AgentService.method.hello, ({ versions }) => {
    if (!versions.includes(VERSION)) return { version: 0, agent: release };
    connection.isGreeted = true;
    return { ...target, version: VERSION, agent: release };
  });
  serveFiles(connection);
  serveNames(connection);
  serveLocks(connection);
  serveNetwork(connection);
  serveDatagrams(connection);
  await serve(duplex, connection.routes, report);
}
