/** `elsewhere agent`: the end of a session that is in the target. */
import { Socket } from "node:net";
import { runAgent } from "../agent/agent.ts";
import { joined } from "../wire/duplex.ts";
import { packageVersion } from "./version.ts";

/** So many calls of the kernel may be slow, and no other is delayed. */
const CALLS_AT_ONCE = 64;

/** As program.ts declares and checks them. */
export interface AgentCommandOptions {
  readonly root: string;
  readonly pid: number;
  readonly descriptor?: number;
}

export async function agent({ root, pid, descriptor }: AgentCommandOptions): Promise<void> {
  // Calls are made in libuv's threads, which are four unless this says otherwise when the first is needed: four files on a
  // disk that does not answer would keep everybody waiting.
  process.env["UV_THREADPOOL_SIZE"] ??= String(CALLS_AT_ONCE);
  const connection = descriptor === undefined ? joined(process.stdin, process.stdout) : new Socket({ fd: descriptor });
  await runAgent(connection, {
    root,
    pid: pid === 0 ? process.pid : pid,
    release: `elsewhere ${packageVersion()}`,
    report: (error) => console.error("elsewhere agent:", error),
  });
  process.exit(0); // what the pipe's other end does is nothing to wait for
}
