/**
 * `embedded`: a sandbox on this machine. unshare(1) makes the namespaces, the agent is the first process in them and
 * makes a container's surroundings there (agent/sandbox.ts): when it ends, the kernel ends everything in the sandbox.
 * A shell outside waits for that end and removes what was made in the file system, whoever was killed.
 */
import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ElsewhereError } from "../errors.ts";
import { agentCommand } from "./agent-program.ts";
import { SOCKET, startAgent } from "./agent-process.ts";
import type { StartedAgent, StartOptions, TargetKind } from "./target.ts";
import { tool } from "./tools.ts";
import { namespaceSettingInTheWay } from "./user-namespaces.ts";

export interface EmbeddedOptions {
  /** What its root is; without it an empty directory that is removed at the end. */
  readonly directory?: string;
  /** Files to lay into the root first, by path there; directories are made. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** @default "elsewhere" */
  readonly hostname?: string;
  /** The environment of the sandbox, as a whole. @default PATH, HOME and HOSTNAME as a container has them */
  readonly env?: Readonly<Record<string, string>>;
  /** The working directory, a path in the sandbox; made where it does not exist. @default "/" */
  readonly workdir?: string;
}

/** A sandbox that runs, and an agent in it. */
export interface Embedded extends StartedAgent {
  /** Its root, as a directory of this machine. What is mounted in it (/proc, /dev, /tmp) is seen in the sandbox only. */
  readonly root: string;
  /** The agent's number, as this process sees it; the first process in there. */
  readonly pid: number | undefined;
  /** Runs a program of the sandbox in it: `command` is a path there. */
  run(command: string, args: readonly string[], options: RunOptions): ChildProcess;
}

export interface RunOptions {
  readonly stdio?: StdioOptions;
  /** @default the sandbox's */
  readonly env?: Readonly<Record<string, string>>;
  /** @default the sandbox's */
  readonly workdir?: string;
}

export const embedded: TargetKind = {
  name: "embedded",
  usage: "embedded[:DIRECTORY]",
  summary: "a sandbox on this machine, its root DIRECTORY or empty",
  start: (directory, options) => startEmbedded(directory === "" ? {} : { directory }, options),
};

/** What a container's runtime fills, where the root has no such directory of its own or it is empty anyway. */
const filled = ["proc", "sys", "dev", "tmp"];

/** Runs the rest of its arguments; then removes what the first two say. $1: a root, $2: names in it, or "everything". */
const guard = `
trap '' HUP INT TERM
root=$1 made=$2
shift 2
exec 4<&0 </dev/null
"$@" <&4 4<&- &
exec 3<&- 4<&- >/dev/null
wait $!
status=$?
if [ "$made" = everything ]; then
  chmod -R u+rwX -- "$root" 2>/dev/null
  rm -rf --one-file-system -- "$root"
else
  for name in $made; do rmdir -- "$root/$name" 2>/dev/null; done
fi
exit $status`;

/** @throws ElsewhereError `target-unusable` */
export async function startEmbedded(options: EmbeddedOptions, { progress, signal }: StartOptions): Promise<Embedded> {
  progress("making a sandbox");
  const hostname = options.hostname ?? "elsewhere";
  const env = options.env ?? {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: "/root",
    HOSTNAME: hostname,
  };
  const workdir = options.workdir ?? "/";
  const tools = { unshare: tool("unshare"), nsenter: tool("nsenter"), sh: tool("sh") };
  const { root, made, fill } = prepareRoot({ ...options, workdir });
  const agent = await startAgent({
    target: "a sandbox",
    // prettier-ignore
    command: [
      tools.sh, "-c", guard, "elsewhere-guard", root, made,
      tools.unshare, "--user", "--map-root-user", "--mount", "--pid", "--net", "--uts", "--fork", "--kill-child", "--",
      ...agentCommand("--sandbox", "--descriptor", String(SOCKET)),
    ],
    talks: "socket",
    input: JSON.stringify({ root, hostname, env, workdir, fill }),
    hint: missing,
    ...(signal === undefined ? {} : { signal }),
  });
  return {
    ...agent,
    root,
    [Symbol.asyncDispose]: agent[Symbol.asyncDispose],
    run(command, args, { stdio = "inherit", ...other }) {
      const inside = ["--user", "--mount", "--pid", "--net", "--uts", "--preserve-credentials"];
      return spawn(
        tools.nsenter,
        // prettier-ignore
        [
          "--target", String(agent.pid), ...inside, "--",
          tools.unshare, `--root=${root}`, `--wd=${other.workdir ?? workdir}`, "--", command, ...args,
        ],
        { stdio, env: { ...(other.env ?? env) } },
      );
    },
  };
}

interface PreparedRoot {
  readonly root: string;
  /** What the guard removes. */
  readonly made: string;
  readonly fill: readonly string[];
}

function prepareRoot({ directory, files = {}, workdir }: EmbeddedOptions & { workdir: string }): PreparedRoot {
  const root = directory === undefined ? temporaryRoot() : existing(directory);
  const made: string[] = [];
  try {
    for (const name of filled) if (makeDirectory(join(root, name))) made.push(name);
    mkdirSync(join(root, workdir), { recursive: true });
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
  } catch (error) {
    if (directory === undefined) rmSync(root, { recursive: true });
    throw unusable("the sandbox's root cannot be made", error);
  }
  // A directory that was there keeps what is in it, but /proc and /dev are of no use as they are.
  const fill = filled.filter((name) => made.includes(name) || name === "proc" || name === "dev");
  return { root, made: directory === undefined ? "everything" : made.join(" "), fill };
}

function temporaryRoot(): string {
  try {
    const root = realpathSync(mkdtempSync(join(tmpdir(), "elsewhere-sandbox-")));
    chmodSync(root, 0o755);
    return root;
  } catch (error) {
    throw unusable("the sandbox's root cannot be made", error);
  }
}

function existing(directory: string): string {
  try {
    const root = realpathSync(directory);
    if (statSync(root).isDirectory()) return root;
  } catch (error) {
    throw unusable(`${directory} cannot be a sandbox's root`, error);
  }
  throw new ElsewhereError({ code: "target-unusable", message: `${directory} is not a directory` });
}

function makeDirectory(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

const unusable = (message: string, cause: unknown): ElsewhereError =>
  new ElsewhereError({ code: "target-unusable", message, context: [String(cause)], cause });

/** Why a kernel makes no user namespace for this user, and what changes that. */
function missing(said: string): string | undefined {
  const refused = /unshare failed|uid_map|setgroups|mount \/proc|EPERM|ENOSPC|Operation not permitted/.test(said);
  return refused
    ? (namespaceSettingInTheWay() ?? "in a container it needs --privileged, or --security-opt seccomp=unconfined")
    : undefined;
}
