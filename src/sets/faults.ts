/** `faults`: calls that fail now and then, the same ones at every run with the same seed. */
import { z } from "zod";
import type { SocketAddress } from "../hooks/address.ts";
import type { HookSet } from "../hooks/define.ts";
import type { ErrnoName } from "../hooks/generated/calls.ts";
import type { AnyCall, CallName, GroupName, Outcome } from "../hooks/types.ts";
import { callNames, hookCalls } from "./call-names.ts";
import { whenAll } from "./eventually.ts";
import { callName, checkOptions, errnoName, milliseconds, oneOrMore, seed } from "./options.ts";
import { Peers } from "./peers.ts";
import { Random } from "./random.ts";
import { canBeShort, proceedShort } from "./short.ts";
import { type Target, targetMatcher, type TargetMatcher, targetShape } from "./target.ts";

/** Which calls get which fault. Without `nth`, `every`, `first` and `probability` all of them do. */
export interface FaultRule extends Target {
  /** Calls and groups by name: "openat", "file", `["read", "recvfrom"]`. */
  readonly calls: CallName | GroupName | readonly (CallName | GroupName)[];
  /** The nth call that the rule is about, in each process; the first is 1. */
  readonly nth?: number | readonly number[];
  /** Every nth one: 3 is the third, the sixth, … */
  readonly every?: number;
  /** The first n. */
  readonly first?: number;
  /** Each with this probability, 0 to 1. */
  readonly probability?: number;
  /** The call fails with this error, and the kernel never sees it. */
  readonly error?: ErrnoName;
  /** The call transfers at most so many bytes. Calls that transfer none are not the rule's business then. */
  readonly short?: number;
  /** Milliseconds before that. */
  readonly delay?: number;
}

/** What `faults` does. */
export interface FaultsOptions {
  /** Asked in order; all that are about a call count it, the first one whose turn it is decides. */
  readonly rules: readonly FaultRule[];
  /** For `probability`; 0 where it is not given. */
  readonly seed?: number | string;
  /** Told of every fault, before it happens. */
  readonly onFault?: (fault: Fault) => void;
}

/** A call that a rule of `faults` has made fail, or shortened. */
export interface Fault {
  /** The rule's position in `rules`. */
  readonly rule: number;
  readonly call: CallName;
  readonly pid: number;
  readonly tid: number;
  /** Which one it was of the calls that the rule is about, in this process; the first is 1. */
  readonly nth: number;
  /** As the program wrote it; undefined where the call has none. */
  readonly path: string | undefined;
  /** Of calls that name one. */
  readonly address: SocketAddress | undefined;
  readonly error: ErrnoName | undefined;
  readonly short: number | undefined;
}

const which = ["nth", "every", "first", "probability"] as const;
const count = z.int().positive();
const schema = z.strictObject({
  rules: z
    .array(
      z
        .strictObject({
          ...targetShape,
          calls: oneOrMore(callName),
          nth: oneOrMore(count).optional(),
          every: count.optional(),
          first: count.optional(),
          probability: z.number().min(0).max(1).optional(),
          error: errnoName.optional(),
          short: count.optional(),
          delay: milliseconds.optional(),
        })
        .refine((rule) => (rule.error === undefined) !== (rule.short === undefined), "needs either error or short")
        .refine(
          (rule) => which.filter((key) => rule[key] !== undefined).length <= 1,
          `takes only one of ${which.join(", ")}`,
        ),
    )
    .min(1),
  seed,
  onFault: z.function().optional(),
});

/**
 * Hooks that make calls fail, or transfer less than they were asked to.
 *
 * ```ts
 * export default faults({
 *   rules: [{ calls: "openat", path: "/var/lib/app", every: 3, error: "ENOSPC" }],
 * });
 * ```
 *
 * @throws ElsewhereError `usage` on options that make no sense
 */
export function faults(options: FaultsOptions): HookSet {
  checkOptions("faults", schema, options);
  const peers = new Peers();
  const rules = options.rules.map((rule, index) => new Rule(rule, index, options.seed ?? 0, peers));
  const byCall = new Map<CallName, Rule[]>();
  for (const rule of rules) for (const name of rule.calls) byCall.set(name, [...(byCall.get(name) ?? []), rule]);
  return hookCalls(byCall.keys(), (call) => {
    const asked = byCall.get(call.name) ?? [];
    const matches = asked.map((rule) => rule.matches(call));
    const decide = (found: readonly boolean[]): Outcome | Promise<Outcome> => {
      // All of them count, whoever decides: what one rule does shifts no other's turn.
      const [chosen] = asked.filter((_, at) => found[at] === true).flatMap((rule) => rule.turn(call) ?? []);
      if (chosen === undefined) return undefined;
      options.onFault?.(chosen.fault);
      return happen(call, chosen.rule);
    };
    return whenAll(matches, decide);
  });
}

function happen(call: AnyCall, { error, short, delay = 0 }: FaultRule): Outcome | Promise<Outcome> {
  const now = (): number | Promise<number | null> =>
    error === undefined ? proceedShort(call, short ?? 1) : call.fail(error);
  return delay === 0 ? now() : call.delay({ milliseconds: delay }).then(now);
}

interface Turn {
  readonly rule: FaultRule;
  readonly fault: Fault;
}

class Rule {
  readonly calls: ReadonlySet<CallName>;
  readonly matches: TargetMatcher;
  readonly #rule: FaultRule;
  readonly #index: number;
  readonly #seed: number | string;
  /** By process: calls that the rule was about, and dice. */
  readonly #states = new Map<number, { count: number; readonly random: Random }>();

  constructor(rule: FaultRule, index: number, seed: number | string, peers: Peers) {
    const names = [rule.calls].flat().flatMap((name) => callNames(name) ?? []);
    this.calls = new Set(rule.short === undefined ? names : names.filter(canBeShort));
    this.matches = targetMatcher(rule, peers);
    this.#rule = rule;
    this.#index = index;
    this.#seed = seed;
  }

  /** Counts the call; undefined when it is not its turn. */
  turn(call: AnyCall): Turn | undefined {
    const { pid } = call.process;
    let state = this.#states.get(pid);
    // Processes are told apart by their order: their numbers are others at the next run.
    if (state === undefined)
      this.#states.set(pid, (state = { count: 0, random: new Random(this.#seed, this.#index, this.#states.size) }));
    const nth = ++state.count;
    if (!this.#isTurn(nth, state.random)) return undefined;
    const { error, short } = this.#rule;
    const { name, tid, path, address } = call;
    return {
      rule: this.#rule,
      fault: { rule: this.#index, call: name, pid, tid, nth, path, address, error, short },
    };
  }

  #isTurn(count: number, random: Random): boolean {
    const { nth, every, first, probability } = this.#rule;
    if (nth !== undefined) return [nth].flat().includes(count);
    if (every !== undefined) return count % every === 0;
    if (first !== undefined) return count <= first;
    return probability === undefined || random.next() < probability;
  }
}
