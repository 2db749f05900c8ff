/** The flags that say where a program is as if, and what it sees there: what exec and config do alike. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { ElsewhereConfig } from "../config/config.ts";
import { findConfig } from "../config/find.ts";
import { homeFolders } from "../config/here.ts";
import type { Origin } from "../config/origin.ts";
import type { Settings, Speaker } from "../config/settings.ts";
import type { KeyPath } from "../config/source.ts";

/** As commander gives them. */
export interface TargetOptions {
  readonly target?: string;
  readonly keep?: boolean;
  /** False: --no-config. */
  readonly config?: string | false;
  readonly filesAbsent: readonly string[];
  readonly filesLocal: readonly string[];
  readonly filesReadOnly: readonly string[];
  readonly filesReadWrite: readonly string[];
  /** False: --no-outgoing. */
  readonly outgoing: boolean;
  readonly outgoingRefuse: readonly string[];
  readonly outgoingLocal: readonly string[];
  readonly outgoingRemote: readonly string[];
  readonly env: readonly Assignment[];
  readonly envFile?: string;
  readonly workdir?: string;
}

/** Where nothing is said. */
export const noTargetOptions: TargetOptions = {
  filesAbsent: [],
  filesLocal: [],
  filesReadOnly: [],
  filesReadWrite: [],
  outgoing: true,
  outgoingRefuse: [],
  outgoingLocal: [],
  outgoingRemote: [],
  env: [],
};

type Assignment = readonly [name: string, value: string];

/** Which flag says a value; of a list, its list. */
const flagsOf: Readonly<Record<string, string>> = {
  target: "--target",
  keep: "--keep",
  "files.absent": "--files-absent",
  "files.local": "--files-local",
  "files.readOnly": "--files-read-only",
  "files.readWrite": "--files-read-write",
  "network.outgoing.enabled": "--no-outgoing",
  "network.outgoing.refuse": "--outgoing-refuse",
  "network.outgoing.local": "--outgoing-local",
  "network.outgoing.remote": "--outgoing-remote",
  "env.override": "--env",
  "env.file": "--env-file",
  workdir: "--workdir",
};

/** Where the target is named. */
export function addTargetOption(command: Command, description: string): Command {
  return command
    .option("--target <target>", `${description} TARGET (container:NAME, process:PID, ssh:HOST, …)`)
    .option("--keep", "leave there what has to be brought to another machine (ssh:), for the next time")
    .addOption(
      new Option("--config <file>", "read FILE instead of the elsewhere.config.ts, .json or .yaml that is found"),
    )
    .option("--no-config", "read no configuration file");
}

export function addTargetOptions(command: Command): Command {
  return addTargetOption(command, "run it as if in")
    .addOption(globOption("--files-read-only <glob>", "files of the target, to be read"))
    .addOption(globOption("--files-read-write <glob>", "files of the target, to be changed"))
    .addOption(globOption("--files-local <glob>", "files of this machine"))
    .addOption(globOption("--files-absent <glob>", "files that are nowhere"))
    .addOption(destinationOption("--outgoing-remote <destination>", "connections that begin in the target (all)"))
    .addOption(destinationOption("--outgoing-local <destination>", "connections that begin on this machine"))
    .addOption(destinationOption("--outgoing-refuse <destination>", "connections that are refused"))
    .option("--no-outgoing", "no connection begins in the target")
    .addOption(new Option("--env <assignment>", "set a variable: NAME=value").argParser(assignment).default([], "none"))
    .option("--env-file <file>", "set the variables of FILE, NAME=value lines")
    .option("--workdir <directory>", 'start in DIRECTORY; "target" is where the target\'s main process is');
}

/** "tcp://10.0.0.0/8:5432" (config/destination-pattern.ts) */
const destinationOption = (flags: string, description: string): Option => globOption(flags, description);

const globOption = (flags: string, description: string): Option =>
  new Option(flags, description)
    .argParser((value: string, before: readonly string[]) => [...before, value])
    .default([], "none");

function assignment(text: string, before: readonly Assignment[]): readonly Assignment[] {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("It must be NAME=value.");
  return [...before, [text.slice(0, at), text.slice(at + 1)]];
}

/** Whether there is anything to ask {@link targetSettings} for: without a target on the way nobody waits for it. */
export function mayHaveTarget({ target, config }: TargetOptions): boolean {
  const { ELSEWHERE_TARGET, ELSEWHERE_CONFIG } = process.env;
  if (target !== undefined || typeof config === "string" || ELSEWHERE_TARGET) return true;
  return config !== false && (Boolean(ELSEWHERE_CONFIG) || findConfig(process.cwd(), homeFolders()) !== undefined);
}

/**
 * What holds: flags before ELSEWHERE_TARGET and ELSEWHERE_CONFIG before the file before the defaults.
 * @throws ElsewhereError `config-unusable`
 */
export async function targetSettings(options: TargetOptions): Promise<Settings> {
  const { loadSettings } = await import("../config/load.ts");
  return loadSettings({
    speakers: [flags(options), variables()],
    file: options.config ?? (process.env["ELSEWHERE_CONFIG"] || undefined),
    importModule: async (path) => (await import("./user-modules.ts")).importConfig(path),
  });
}

function flags(options: TargetOptions): Speaker {
  const config: ElsewhereConfig = {
    ...(options.target !== undefined && { target: options.target }),
    ...(options.keep !== undefined && { keep: options.keep }),
    files: {
      absent: options.filesAbsent,
      local: options.filesLocal,
      readOnly: options.filesReadOnly,
      readWrite: options.filesReadWrite,
    },
    network: {
      outgoing: {
        ...(options.outgoing ? {} : { enabled: false }),
        refuse: options.outgoingRefuse,
        local: options.outgoingLocal,
        remote: options.outgoingRemote,
      },
    },
    env: {
      override: Object.fromEntries(options.env),
      ...(options.envFile !== undefined && { file: options.envFile }),
    },
    ...(options.workdir !== undefined && { workdir: options.workdir }),
  };
  return speaker(
    config,
    (path) => path.map((_, at) => flagsOf[path.slice(0, at + 1).join(".")]).find(Boolean) ?? "flags",
    (flag) => ({
      by: "flag",
      flag,
    }),
  );
}

function variables(): Speaker {
  const target = process.env["ELSEWHERE_TARGET"];
  const config: ElsewhereConfig = target ? { target } : {};
  return speaker(
    config,
    () => "ELSEWHERE_TARGET",
    (variable) => ({ by: "variable", variable }),
  );
}

function speaker(
  config: ElsewhereConfig,
  labelOf: (path: KeyPath) => string,
  origin: (label: string) => Origin,
): Speaker {
  return {
    source: { name: "flags", value: config, placeOf: () => undefined, labelOf },
    folder: process.cwd(),
    originOf: (path) => origin(labelOf(path)),
  };
}
