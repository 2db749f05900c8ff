/** What was different in a replay, and how it is told. */
import type { CallName } from "../../hooks/types.ts";

/** Something that the replay did, or wanted, and the recorded run did not. */
export interface Difference {
  /**
   * "unrecorded": the program asked for what the recording does not have. "written", "output", "sent": it left, printed or sent
   * something else. "start": it was started otherwise. "unreproducible": what it got is not what it got then.
   */
  readonly kind: "unrecorded" | "written" | "output" | "sent" | "start" | "unreproducible";
  /** The path, the address, the name of a stream or call. */
  readonly what: string;
  readonly call?: CallName | undefined;
  /** Where the first byte differs. */
  readonly offset?: number | undefined;
  /** In the recording; undefined where it has nothing of the kind. */
  readonly wanted?: string | undefined;
  /** In the replay; undefined where there was nothing. */
  readonly found?: string | undefined;
  /** The most similar thing that the recording has. */
  readonly nearest?: string | undefined;
  /** What came of it. */
  readonly outcome?: string | undefined;
}

/** "elsewhere: replay: openat /a/b is not in the recording (nearest: /a/c); ENOENT" */
export function describeDifference({ kind, what, call, offset, wanted, found, nearest, outcome }: Difference): string {
  const subject = call === undefined ? what : `${call} ${what}`;
  const at = offset === undefined ? "" : ` at offset ${offset}`;
  const parts =
    kind === "unrecorded"
      ? [`${subject} is not in the recording${nearest === undefined ? "" : ` (nearest: ${nearest})`}`]
      : [`${subject}: wanted ${wanted ?? "nothing"}, found ${found ?? "nothing"}${at}`];
  return ["elsewhere: replay", ...parts].join(": ") + (outcome === undefined ? "" : `; ${outcome}`);
}

/** Bytes shown around a difference. */
const SHOWN = 32;

/** Where two contents differ first, and what is there; undefined where they are the same. */
export function firstDifference(
  wanted: Uint8Array,
  found: Uint8Array,
  offset: number = 0,
): Pick<Difference, "offset" | "wanted" | "found"> | undefined {
  const length = Math.min(wanted.length, found.length);
  let at = 0;
  while (at < length && wanted[at] === found[at]) at++;
  if (at === length && wanted.length === found.length) return undefined;
  return { offset: offset + at, wanted: shown(wanted, at), found: shown(found, at) };
}

/** The bytes from `at` on as text in quotes. */
export function shown(bytes: Uint8Array, at: number): string {
  if (at >= bytes.length) return "its end";
  const text = Buffer.from(bytes.subarray(at, at + SHOWN)).toString("latin1");
  return JSON.stringify(text) + (bytes.length > at + SHOWN ? "…" : "");
}

/** Every number alike: names of temporary files differ in them from run to run. */
export const withoutNumbers = (text: string): string => text.replaceAll(/\d+/g, "0");

/** The one of `candidates` that is most like `wanted`. */
export function nearest(wanted: string, candidates: Iterable<string>): string | undefined {
  const name = wanted.slice(wanted.lastIndexOf("/") + 1);
  let best: string | undefined;
  let bestScore = 0;
  for (const candidate of candidates) {
    let score = 0;
    while (score < candidate.length && score < wanted.length && candidate[score] === wanted[score]) score++;
    if (candidate.endsWith(`/${name}`)) score += 1000;
    if (score > bestScore) [best, bestScore] = [candidate, score];
  }
  return best;
}
