/** One rule of a sandbox: which calls it is asked about, and what it denies. */
import type { ErrnoName } from "../../hooks/generated/calls.ts";
import type { AnyCall, CallName } from "../../hooks/types.ts";

/** Which part of a sandbox has denied a call; "bypass": those calls that would lead round all of it. */
export type PolicyName = "network" | "write" | "exec" | "hide" | "bypass";

/** What is denied: the path or the address, for the audit log. */
export interface Violation {
  readonly what: string;
  readonly error: ErrnoName;
}

export interface Policy {
  readonly name: PolicyName;
  readonly calls: readonly CallName[];
  /** Undefined where the call is allowed. */
  violation(call: AnyCall): Violation | undefined | Promise<Violation | undefined>;
}
