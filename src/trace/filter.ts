/**
 * `-e`: which calls a trace shows. A filter is a list of words with commas between:
 * calls ("openat"), groups with or without % ("network", "%file"), "all", "none", and
 * as strace has them "/regex" and "?word" (no complaint when there is no such call);
 * "!word" takes away. An expression may begin with "trace=". Several add up, and what
 * is taken away anywhere stays away.
 *
 * As in strace a "!" at the very beginning is for all words of its expression. Where
 * nothing is asked for, only things taken away, the default is what they are taken from.
 */
import { ElsewhereError } from "../errors.ts";
import type { CallTable } from "../linux/calls.ts";
import { callGroup, callGroups } from "../linux/groups.ts";

/**
 * @param expressions the arguments of all -e options
 * @param table       the machine's calls
 * @param defaults    what is shown when no expression asks for anything
 * @returns names of calls
 * @throws ElsewhereError "usage" for a word that is neither a call nor a group
 */
export function parseFilter(
  expressions: readonly string[],
  table: CallTable,
  defaults: ReadonlySet<string>,
): ReadonlySet<string> {
  let wanted: ReadonlySet<string> | undefined;
  let unwanted: ReadonlySet<string> = new Set();
  for (const expression of expressions) {
    const { words, negated } = split(expression);
    for (const word of words) {
      const negative = word.startsWith("!");
      const calls = callsOf(negative ? word.slice(1) : word, table, expression);
      if (negative || negated) unwanted = unwanted.union(calls);
      else wanted = (wanted ?? new Set()).union(calls);
    }
  }
  return (wanted ?? defaults).difference(unwanted);
}

/** The words that an expression may hold, for completions and messages. */
export function filterWords(table: CallTable): readonly string[] {
  return ["all", "none", ...Object.keys(callGroups).filter((group) => !group.startsWith("%")), ...table.names];
}

function split(expression: string): { words: readonly string[]; negated: boolean } {
  const [, qualifier, list = ""] = /^(?:(\w+)=)?(.*)$/s.exec(expression) ?? [];
  if (qualifier !== undefined && qualifier !== "trace" && qualifier !== "t")
    throw new ElsewhereError({
      code: "usage",
      message: `-e ${qualifier}=… is not known`,
      context: [`in: -e ${expression}`],
      hint: "only trace=… is taken from strace's expressions",
    });
  const negated = list.startsWith("!");
  const words = (negated ? list.slice(1) : list).split(",").map((word) => word.trim());
  if (words.includes(""))
    throw new ElsewhereError({
      code: "usage",
      message: "-e has an empty word",
      context: [`in: -e '${expression}'`],
      hint: "separate calls and groups with one comma each, as in -e network,openat",
    });
  return { words, negated };
}

function callsOf(word: string, table: CallTable, expression: string): ReadonlySet<string> {
  if (word === "all") return new Set(table.names);
  if (word === "none") return new Set();
  if (word.startsWith("/")) return matching(word.slice(1), table, expression);
  const optional = word.startsWith("?");
  const name = optional ? word.slice(1) : word;
  if (table.number(name) !== undefined) return new Set([name]);
  const group = callGroup(name);
  if (group) return group.intersection(new Set(table.names));
  if (optional) return new Set();
  throw unknown(name, table, expression);
}

function matching(source: string, table: CallTable, expression: string): ReadonlySet<string> {
  let pattern: RegExp;
  try {
    pattern = new RegExp(source, "u");
  } catch (cause) {
    const context = [`in: -e ${expression}`];
    throw new ElsewhereError({ code: "usage", message: `/${source} is not a regular expression`, context, cause });
  }
  return new Set(table.names.filter((name) => pattern.test(name)));
}

function unknown(word: string, table: CallTable, expression: string): ElsewhereError {
  const nearest = suggestions(word.replace(/^%/, ""), filterWords(table));
  const groups = Object.keys(callGroups).filter((group) => !/stat/.test(group));
  return new ElsewhereError({
    code: "usage",
    message: `there is no call or group "${word}"`,
    context: [`in: -e ${expression}`],
    hint: nearest.length > 0 ? `did you mean ${nearest.join(" or ")}?` : `groups are ${groups.join(", ")}`,
  });
}

/** At most three words that differ from this one by few letters, or hold the whole of it. */
function suggestions(word: string, known: readonly string[]): readonly string[] {
  const lower = word.toLowerCase();
  const allowed = Math.max(1, Math.floor(word.length / 3));
  const near = [...new Set(known)].flatMap((name) => {
    const distance = editDistance(lower, name);
    if (word.length > 2 && name.includes(lower)) return { name, score: distance / 2 };
    return distance <= allowed ? { name, score: distance } : [];
  });
  return near
    .sort((a, b) => a.score - b.score)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** Levenshtein's: the fewest letters to insert, delete or replace. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
