/** Which kinds of targets there are, and what a target's text means. */
import { ElsewhereError } from "../errors.ts";
import { embedded } from "./embedded.ts";
import { container } from "./container.ts";
import { processTarget } from "./process.ts";
import { ssh } from "./ssh.ts";
import type { TargetKind } from "./target.ts";

export const targetKinds: readonly TargetKind[] = [embedded, processTarget, container, ssh];

/** What stands in front of the first colon, and what behind it. */
export interface FoundTarget {
  readonly kind: TargetKind;
  /** For {@link TargetKind.start}. */
  readonly name: string;
}

/**
 * What "container:api" means.
 * @throws ElsewhereError `target-unusable` with the kinds that there are
 */
export function findTarget(text: string): FoundTarget {
  const colon = text.indexOf(":");
  const wanted = colon < 0 ? text : text.slice(0, colon);
  const kind = targetKinds.find(({ name }) => name === wanted);
  if (kind !== undefined) return { kind, name: colon < 0 ? "" : text.slice(colon + 1) };
  const near = targetKinds.find(({ name }) => distance(name, wanted.toLowerCase()) <= 3);
  throw new ElsewhereError({
    code: "target-unusable",
    message: `there is no kind of target "${wanted}"`,
    context: targetKinds.map(({ usage, summary }) => `${usage}: ${summary}`),
    hint: near === undefined ? "elsewhere ls lists what could be a target here" : `did you mean ${near.usage}?`,
  });
}

/** How many letters must be put in, left out or replaced to make one word of the other (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (const [i, letter] of a.split("").entries()) {
    const next = [i + 1];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (letter === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
