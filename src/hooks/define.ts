/** Hook sets: what a user's file exports and what `launch` takes. */
import { callGroups } from "../linux/groups.ts";
import { type CallTable, isCallName } from "../linux/calls.ts";
import { ElsewhereError } from "../errors.ts";
import { type Place, placeOf } from "./place.ts";
import type { AnyCall, GroupName, Hook, Hooks } from "./types.ts";

/** Hooks that belong together; `defineHooks` makes one. */
export interface HookSet {
  /** As they were given. */
  readonly hooks: Hooks;
  /** Where it was defined; undefined where that cannot be told. */
  readonly place: Place | undefined;
  /** See {@link HookSetOptions}. */
  readonly ended?: HookSetOptions["ended"];
  readonly hasWork?: HookSetOptions["hasWork"];
}

/** What a set does beside its hooks. */
export interface HookSetOptions {
  /** Called when the program has ended and no hook is asked any more, before its end is told. */
  readonly ended?: (() => void | Promise<void>) | undefined;
  /**
   * Whether there is something to do between calls (sockets, timers) that shall not wait. Between calls that come often the
   * event loop turns every 5 ms only.
   */
  readonly hasWork?: (() => boolean) | undefined;
}

const groups: readonly GroupName[] = [
  "any",
  "file",
  "desc",
  "network",
  "process",
  "signal",
  "ipc",
  "memory",
  "creds",
  "clock",
];
/** Whether hooks can be named by this group of calls. */
export const isGroup = (name: string): name is GroupName => groups.includes(name as GroupName);

/** Registered for all copies of this module: a hook file may have another one than the command line. */
const mark = Symbol.for("elsewhere.hooks");

/**
 * Names what shall happen at which calls.
 *
 * ```ts
 * export default defineHooks({
 *   openat(call) {
 *     if (call.path.startsWith("/var/lib/app/")) return call.fail("ENOSPC");
 *   },
 * });
 * ```
 *
 * Hooks of one set that name the same call (`any`, `file` and `openat`) are asked in the order in which they are written.
 */
export function defineHooks(hooks: Hooks, { ended, hasWork }: HookSetOptions = {}): HookSet {
  const set: HookSet = { hooks, place: placeOf(new Error().stack, 1), ended, hasWork };
  Object.defineProperty(set, mark, { value: true });
  return set;
}

const markedOnly = Symbol.for("elsewhere.markedOnly");

/**
 * A hook that is asked only about descriptors which a hook has marked: calls on all others stay in the program.
 *
 * ```ts
 * export default defineHooks({
 *   async openat(call) {
 *     const fd = await call.proceed();
 *     if (fd !== null && fd >= 0 && call.path.endsWith(".log")) call.process.descriptors.mark(fd);
 *   },
 *   write: onMarked((call) => call.buffer.length),
 * });
 * ```
 *
 * @param hook of a call whose first argument is a descriptor; of other calls it is asked for every call, and only about marked ones
 */
export function onMarked<C>(hook: Hook<C>): Hook<C> {
  const marked: Hook<C> = (call) => hook(call);
  Object.defineProperty(marked, markedOnly, { value: true });
  return marked;
}

/** Whether `value` was made by {@link defineHooks}, in whatever copy of this module. */
export const isHookSet = (value: unknown): value is HookSet =>
  typeof value === "object" && value !== null && mark in value;

/** A hook of a set, for one call number. */
export interface BoundHook {
  /** As the set names it: a call, or a group. */
  readonly name: string;
  readonly set: HookSet;
  readonly run: Hook<AnyCall>;
  /** Made by {@link onMarked}. */
  readonly markedOnly: boolean;
}

/**
 * The hooks of a set by call number, each in the order in which the set has them.
 * @throws ElsewhereError `usage` for a name that is neither a call nor a group, or a hook that is no function
 */
export function bindHooks(set: HookSet, calls: CallTable): BoundHook[][] {
  const bound: BoundHook[][] = [];
  for (const [name, hook] of Object.entries(set.hooks) as [string, unknown][]) {
    if (hook === undefined) continue;
    if (typeof hook !== "function") throw wrong(set, `the hook ${name} is not a function`);
    if (!isGroup(name) && !isCallName(name)) throw wrong(set, `there is no call or group "${name}" to hook`);
    // Called as a method, so that `this` is the object that was given.
    const run = (call: AnyCall): ReturnType<Hook<AnyCall>> =>
      (hook as (this: unknown, call: AnyCall) => ReturnType<Hook<AnyCall>>).call(set.hooks, call);
    for (const number of numbersOf(name, calls))
      (bound[number] ??= []).push({ name, set, run, markedOnly: markedOnly in hook });
  }
  return bound;
}

function numbersOf(name: string, calls: CallTable): number[] {
  const names = !isGroup(name) ? [name] : name === "any" ? calls.names : [...(callGroups[name] ?? [])];
  return names.filter((each) => calls.signature(each) !== undefined).flatMap((each) => calls.number(each) ?? []);
}

function wrong({ place }: HookSet, message: string): ElsewhereError {
  return new ElsewhereError({
    code: "usage",
    message,
    context: place === undefined ? [] : [`defined at ${place.file}:${place.line}`],
    hint: "docs/hooks.md lists what can be hooked",
  });
}
