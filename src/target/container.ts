/**
 * `container:NAME`. Where the container's main process is one of this machine and this user may look into it (root, or a
 * rootless engine of this user) the agent is a process beside it. Else it runs in a helper, a container of our own that
 * shares the target's processes and network: so neither rights on this machine nor anything in the image are needed.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { ElsewhereError } from "../errors.ts";
import { startAgent } from "./agent-process.ts";
import { type ContainerEngine, containerEngines, type ContainerFacts } from "./container-engine.ts";
import { ensureHelperImage } from "./helper-image.ts";
import { agentBeside } from "./process.ts";
import type { StartedAgent, StartOptions, TargetKind } from "./target.ts";

export const container: TargetKind = {
  name: "container",
  usage: "container:NAME",
  summary: "a running container of Docker or Podman",
  start: startInContainer,
};

/** What the file calls of a container's user may take beside an engine's default, and what the agent does before. */
const CAPABILITIES = ["SYS_PTRACE"];

/** @param way "helper" never looks whether a process of this machine would do */
export async function startInContainer(
  name: string,
  options: StartOptions,
  way: "best" | "helper" = "best",
): Promise<StartedAgent> {
  const { progress, signal } = options;
  progress(`looking for container ${name}`);
  const { engine, facts } = await findContainer(name, signal);
  const beside = way === "helper" ? undefined : commandBeside(facts);
  const helper = beside === undefined ? await helperCommand(engine, facts, options) : undefined;
  progress(`starting an agent in container ${name}`);
  return startAgent({
    target: `container ${name}`,
    command: beside ?? helper ?? [],
    talks: beside === undefined ? "stdio" : "socket",
    // Where the engine is, who the user is there, and ssh's agent for a daemon behind it.
    ...(beside === undefined ? { env: process.env } : {}),
    hint: (said) => (/permission denied|EACCES|EPERM/i.test(said) ? rights(engine) : undefined),
    ...(signal === undefined ? {} : { signal }),
  });
}

interface FoundContainer {
  readonly engine: ContainerEngine;
  readonly facts: ContainerFacts;
}

async function findContainer(name: string, signal: AbortSignal | undefined): Promise<FoundContainer> {
  const engines = containerEngines();
  if (name === "" || name.startsWith("-")) throw missing("which container?", []);
  if (engines.length === 0) throw missing("neither docker nor podman is installed", []);
  const answers = await Promise.all(engines.map((engine) => engine.inspect(name, signal)));
  signal?.throwIfAborted();
  for (const [at, facts] of answers.entries()) {
    const engine = engines[at];
    if (engine === undefined || !("Id" in facts)) continue;
    if (facts.State.Paused) throw missing(`container ${name} is paused`, [`${engine.name} unpause ${name}`]);
    if (!facts.State.Running) throw missing(`container ${name} does not run`, [`state: ${facts.State.Status}`]);
    return { engine, facts };
  }
  const said = answers.map((answer, at) => `${engines[at]?.name ?? ""}: ${"stderr" in answer ? answer.stderr : ""}`);
  throw missing(`there is no container ${name}`, said);
}

const missing = (message: string, context: readonly string[]): ElsewhereError =>
  new ElsewhereError({
    code: "target-unusable",
    message,
    context,
    hint: context.some((line) => /permission denied/i.test(line))
      ? "you may not use Docker's socket: sudo usermod -aG docker $USER, then log in again"
      : "elsewhere ls lists the containers that run",
  });

const rights = (engine: ContainerEngine): string =>
  `${engine.name} must allow a container with the capability SYS_PTRACE that shares another one's processes`;

/** Undefined where its main process is none of this machine, or this user may not look into it. */
function commandBeside({ Id, State: { Pid } }: ContainerFacts): string[] | undefined {
  try {
    // A daemon elsewhere has its own numbers: only the control group tells whose process this is.
    if (!readFileSync(`/proc/${Pid}/cgroup`, "utf8").includes(Id)) return undefined;
    readlinkSync(`/proc/${Pid}/root`);
    return agentBeside(Pid);
  } catch {
    return undefined;
  }
}

/** `docker run` of the helper: its standard input and output are the connection. */
async function helperCommand(engine: ContainerEngine, facts: ContainerFacts, options: StartOptions): Promise<string[]> {
  const image = await ensureHelperImage(engine, options);
  const { Id, HostConfig } = facts;
  const pid = mainProcess(facts);
  // prettier-ignore
  return [
    engine.path, "run", "--rm", "--interactive", "--pull=never", "--log-driver=none", "--read-only",
    "--label=dev.elsewhere.helper-of=" + Id,
    `--pid=container:${Id}`, `--network=container:${Id}`, "--user=0:0",
    // Docker takes the host name over with the network.
    ...(engine.name === "podman" ? [`--uts=container:${Id}`] : []),
    ...userNamespace(engine, facts),
    // The profiles that confine containers (AppArmor's, SELinux's) forbid to look from one into another.
    "--security-opt=apparmor=unconfined", "--security-opt=label=disable",
    ...[...CAPABILITIES, ...(HostConfig.CapAdd ?? [])].map((name) => `--cap-add=${name}`),
    image, "agent", "--root", `/proc/${pid}/root`, "--pid", String(pid),
  ];
}

/** What has rights in the target only in its user namespace must be there, too. */
function userNamespace({ name }: ContainerEngine, { Id, HostConfig: { UsernsMode } }: ContainerFacts): string[] {
  if (UsernsMode === "" || (UsernsMode === "host" && name === "podman")) return [];
  return [name === "docker" ? `--userns=${UsernsMode}` : `--userns=container:${Id}`];
}

/** The number of a container's main process where the helper sees it. */
function mainProcess({ HostConfig: { PidMode }, State: { Pid }, Name }: ContainerFacts): number {
  if (PidMode === "" || PidMode === "private") return 1;
  if (PidMode === "host") return Pid;
  throw new ElsewhereError({
    code: "target-unusable",
    message: `container ${Name} shares the processes of another one (--pid=${PidMode})`,
    hint: "as root on the engine's machine it can be a target",
  });
}
