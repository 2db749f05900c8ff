/**
 * `process:PID`: the surroundings of any process. The agent enters those of its namespaces that say who and where it
 * is, but for its mounts: what it needs to run (Node.js, libc) is here, and the target's root is /proc/PID/root.
 */
import { existsSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { ElsewhereError } from "../errors.ts";
import { agentCommand } from "./agent-program.ts";
import { SOCKET, startAgent } from "./agent-process.ts";
import type { StartedAgent, StartOptions, TargetKind } from "./target.ts";
import { tool } from "./tools.ts";

export const processTarget: TargetKind = {
  name: "process",
  usage: "process:PID",
  summary: "where a process of this machine is: its root, network, host name, environment",
  start: startInProcess,
};

/** Entered, in this order: the first gives the rights for the others. */
const namespaces = [
  { name: "user", option: "--user" },
  { name: "pid", option: "--pid" }, // so that the owner of a lock is told by its number there
  { name: "net", option: "--net" },
  { name: "uts", option: "--uts" },
] as const;

async function startInProcess(name: string, { progress, signal }: StartOptions): Promise<StartedAgent> {
  const pid = checkedPid(name);
  progress(`starting an agent beside process ${pid}`);
  return startAgent({
    target: `process ${pid}`,
    command: agentBeside(pid),
    talks: "socket",
    hint: (said) => (/not permitted|denied|EPERM|EACCES/i.test(said) ? rightsHint(pid) : undefined),
    ...(signal === undefined ? {} : { signal }),
  });
}

/**
 * The command line of an agent that stands beside a process of this machine and talks on {@link SOCKET}.
 * @throws ElsewhereError `target-unusable` where there is no such process, or no right to look into it
 */
export function agentBeside(pid: number): string[] {
  checkRights(pid);
  const entered = namespaces.filter(({ name }) => readlinkSync(`/proc/self/ns/${name}`) !== readNamespace(pid, name));
  // prettier-ignore
  const agent = agentCommand("--root", `/proc/${pid}/root`, "--pid", String(pid), "--descriptor", String(SOCKET));
  if (entered.length === 0) return agent;
  const isUserEntered = entered.some(({ name }) => name === "user");
  return [
    tool("nsenter"),
    "--target",
    String(pid),
    ...entered.map(({ option }) => option),
    // In a namespace of our own user we are who we are; who is root here becomes the one who is root there.
    ...(isUserEntered && process.geteuid?.() !== 0 ? ["--preserve-credentials"] : []),
    "--",
    ...agent,
  ];
}

function checkedPid(name: string): number {
  if (/^[1-9]\d{0,8}$/.test(name)) return Number(name);
  throw new ElsewhereError({
    code: "target-unusable",
    message: name === "" ? "which process?" : `${name} is no process number`,
    hint: "process:PID; elsewhere ls lists processes that stand in places of their own",
  });
}

function checkRights(pid: number): void {
  if (!existsSync(`/proc/${pid}`))
    throw new ElsewhereError({ code: "target-unusable", message: `there is no process ${pid}` });
  const { state, comm } = statusOf(pid);
  if (/^[ZX]/.test(state))
    throw new ElsewhereError({ code: "target-unusable", message: `process ${pid} (${comm}) has ended already` });
  try {
    // Follows ptrace's rules, as everything the agent does there (proc(5), PTRACE_MODE_READ_FSCREDS).
    readlinkSync(`/proc/${pid}/root`);
    readFileSync(`/proc/${pid}/environ`);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH")
      throw new ElsewhereError({
        code: "target-unusable",
        message: `process ${pid} (${comm}) has no memory: a kernel's thread`,
      });
    throw new ElsewhereError({
      code: "target-unusable",
      message: `this user may not look into process ${pid} (${comm})`,
      context: [String(error)],
      hint: rightsHint(pid),
      cause: error,
    });
  }
}

const readNamespace = (pid: number, name: string): string => readlinkSync(`/proc/${pid}/ns/${name}`);

function statusOf(pid: number): { readonly state: string; readonly comm: string } {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const field = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1] ?? "";
    return { state: field("State"), comm: field("Name") };
  } catch {
    return { state: "X", comm: "?" };
  }
}

function rightsHint(pid: number): string {
  const owner = existsSync(`/proc/${pid}`) ? statSync(`/proc/${pid}`).uid : undefined;
  const own = process.geteuid?.();
  if (owner === undefined) return "the process has ended";
  if (owner !== own) return `it belongs to user ${owner}, you are user ${own}: run elsewhere as root (sudo)`;
  return "it has rights that you do not have, or namespaces that root has made: run elsewhere as root (sudo)";
}
