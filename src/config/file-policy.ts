/** The policy of a run: what was said, then the defaults, then the mode of all other paths. */
import { type Here, type Seen, defaultRules } from "./default-rules.ts";
import type { Origin } from "./origin.ts";
import { literalPattern } from "./pattern.ts";
import { type FileMode, FilePolicy, type FileRule } from "./policy.ts";

export interface FileSettings {
  /** Flags and file, in the order in which they are asked. */
  readonly rules: readonly FileRule[];
  /** Where files are that no rule names. */
  readonly otherwise: { readonly mode: FileMode; readonly origin: Origin };
}

export function filePolicy({ rules, otherwise }: FileSettings, here: Here, seen: Seen): FilePolicy {
  const last = { ...otherwise, pattern: "/", why: "everything else", compiled: literalPattern("/") };
  return new FilePolicy([...rules, ...defaultRules(here, seen), last]);
}
