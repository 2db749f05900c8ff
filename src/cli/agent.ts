/** `elsewhere agent`: the end of a session that is in the target. */
import { readlinkSync } from "node:fs";
import { Socket } from "node:net";
import { runAgent } from "../agent/agent.ts";
import { factsOf, identityOf, type TargetFacts } from "../agent/identity.ts";
import { openRoot } from "../agent/root.ts";
import { enterSandbox, readSettings, sandboxFacts } from "../agent/sandbox.ts";
import { becomeUser } from "../agent/user.ts";
import { KernelCalls } from "../linux/kernel-calls.ts";
import { requireHostMachine } from "../machine/machines.ts";
import { joined } from "../wire/duplex.ts";
import { collectGarbageOfBuffersLessOften } from "./garbage.ts";
import { reportError } from "./report.ts";
import { packageVersion } from "../run/version.ts";

/** So many calls of the kernel may be slow, and no other is delayed. */
const CALLS_AT_ONCE = 64;

/** As program.ts declares and checks them. */
export interface AgentCommandOptions {
  readonly root: string;
  readonly pid: number;
  readonly descriptor?: number;
  /** Standard input describes the sandbox to be made of this process's namespaces. */
  readonly sandbox?: boolean;
}

export async function agent(options: AgentCommandOptions): Promise<void> {
  // Calls are made in libuv's threads, which are four unless this says otherwise when the first is needed: four files on a
  // disk that does not answer would keep everybody waiting.
  process.env["UV_THREADPOOL_SIZE"] ??= String(CALLS_AT_ONCE);
  collectGarbageOfBuffersLessOften();
  try {
    await serveOn(options);
    process.exit(0);
  } catch (error) {
    process.exit(reportError(error)); // whatever the other end still keeps open
  }
}

async function serveOn({ root, pid, descriptor, sandbox }: AgentCommandOptions): Promise<void> {
  const release = `elsewhere ${packageVersion()}`; // soon this process may be a user who may not read the package
  process.umask(0); // the modes of files are told by the other end, where the program's umask is
  // As the other end knows this process: soon /proc may be that of a namespace.
  const own = readlinkSync("/proc/self");
  const { root: inside, target } = sandbox === true ? insideSandbox() : insideProcess(root, pid === 0 ? own : pid);
  if (descriptor !== undefined) console.log(own); // "ready"
  const connection = descriptor === undefined ? joined(process.stdin, process.stdout) : new Socket({ fd: descriptor });
  const report = (error: unknown): void => console.error("elsewhere agent:", error);
  await runAgent(connection, { root: inside, target, release, report });
}

interface Inside {
  readonly root: string;
  readonly target: TargetFacts;
}

function insideProcess(root: string, pid: number | string): Inside {
  const kernel = new KernelCalls(requireHostMachine().calls);
  // What takes rights that the target's user may not have: root and environment of another user's process.
  const opened = openRoot(kernel, root);
  const target = factsOf(kernel, Number(pid));
  becomeUser(target.identity);
  return { root: opened, target };
}

function insideSandbox(): Inside {
  const kernel = new KernelCalls(requireHostMachine().calls);
  const settings = readSettings();
  enterSandbox(kernel, settings);
  return { root: settings.root, target: sandboxFacts(identityOf(kernel, process.pid), settings) };
}
