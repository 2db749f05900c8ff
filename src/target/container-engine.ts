/**
 * Docker and Podman by their own commands, so that contexts, DOCKER_HOST, a daemon behind ssh, rootless ones and
 * whatever else their users have set up is what we use, too.
 */
import { execFile } from "node:child_process";
import { findTool } from "./tools.ts";

/** How long a daemon may take over a question. */
const ANSWER_MS = 15_000;

/** What `inspect` tells of a container, as far as both engines agree and it is wanted. */
export interface ContainerFacts {
  readonly Id: string;
  readonly Name: string;
  readonly State: {
    readonly Status: string;
    readonly Pid: number;
    readonly Running: boolean;
    readonly Paused: boolean;
  };
  readonly HostConfig: {
    readonly PidMode: string;
    readonly UsernsMode: string;
    readonly CapAdd: readonly string[] | null;
    readonly Privileged: boolean;
  };
}

/** What `ps` tells of one. */
export interface ListedContainer {
  readonly engine: string;
  readonly id: string;
  readonly name: string;
  readonly image: string;
}

export interface Answer {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class ContainerEngine {
  /** "docker" or "podman" */
  readonly name: string;
  /** Its command. */
  readonly path: string;

  constructor(name: string, path: string) {
    this.name = name;
    this.path = path;
  }

  /** Runs its command to the end. */
  ask(args: readonly string[], signal?: AbortSignal): Promise<Answer> {
    const options = { maxBuffer: 16 * 1024 * 1024, timeout: ANSWER_MS, ...(signal === undefined ? {} : { signal }) };
    return new Promise((resolve) => {
      execFile(this.path, args, options, (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : typeof error.code === "number" ? error.code : 125;
        const why =
          error === null || stderr !== "" ? stderr : error.killed === true ? "no answer in time" : error.message;
        resolve({ exitCode, stdout, stderr: why.trim() });
      });
    });
  }

  /** @returns undefined where it knows no such container; what it said else */
  async inspect(name: string, signal?: AbortSignal): Promise<ContainerFacts | Answer> {
    const answer = await this.ask(["container", "inspect", "--", name], signal);
    if (answer.exitCode !== 0) return answer;
    const [facts] = JSON.parse(answer.stdout) as ContainerFacts[];
    return facts ?? { ...answer, exitCode: 1 };
  }

  /** Those that run. */
  async list(): Promise<readonly ListedContainer[]> {
    const { stdout } = await this.ask(["ps", "--no-trunc", "--format", "{{.ID}}\t{{.Names}}\t{{.Image}}"]);
    const lines = stdout.split("\n").filter((line) => line !== "");
    return lines.map((line) => {
      const [id = "", name = "", image = ""] = line.split("\t");
      return { engine: this.name, id, name, image };
    });
  }
}

/** Those that are installed. */
export function containerEngines(): readonly ContainerEngine[] {
  return ["docker", "podman"].flatMap((name) => {
    const path = findTool(name);
    return path === undefined ? [] : [new ContainerEngine(name, path)];
  });
}
