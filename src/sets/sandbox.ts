/**
 * `sandbox`: what a program may reach, and a log of what it was denied.
 *
 * Whatever cannot be judged is denied: a hook that throws would let its call go on.
 */
import { appendFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { ElsewhereError } from "../errors.ts";
import { defineHooks, type HookSet } from "../hooks/define.ts";
import type { ErrnoName } from "../hooks/generated/calls.ts";
import type { AnyCall, CallName, Hook, Outcome } from "../hooks/types.ts";
import { checkOptions, destination, oneOrMore, pathPattern } from "./options.ts";
import type { PathPattern } from "./path-patterns.ts";
import { bypassPolicy } from "./sandbox/bypass.ts";
import { execPolicy } from "./sandbox/exec.ts";
import { hideEntries, hidePolicy } from "./sandbox/hide.ts";
import { networkPolicy } from "./sandbox/network.ts";
import type { Policy, PolicyName, Violation } from "./sandbox/policy.ts";
import { writePolicy } from "./sandbox/write.ts";

/** What is not given is not restricted. */
export interface SandboxOptions {
  /** Where the program may connect, send and listen: "127.0.0.1", "*:443", "/run/app.sock". EACCES elsewhere. */
  readonly network?: "deny" | { readonly allow: string | readonly string[] };
  /** Where it may write, make, change and remove files. EROFS elsewhere. */
  readonly write?: "deny" | { readonly allow: PathPattern | readonly PathPattern[] };
  /** Which programs it may start. EACCES for others. */
  readonly exec?: "deny" | { readonly allow: PathPattern | readonly PathPattern[] };
  /** Files that are not there. ENOENT. */
  readonly hide?: PathPattern | readonly PathPattern[];
  /** Told of everything that is denied: a function, or a file that gets a line of JSON each. */
  readonly audit?: string | ((denial: Denial) => void);
  /** Whether calls are denied, or only told of: true. */
  readonly enforce?: boolean;
}

/** A call that was denied. */
export interface Denial {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly pid: number;
  readonly tid: number;
  readonly program: string;
  readonly call: CallName;
  readonly policy: PolicyName;
  /** The real path, the address; of `bypass` the call. */
  readonly what: string;
  readonly error: ErrnoName;
}

const restriction = (of: z.ZodType): z.ZodType =>
  z
    .unknown()
    .superRefine((value, context) => {
      if (value === "deny") return;
      for (const { path, message } of z.strictObject({ allow: of }).safeParse(value).error?.issues ?? [])
        context.addIssue({
          code: "custom",
          message: path.length === 0 ? 'must be "deny" or { allow }' : message,
          path,
        });
    })
    .optional();
const schema = z.strictObject({
  network: restriction(oneOrMore(destination)),
  write: restriction(oneOrMore(pathPattern)),
  exec: restriction(oneOrMore(pathPattern)),
  hide: oneOrMore(pathPattern).optional(),
  audit: z
    .unknown()
    .refine((audit) => typeof audit === "string" || typeof audit === "function", "must be a file or a function")
    .optional(),
  enforce: z.boolean().optional(),
});

/**
 * Hooks that keep a program to what it is allowed. Not a boundary for code that wants out: docs/sets.md says why.
 *
 * ```ts
 * export default sandbox({ network: { allow: "127.0.0.1" }, write: { allow: "/tmp" }, exec: "deny", audit: "denied.jsonl" });
 * ```
 *
 * @throws ElsewhereError `usage` on options that make no sense, `output-unusable` where the log cannot be written
 */
export function sandbox(options: SandboxOptions): HookSet {
  checkOptions("sandbox", schema, options);
  const { network, write, exec, enforce = true } = options;
  const hidden = [options.hide ?? []].flat();
  const audit = auditor(options.audit);
  const policies: Policy[] = [
    bypassPolicy(),
    ...(hidden.length === 0 ? [] : [hidePolicy(hidden)]),
    ...(exec === undefined ? [] : [execPolicy(allowedBy(exec))]),
    ...(write === undefined ? [] : [writePolicy(allowedBy(write))]),
    ...(network === undefined ? [] : [networkPolicy(allowedBy(network))]),
  ];
  const hooks: Record<string, Hook<AnyCall>> = {};
  for (const name of new Set(policies.flatMap(({ calls }) => calls))) {
    const asked = policies.filter(({ calls }) => calls.includes(name));
    hooks[name] = (call) => judge(call, asked, audit, enforce);
  }
  if (hidden.length > 0 && enforce) hooks["getdents64"] = hideEntries(hidden);
  return defineHooks(hooks);
}

/** Asks one policy after the other; the first one that denies the call decides. */
function judge(
  call: AnyCall,
  [policy, ...others]: readonly Policy[],
  audit: (denial: Denial) => void,
  enforce: boolean,
): Outcome | Promise<Outcome> {
  if (policy === undefined) return undefined;
  const settle = (violation: Violation | undefined): Outcome | Promise<Outcome> => {
    if (violation === undefined) return judge(call, others, audit, enforce);
    const { process, tid, name, time } = call;
    const { what, error } = violation;
    audit({
      time: new Date(time).toISOString(),
      pid: process.pid,
      tid,
      program: process.program,
      call: name,
      policy: policy.name,
      what,
      error,
    });
    return enforce ? call.fail(error) : judge(call, others, audit, enforce);
  };
  const failed = (error: unknown): Violation => ({ what: `cannot be judged: ${String(error)}`, error: "EACCES" });
  let found: ReturnType<Policy["violation"]>;
  try {
    found = policy.violation(call);
  } catch (error) {
    found = failed(error);
  }
  return found instanceof Promise ? found.catch(failed).then(settle) : settle(found);
}

const allowedBy = <P>(restriction: "deny" | { readonly allow: P | readonly P[] }): readonly P[] =>
  restriction === "deny" ? [] : ([restriction.allow].flat() as P[]);

function auditor(audit: SandboxOptions["audit"]): (denial: Denial) => void {
  if (audit === undefined) return () => {};
  if (typeof audit === "function")
    // What the log does must not decide what is denied.
    return (denial) => {
      try {
        audit(denial);
      } catch (error) {
        process.stderr.write(`elsewhere: the sandbox's audit failed: ${String(error)}\n`);
      }
    };
  const file = resolve(audit);
  try {
    appendFileSync(file, "");
  } catch (error) {
    throw new ElsewhereError({
      code: "output-unusable",
      message: "the sandbox's log cannot be written",
      context: [`path: ${file}`],
      cause: error,
    });
  }
  return auditor((denial) => appendFileSync(file, `${JSON.stringify(denial)}\n`));
}
