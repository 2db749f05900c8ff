/** `record`: everything that a run reads, gets, asks and leaves, in one file. */
import { resolve } from "node:path";
import { z } from "zod";
import { defineHooks, type HookSet } from "../hooks/define.ts";
import type { AnyCall, Hook } from "../hooks/types.ts";
import { resolvePath } from "../model/resolve.ts";
import { checkOptions } from "./options.ts";
import { recordedPathCalls } from "./recording/path-calls.ts";
import { MetProcesses, startOf } from "./recording/processes.ts";
import { FileRecorder } from "./recording/record-files.ts";
import { RecordingWriter } from "./recording/writer.ts";

export interface RecordOptions {
  /** Files of more bytes are recorded without their content: 64 MiB. */
  readonly maxFileBytes?: number;
}

const schema = z.strictObject({ maxFileBytes: z.int().nonnegative().optional() });
const MAX_FILE_BYTES = 64 << 20;

/**
 * Records a run for {@link replay}. docs/record-replay.md says what is recorded and what cannot be.
 *
 * ```ts
 * export default record("run.elsewhere");
 * ```
 *
 * @param path the recording; it holds whatever the program reads and gets, so only you may read it (mode 0600)
 * @throws ElsewhereError `output-unusable` where it cannot be written, `usage` on options that make no sense
 */
export function record(path: string, options: RecordOptions = {}): HookSet {
  checkOptions("record", schema, options);
  const writer = new RecordingWriter(resolve(path));
  const files = new FileRecorder(writer, options.maxFileBytes ?? MAX_FILE_BYTES);
  const processes = new MetProcesses(({ id, parent, pid, program }, tid) => {
    const start = startOf(pid);
    writer.write({ k: "process", id, parent, program, ...start });
    // Where it begins has to be there again.
    resolvePath(files.treeOf({ pid, tid, program }), { path: "/", kind: "directory" }, start.cwd, { follow: true });
  });
  const hooks: Record<string, Hook<AnyCall>> = {};
  const add = (name: string, hook: Hook<AnyCall>): void => {
    hooks[name] = (call) => {
      processes.of(call);
      return hook(call);
    };
  };
  for (const name of recordedPathCalls()) add(name, (call) => files.serve(call));
  add("fcntl", () => {}); // the first call of most programs: os.NewFile
  return defineHooks(hooks, {
    ended: () => {
      files.end();
      writer.end();
    },
  });
}
