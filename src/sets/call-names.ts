/** Calls as the options of hook sets name them: one by one, or by the groups that hooks have. */
import { callTables, isCallName } from "../linux/calls.ts";
import { callGroups } from "../linux/groups.ts";
import { defineHooks, type HookSet, isGroup } from "../hooks/define.ts";
import type { AnyCall, CallName, Hook } from "../hooks/types.ts";

const all: readonly string[] = [...new Set(Object.values(callTables).flatMap(({ names }) => names))].filter(isCallName);
/** The calls behind a name; undefined where there are none. */
export function callNames(name: string): readonly CallName[] | undefined {
  if (isCallName(name)) return [name as CallName];
  if (name === "any") return all as readonly CallName[];
  return isGroup(name) ? ([...(callGroups[name] ?? [])].filter(isCallName) as CallName[]) : undefined;
}

/** A hook set that asks `hook` about each of these calls, once. */
export function hookCalls(names: Iterable<CallName>, hook: Hook<AnyCall>): HookSet {
  return defineHooks(Object.fromEntries([...new Set(names)].map((name) => [name, hook])));
}
