/** `elsewhere agent`: the end of a session that is in the target. */
import { Socket } from "node:net";
import { runAgent } from "../agent/agent.ts";
import { joined } from "../wire/duplex.ts";
import { packageVersion } from "./version.ts";

/** As program.ts declares and checks them. */
export interface AgentCommandOptions {
  readonly root: string;
  readonly pid: number;
  readonly descriptor?: number;
}

export async function agent({ root, pid, descriptor }: AgentCommandOptions): Promise<void> {
  const connection = descriptor === undefined ? joined(process.stdin, process.stdout) : new Socket({ fd: descriptor });
  await runAgent(connection, {
    root,
    pid: pid === 0 ? process.pid : pid,
    release: `elsewhere ${packageVersion()}`,
    report: (error) => console.error("elsewhere agent:", error),
  });
  process.exit(0); // what the pipe's other end does is nothing to wait for
}
