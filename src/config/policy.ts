/**
 * Where a file is: the rules are asked in their order, and the first that matches the path decides. Asked for every path
 * of every call, so what was decided is remembered.
 */
import { assert } from "../errors.ts";
import type { Origin } from "./origin.ts";
import type { CompiledPattern } from "./pattern.ts";

/**
 * - `local`: the file of this machine
 * - `remote-read`: the target's file, which nobody changes: writing fails with EROFS
 * - `remote`: the target's file
 * - `absent`: there is no such file, ENOENT
 */
export type FileMode = "local" | "remote-read" | "remote" | "absent";

export interface FileRule {
  /** As it was written: "/etc/app/*.yaml", "/\\.pem$/". */
  readonly pattern: string;
  readonly mode: FileMode;
  readonly origin: Origin;
  /** Of the defaults: what it is good for. */
  readonly why?: string;
  readonly compiled: CompiledPattern;
}

export interface FileDecision {
  readonly mode: FileMode;
  readonly rule: FileRule;
}

/** Paths remembered; beyond, all are forgotten. A tree that is walked once is no reason to keep it in memory. */
const REMEMBERED = 65_536;

export class FilePolicy {
  readonly rules: readonly FileRule[];
  readonly #decisions: readonly FileDecision[];
  readonly #remembered = new Map<string, FileDecision>();

  /** @param rules the first that matches decides; the last one matches every path */
  constructor(rules: readonly FileRule[]) {
    assert(rules.at(-1)?.compiled.literal === "/", "the last rule of a file policy is about all paths");
    this.rules = rules;
    this.#decisions = rules.map((rule) => ({ mode: rule.mode, rule }));
  }

  /** @param path absolute, without `.`, `..`, `//` and a slash at its end */
  decide(path: string): FileDecision {
    const known = this.#remembered.get(path);
    if (known !== undefined) return known;
    const decision = this.#decisions.find(({ rule }) => rule.compiled.matches(path));
    assert(decision !== undefined, "a file policy decides every absolute path");
    if (this.#remembered.size >= REMEMBERED) this.#remembered.clear();
    this.#remembered.set(path, decision);
    return decision;
  }
}
