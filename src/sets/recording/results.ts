/** What a replay leaves, held against what the recorded run left. */
import { chmodSync, cpSync, mkdirSync, readlinkSync, rmSync } from "node:fs";
import { posix } from "node:path";
import type { Changes } from "./changes.ts";
import type { Recording } from "./contents.ts";
import { type Difference, firstDifference, withoutNumbers } from "./differences.ts";
import type { EventOf } from "./events.ts";
import type { Scratch } from "./scratch.ts";
import { kindOf, statOf } from "./stat.ts";

/** Tells of every path that was left otherwise, in the order of their names. */
export function compareResults(
  recording: Recording,
  scratch: Scratch,
  changes: Changes,
  tell: (difference: Difference) => void,
): void {
  const wanted = new Map(recording.all("result").map((result) => [result.path, result]));
  // Temporary files have other names in every run.
  const spare = new Map<string, EventOf<"result">[]>();
  for (const result of wanted.values())
    if (!changes.has(result.path) && /\d/.test(result.path)) {
      const alike = spare.get(withoutNumbers(result.path)) ?? [];
      spare.set(withoutNumbers(result.path), [...alike, result]);
    }
  for (const path of [...changes].toSorted()) {
    const result = wanted.get(path) ?? spare.get(withoutNumbers(path))?.shift();
    if (result !== undefined) wanted.delete(result.path);
    if (result === undefined && statOf(scratch.realOf(path)) === undefined) continue; // made and removed
    compare(path, result, recording, scratch, tell);
  }
  for (const [path, result] of wanted) if (result.kind !== "absent") compare(path, result, recording, scratch, tell);
}

function compare(
  path: string,
  result: EventOf<"result"> | undefined,
  recording: Recording,
  scratch: Scratch,
  tell: (difference: Difference) => void,
): void {
  const here = scratch.realOf(path);
  const stats = statOf(here);
  const kind = kindOf(stats);
  const written = (wanted: string, found: string): void => tell({ kind: "written", what: path, wanted, found });
  if (result === undefined) {
    tell({ kind: "written", what: path, found: `a ${kind}` });
    return;
  }
  if (kind !== result.kind) written(result.kind, kind);
  else if (kind === "symlink" && readlinkSync(here) !== result.target)
    written(String(result.target), readlinkSync(here));
  else if (kind === "file") {
    const content = recording.blob(result.blob);
    const difference = content === undefined ? undefined : firstDifference(content, scratch.contentOf(path));
    if (difference !== undefined) tell({ kind: "written", what: path, ...difference });
  }
  const mode = Number(stats?.mode ?? 0n) & 0o777;
  if (kind === "file" && result.kind === "file" && mode !== (result.mode & 0o777))
    written(`mode 0${(result.mode & 0o777).toString(8)}`, `mode 0${mode.toString(8)}`);
}

/** Puts what the replay has written where it belongs on the disk. */
export function putResults(scratch: Scratch, changes: Changes): void {
  // Directories before what is in them.
  for (const path of [...changes].toSorted()) {
    const here = scratch.realOf(path);
    const stats = statOf(here);
    if (stats === undefined) {
      rmSync(path, { recursive: true, force: true });
      continue;
    }
    mkdirSync(posix.dirname(path), { recursive: true });
    if (stats.isDirectory()) mkdirSync(path, { recursive: true });
    else cpSync(here, path, { verbatimSymlinks: true, force: true });
    if (!stats.isSymbolicLink()) chmodSync(path, Number(stats.mode) & 0o7777);
  }
}
