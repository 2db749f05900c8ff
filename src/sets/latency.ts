/** `latency`: connections and files that are slow, or let only so many bytes a second pass. */
import { z } from "zod";
import type { HookSet } from "../hooks/define.ts";
import type { AnyCall, CallName, GroupName } from "../hooks/types.ts";
import { callNames, hookCalls } from "./call-names.ts";
import { descriptorsOf } from "./named-files.ts";
import { whenAll } from "./eventually.ts";
import { callName, checkOptions, milliseconds, oneOrMore, seed } from "./options.ts";
import { Peers } from "./peers.ts";
import { Random } from "./random.ts";
import { descriptorTarget } from "./real-path.ts";
import { canBeShort, proceedShort } from "./short.ts";
import { type Target, targetMatcher, type TargetMatcher, targetShape } from "./target.ts";
import { TokenBucket } from "./token-bucket.ts";

/** Milliseconds: always the same, evenly between two, or normally distributed (never below 0). */
export type Delay =
  | number
  | { readonly from: number; readonly to: number }
  | { readonly mean: number; readonly deviation: number };

/** What is slow, and how. */
export interface LatencyRule extends Target {
  /**
   * Calls and groups by name. Where it is not given: those that transfer data; with `to` also connect, with `path`
   * also those that name a path.
   */
  readonly calls?: CallName | GroupName | readonly (CallName | GroupName)[];
  /** How long each call takes longer. Calls that receive wait when there is something, and not for an error. */
  readonly delay?: Delay;
  /** How many bytes pass in a second, each way, for all that the rule is about together. */
  readonly bytesPerSecond?: number;
  /** How many bytes pass at once; what a tenth of a second lets through where it is not given. */
  readonly burst?: number;
}

/** What `latency` does. */
export interface LatencyOptions {
  /** The first rule that is about a call counts. */
  readonly rules: readonly LatencyRule[];
  /** For delays that vary; 0 where it is not given. */
  readonly seed?: number | string;
}

const receiving: ReadonlySet<string> = new Set(
  "read readv pread64 preadv preadv2 recvfrom recvmsg recvmmsg".split(" "),
);
const sending: ReadonlySet<string> = new Set(
  "write writev pwrite64 pwritev pwritev2 sendto sendmsg sendmmsg sendfile splice copy_file_range".split(" "),
);
/** Their result is a number of messages. */
const countMessages: ReadonlySet<string> = new Set(["recvmmsg", "sendmmsg"]);

const delays = z.union([
  milliseconds,
  z.strictObject({ from: milliseconds, to: milliseconds }).refine(({ from, to }) => Number(from) <= Number(to)),
  z.strictObject({ mean: milliseconds, deviation: milliseconds }),
]);
const delay = z
  .unknown()
  .refine((value) => delays.safeParse(value).success, "must be milliseconds, { from, to } or { mean, deviation }");
const schema = z.strictObject({
  rules: z
    .array(
      z
        .strictObject({
          ...targetShape,
          calls: oneOrMore(callName).optional(),
          delay: delay.optional(),
          bytesPerSecond: z.number().positive().optional(),
          burst: z.int().positive().optional(),
        })
        .refine(
          (rule) => rule.delay !== undefined || rule.bytesPerSecond !== undefined,
          "needs delay or bytesPerSecond",
        )
        .refine((rule) => rule.burst === undefined || rule.bytesPerSecond !== undefined, "burst needs bytesPerSecond"),
    )
    .min(1),
  seed,
});

/**
 * Hooks that make connections and files slow.
 *
 * ```ts
 * export default latency({
 *   rules: [{ to: "10.0.0.0/8:5432", delay: { mean: 20, deviation: 5 }, bytesPerSecond: 1e6 }],
 * });
 * ```
 *
 * @throws ElsewhereError `usage` on options that make no sense
 */
export function latency(options: LatencyOptions): HookSet {
  checkOptions("latency", schema, options);
  const peers = new Peers();
  const rules = options.rules.map((rule, index) => new SlowRule(rule, new Random(options.seed ?? 0, index), peers));
  const byCall = new Map<CallName, SlowRule[]>();
  for (const rule of rules) for (const name of rule.calls) byCall.set(name, [...(byCall.get(name) ?? []), rule]);
  return hookCalls(byCall.keys(), (call) => {
    const asked = byCall.get(call.name) ?? [];
    return whenAll(
      asked.map((rule) => rule.matches(call)),
      (found) => asked[found.indexOf(true)]?.slow(call),
    );
  });
}

class SlowRule {
  readonly calls: ReadonlySet<CallName>;
  readonly matches: TargetMatcher;
  readonly #delay: Delay;
  readonly #random: Random;
  readonly #peers: Peers;
  /** Bytes that pass at once; undefined where there is no limit. */
  readonly #burst: number | undefined;
  readonly #received: TokenBucket | undefined;
  readonly #sent: TokenBucket | undefined;

  constructor(rule: LatencyRule, random: Random, peers: Peers) {
    const { calls, bytesPerSecond } = rule;
    const names = calls === undefined ? usualCalls(rule) : [calls].flat();
    this.calls = new Set(names.flatMap((name) => callNames(name) ?? []));
    this.matches = targetMatcher(rule, peers);
    this.#delay = rule.delay ?? 0;
    this.#random = random;
    this.#peers = peers;
    if (bytesPerSecond === undefined) return;
    this.#burst = rule.burst ?? Math.max(1, Math.ceil(bytesPerSecond / 10));
    this.#received = new TokenBucket(bytesPerSecond, this.#burst, performance.now());
    this.#sent = new TokenBucket(bytesPerSecond, this.#burst, performance.now());
  }

  /** Lets the call happen, and takes its time. */
  async slow(call: AnyCall): Promise<void> {
    const receives = receiving.has(call.name);
    if (!receives) await wait(call, this.#nextDelayMs());
    const burst = this.#burst;
    const cut = burst !== undefined && canBeShort(call.name) && (await this.#isCuttable(call));
    const result = await (cut ? proceedShort(call, burst) : call.proceed());
    if (result === null || result <= 0) return;
    const bucket = receives ? this.#received : sending.has(call.name) ? this.#sent : undefined;
    const bytes = countMessages.has(call.name) ? 0 : result;
    await wait(call, (receives ? this.#nextDelayMs() : 0) + (bucket?.take(bytes, performance.now()) ?? 0));
  }

  #nextDelayMs(): number {
    const delay = this.#delay;
    if (typeof delay === "number") return delay;
    if ("from" in delay) return delay.from + this.#random.next() * (delay.to - delay.from);
    return Math.max(0, delay.mean + this.#random.normal() * delay.deviation);
  }

  /** Bytes may go in several calls, messages not. */
  async #isCuttable(call: AnyCall): Promise<boolean> {
    for (const fd of descriptorsOf(call)) {
      if (descriptorTarget(call.tid, fd)?.startsWith("socket:") !== true) continue;
      if ((await this.#peers.of(call, fd))?.isStream !== true) return false;
    }
    return true;
  }
}

function usualCalls({ to, path }: Target): (CallName | GroupName)[] {
  const names = [...receiving, ...sending] as (CallName | GroupName)[];
  if (to !== undefined) names.push("connect");
  if (path !== undefined) names.push("file");
  return names;
}

/** Timers have whole milliseconds; a bucket's debt below that is paid with the next one. */
async function wait(call: AnyCall, milliseconds: number): Promise<void> {
  if (milliseconds >= 1) await call.delay({ milliseconds });
}
