/** Hooks that fail: each place is reported once, however many calls come by it. */
import type { BoundHook, HookSet } from "./define.ts";
import { type Place, placeOf } from "./place.ts";

/** A hook threw, its promise was rejected, or what it returned is no result. */
export interface HookFailure {
  /** The hook by its name in the set: a call or a group. */
  readonly hook: string;
  /** The call that it was about. */
  readonly call: string;
  readonly error: unknown;
  /** Where it was thrown, or where the set was defined; undefined where that cannot be told. */
  readonly place: Place | undefined;
}

export type OnHookError = (failure: HookFailure) => void;

export class Failures {
  readonly #onHookError: OnHookError;
  /** By set: one that is loaded again is another one, with failures of its own. */
  readonly #reported = new WeakMap<HookSet, Set<string>>();

  constructor(onHookError: OnHookError = printFailure) {
    this.#onHookError = onHookError;
  }

  /** @param thrown whether it was thrown, and its stack tells where; what was returned has none */
  report({ name, set }: BoundHook, call: string, error: unknown, thrown: boolean): void {
    const place = (thrown && error instanceof Error ? placeOf(error.stack) : undefined) ?? set.place;
    const key = `${name} ${place?.file}:${place?.line}:${place?.column}`;
    const reported = this.#reported.get(set) ?? new Set();
    if (reported.has(key)) return;
    this.#reported.set(set, reported.add(key));
    try {
      this.#onHookError({ hook: name, call, error, place });
    } catch (inner) {
      printFailure({ hook: "onHookError", call, error: inner, place: undefined });
    }
  }
}

/** On standard error: what failed, where, and what became of the call. */
export function printFailure({ hook, call, error, place }: HookFailure): void {
  const lines = [
    `elsewhere: hook ${hook} failed: ${String(error)}`,
    ...(place === undefined ? [] : [`  at ${place.file}:${place.line}:${place.column}`]),
    `  ${call} goes on as though the hook had returned nothing; this place is not reported again`,
  ];
  process.stderr.write(`${lines.join("\n")}\n`);
}
