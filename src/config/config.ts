/** What a configuration may say. `schema.ts` checks it, docs/configuration.md explains it. */
import type { OutgoingMode } from "./outgoing.ts";
import type { PathPattern } from "./pattern.ts";
import type { FileMode } from "./policy.ts";

/** What a configuration file exports, or `connect` is given: docs/configuration.md. */
export interface ElsewhereConfig {
  /** For editors: where this file's schema is. */
  readonly $schema?: string;
  /** Where the program is as if: "container:api". */
  readonly target?: string;
  /** Whether what has to be brought to another machine (`ssh:`) stays there for the next time: false. */
  readonly keep?: boolean;
  readonly files?: FilesConfig;
  readonly env?: EnvironmentConfig;
  readonly network?: NetworkConfig;
  /** Whether the program sees the target's host and domain name: true. */
  readonly hostname?: boolean;
  /** Whose user and group ids the program sees: the target's, its own (false), or these. */
  readonly identity?: boolean | UserAndGroup;
  /** Where the program starts: "target" (where the target's main process is) or an absolute path; else where you are. */
  readonly workdir?: string;
  /** "target", "local", or the name of a zone: "Europe/Berlin". */
  readonly timezone?: string;
}

/** Ids that a program is to see as its own. */
export interface UserAndGroup {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Which files are whose. The first pattern that matches decides, asked in this order: `rules` from the top, `absent`,
 * `local`, `readOnly`, `readWrite`, the defaults.
 */
export interface FilesConfig {
  /** Files that nothing else names: "remote-read". */
  readonly default?: "local" | "remote-read" | "remote";
  /** Where the order of the lists is not what is wanted. */
  readonly rules?: readonly FileRuleConfig[];
  /** Not there for the program, here or there. */
  readonly absent?: readonly PathPattern[];
  /** Of this machine. */
  readonly local?: readonly PathPattern[];
  /** Of the target; writing fails with EROFS. */
  readonly readOnly?: readonly PathPattern[];
  /** Of the target. */
  readonly readWrite?: readonly PathPattern[];
}

/** A rule about files, where the order of the lists is not what is wanted. */
export interface FileRuleConfig {
  readonly path: PathPattern;
  readonly mode: FileMode;
}

/** Whose network the program has. */
export interface NetworkConfig {
  readonly outgoing?: OutgoingConfig;
  /** Whose interfaces, addresses and routes the program finds: the target's ("remote"). */
  readonly interfaces?: "remote" | "local";
}

/**
 * Where what the program connects to is connected to. The first pattern that matches decides, asked in this order:
 * `rules` from the top, `refuse`, `local`, `remote`, the defaults. A pattern is "tcp://10.0.0.0/8:5432",
 * "*.internal:443", "localhost:3000-3999", ":25", "unix:/run/app.sock".
 */
export interface OutgoingConfig {
  /** False: all connections begin on this machine, and nobody looks at them. */
  readonly enabled?: boolean;
  /** What nothing else names: "remote". */
  readonly default?: OutgoingMode;
  /** Where the order of the lists is not what is wanted. */
  readonly rules?: readonly OutgoingRuleConfig[];
  /** Nowhere: connecting fails with ECONNREFUSED. */
  readonly refuse?: readonly string[];
  /** From this machine. */
  readonly local?: readonly string[];
  /** From the target. */
  readonly remote?: readonly string[];
}

/** A rule about connections, where the order of the lists is not what is wanted. */
export interface OutgoingRuleConfig {
  readonly to: string;
  readonly mode: OutgoingMode;
  /** What connecting fails with where it is refused: "ECONNREFUSED". */
  readonly errno?: string;
}

/** The program's variables: the target's over yours, but for those that belong to this machine (PATH, HOME, …). */
export interface EnvironmentConfig {
  /** Names of the target's that are taken, `*` is any text: all. A name in full is taken even if yours would stay. */
  readonly include?: readonly string[];
  /** Names of the target's that are not. */
  readonly exclude?: readonly string[];
  /** Whether your variables are there too: true. */
  readonly local?: boolean;
  /** A file with more, NAME=value lines (dotenv); relative to this file. */
  readonly file?: string;
  /** More. */
  readonly override?: Readonly<Record<string, string>>;
  /** Names that the program gets in no case. */
  readonly unset?: readonly string[];
}

/** What an `elsewhere.config.ts` exports by default: checked by the editor, and as it is. */
export function defineConfig(config: ElsewhereConfig): ElsewhereConfig {
  return config;
}
