/**
 * Three kinds of failure travel in three channels: what a user can mend is an
 * {@link ElsewhereError}; what a hooked call reports is an errno *value*; a bug
 * is an {@link assert} that stops the tool.
 */

/** Exit codes as `env` and `docker run` use them. */
export const exitCodes = {
  /** The tool itself failed, or was used wrongly. */
  toolFailed: 125,
  /** The program was found but cannot be run (hooked). */
  cannotRun: 126,
  /** The program was not found. */
  notFound: 127,
} as const;

/** Every code an {@link ElsewhereError} may carry; stable, so that scripts can test for one. */
export type ErrorCode =
  // what the file is
  | "not-found"
  | "not-a-file"
  | "not-executable"
  | "not-elf"
  | "script"
  | "packed"
  | "elf-malformed"
  | "elf-unsupported"
  | "not-go"
  | "go-malformed"
  | "go-no-sites"
  | "machine-unsupported"
  // what the machine or its user allows
  | "cache-unusable"
  | "patch-impossible"
  | "patch-verification"
  | "mailbox-unusable"
  | "launch-failed"
  | "listen-failed"
  | "output-unusable"
  | "hooks-unusable"
  | "config-unusable"
  // the other end of a session
  | "target-unusable"
  | "protocol"
  | "recording-unusable"
  | "usage";

/** What an `ElsewhereError` is made of. */
export interface ErrorDetails {
  readonly code: ErrorCode;
  /** What happened, one short sentence without a full stop. */
  readonly message: string;
  /** Facts, a line each: which file, structure, offset, wanted, found. */
  readonly context?: readonly string[];
  /** What the user can do about it. */
  readonly hint?: string;
  readonly exitCode?: number;
  readonly cause?: unknown;
}

/** A failure that a user can understand and mend; printed without a stack trace. */
export class ElsewhereError extends Error {
  override readonly name = "ElsewhereError";
  readonly code: ErrorCode;
  readonly context: readonly string[];
  readonly hint: string | undefined;
  readonly exitCode: number;

  constructor(details: ErrorDetails) {
    super(details.message, { cause: details.cause });
    this.code = details.code;
    this.context = details.context ?? [];
    this.hint = details.hint;
    this.exitCode = details.exitCode ?? exitCodes.toolFailed;
  }
}

/** Stops on a broken invariant: a bug of ours, never a user's mistake or bad input. */
export function assert(condition: unknown, invariant: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${invariant}`);
}
