/** `replay`: the same program, fed from a recording. */
import { resolve } from "node:path";
import { z } from "zod";
import { defineHooks, type HookSet } from "../hooks/define.ts";
import type { AnyCall, Hook, Outcome } from "../hooks/types.ts";
import { checkOptions } from "./options.ts";
import { Recording } from "./recording/contents.ts";
import { describeDifference, type Difference } from "./recording/differences.ts";
import { recordedPathCalls } from "./recording/path-calls.ts";
import { MetProcesses } from "./recording/processes.ts";
import { FileReplayer } from "./recording/replay-files.ts";
import { compareResults, putResults } from "./recording/results.ts";
import { checkStart, chdirTo } from "./recording/start.ts";
import { Scratch } from "./recording/scratch.ts";

export interface ReplayOptions {
  /** What becomes of the files that the program writes: compared with those of the recorded run ("compare"), or put on the disk as well. */
  readonly writes?: "compare" | "real";
  /** What the program gets that asks for what was not recorded: an error ("fail"), or this machine's answer. */
  readonly unknown?: "fail" | "real";
  /** Told of whatever is different; prints to standard error where it is not given. */
  readonly onDifference?: (difference: Difference) => void;
}

const schema = z.strictObject({
  writes: z.enum(["compare", "real"]).optional(),
  unknown: z.enum(["fail", "real"]).optional(),
  onDifference: z
    .unknown()
    .refine((value) => typeof value === "function", "must be a function")
    .optional(),
});

/**
 * Runs a program as it was when it was recorded: its files, its network and its input come from the recording. Use it for
 * one run; docs/record-replay.md says what is the same and what cannot be.
 *
 * ```ts
 * export default replay("run.elsewhere");
 * ```
 *
 * @throws ElsewhereError `recording-unusable` with file and offset on a recording that is damaged or cut off, `usage` on
 *   options that make no sense
 */
export function replay(path: string, options: ReplayOptions = {}): HookSet {
  checkOptions("replay", schema, options);
  const { unknown = "fail", writes = "compare" } = options;
  const tell =
    options.onDifference ??
    ((difference: Difference) => void process.stderr.write(`${describeDifference(difference)}\n`));
  const recording = new Recording(resolve(path));
  const scratch = new Scratch(recording);
  const files = new FileReplayer(recording, scratch, unknown, tell);
  let root: number | undefined;
  const processes = new MetProcesses(({ id, pid }) => {
    if (id !== 0) return;
    root = pid;
    checkStart(recording, pid, tell);
  });
  let ready: Promise<void> | undefined;
  const hooks: Record<string, Hook<AnyCall>> = {};
  const add = (name: string, hook: Hook<AnyCall>): void => {
    hooks[name] = async (call): Promise<Outcome> => {
      processes.of(call);
      if (call.process.pid === root) ready ??= chdirTo(call, recording, scratch, tell);
      await ready;
      return hook(call);
    };
  };
  for (const name of recordedPathCalls()) add(name, (call) => files.serve(call));
  add("getcwd", (call) => files.serve(call));
  add("fstat", (call) => files.examine(call));
  add("fcntl", () => {});
  return defineHooks(hooks, {
    ended: () => {
      compareResults(recording, scratch, files.changes, tell);
      if (writes === "real") putResults(scratch, files.changes);
      scratch[Symbol.dispose]();
    },
  });
}
