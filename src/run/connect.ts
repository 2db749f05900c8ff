/** From a target's name to a target that programs can be run in. */
import type { ElsewhereConfig } from "../config/config.ts";
import { homeFolders } from "../config/here.ts";
import { codeSpeaker, settle } from "../config/settings.ts";
import type { SessionEvent } from "../session/session.ts";
import { Agents } from "../target/agents.ts";
import { type EmbeddedOptions, startEmbedded } from "../target/embedded.ts";
import { findTarget } from "../target/kinds.ts";
import type { StartedAgent, StartOptions } from "../target/target.ts";
import { ConnectedTarget, type RemoteTarget } from "./connected-target.ts";

/** A sandbox on this machine that is made for the occasion, with files in it; gone at the end. */
export interface EmbeddedTarget extends EmbeddedOptions {
  readonly kind: "embedded";
}

/** What `connect` may be told. */
export interface ConnectOptions {
  /** Which files, connections, names and variables are the target's. No file is read: a configuration can be imported. */
  readonly config?: ElsewhereConfig;
  /** What "./" in patterns and `env.file` begin at: the working directory. */
  readonly folder?: string;
  /** Gives up connecting. Of no meaning afterwards. */
  readonly signal?: AbortSignal;
  /** Told what is being done until the target answers, for people: "starting an agent in container api". */
  readonly onProgress?: (doing: string) => void;
  /** Told when the connection is lost, is there again, or is over. */
  readonly onConnection?: (event: SessionEvent) => void;
}

/**
 * Starts an agent in a target and opens a session with it.
 *
 * ```ts
 * await using target = await connect("container:api", { config: { files: { readWrite: ["/srv/**"] } } });
 * await using server = await target.launch("./server", { args: ["--port", "8080"] });
 * ```
 *
 * @param target as on the command line ("container:api", "ssh:web", "process:4711"), or a sandbox to be made
 * @throws ElsewhereError `target-unusable` with what is missing, `config-unusable`
 */
export async function connect(target: string | EmbeddedTarget, options: ConnectOptions = {}): Promise<RemoteTarget> {
  const { config = {}, folder = process.cwd(), signal, onProgress, onConnection } = options;
  signal?.throwIfAborted();
  const settings = settle([codeSpeaker(config, folder)], { file: undefined, homes: homeFolders() });
  const start = starter(target);
  const connecting = { signal };
  const agents = new Agents((lost) => {
    const signals = [lost, connecting.signal].filter((each) => each !== undefined);
    return start({
      keep: settings.keep.value,
      progress: (doing) => onProgress?.(doing),
      ...(signals.length > 0 && { signal: AbortSignal.any(signals) }),
    });
  });
  const connected = await ConnectedTarget.open(agents, settings, onConnection);
  connecting.signal = undefined;
  return connected;
}

function starter(target: string | EmbeddedTarget): (options: StartOptions) => Promise<StartedAgent> {
  if (typeof target !== "string") return (options) => startEmbedded(target, options);
  const { kind, name } = findTarget(target);
  return (options) => kind.start(name, options);
}
