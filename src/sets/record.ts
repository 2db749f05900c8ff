/** `record`: everything that a run reads, gets, asks and leaves, in one file. */
import { resolve } from "node:path";
import { z } from "zod";
import { defineHooks, type HookSet, onMarked } from "../hooks/define.ts";
import type { AnyCall, CallName, Hook, Outcome } from "../hooks/types.ts";
import { resolvePath } from "../model/resolve.ts";
import { checkOptions } from "./options.ts";
import { MadeUpFile } from "./recording/made-up.ts";
import { recordedPathCalls } from "./recording/path-calls.ts";
import { MetProcesses, startOf } from "./recording/processes.ts";
import { FileRecorder } from "./recording/record-files.ts";
import { MachineRecorder } from "./recording/record-machine.ts";
import { type RecordedSocket, receiving, sending, SocketRecorder } from "./recording/record-sockets.ts";
import { markStandardStreams, standardStream } from "./recording/standard.ts";
import { unseenTransfers } from "./recording/unseen.ts";
import { RecordingWriter } from "./recording/writer.ts";

/** How `record` records. */
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
  const machine = new MachineRecorder(writer);
  const processes = new MetProcesses(({ id, parent, pid, program }, tid) => {
    const start = startOf(pid);
    writer.write({ k: "process", id, parent, program, ...start });
    // Where it begins has to be there again.
    resolvePath(files.treeOf({ pid, tid, program }), { path: "/", kind: "directory" }, start.cwd, { follow: true });
  });
  const idOf = (call: AnyCall): number => processes.of(call).id;
  const sockets = new SocketRecorder(writer, idOf);
  let hasBegun = false;
  const hooks: Record<string, Hook<AnyCall>> = {};
  const add = (names: readonly CallName[], hook: Hook<AnyCall>): void => {
    for (const name of names)
      hooks[name] = (call) => {
        processes.of(call);
        if (!hasBegun) markStandardStreams(call);
        hasBegun = true;
        return hook(call);
      };
  };
  /** Hooks of calls on descriptors that are marked: sockets and standard streams. */
  const addMarked = (
    names: readonly CallName[],
    onSocket: (call: AnyCall, socket: RecordedSocket) => Outcome | Promise<Outcome>,
    onStream: (call: AnyCall, stream: number) => Outcome | Promise<Outcome> = () => {},
  ): void => {
    for (const name of names)
      hooks[name] = onMarked((call) => {
        const socket = sockets.of(call, call.fd ?? -1);
        if (socket !== undefined) return onSocket(call, socket);
        const madeUp = MadeUpFile.of(call, call.fd ?? -1);
        if (madeUp !== undefined) return receiving.includes(call.name) ? madeUp.read(call) : undefined;
        const stream = standardStream(call, call.fd ?? -1);
        return stream === undefined ? undefined : onStream(call, stream);
      });
  };
  add(recordedPathCalls(), (call) => files.serve(call));
  add(["fcntl"], () => {}); // the first call of most programs: os.NewFile
  add(["getrandom"], (call) => machine.random(call, idOf(call)));
  add(["uname"], (call) => machine.uname(call));
  add(["socket"], (call) => sockets.socket(call));
  addMarked(["connect"], (call, socket) => sockets.connect(call, socket));
  addMarked(["bind"], (call, socket) => sockets.bind(call, socket));
  addMarked(["listen"], (call, socket) => sockets.listen(call, socket));
  addMarked(["accept", "accept4"], (call, socket) => sockets.accept(call, socket));
  addMarked(["getsockname", "getpeername"], (call, socket) => sockets.name(call, socket));
  addMarked(["getsockopt"], (call, socket) => sockets.option(call, socket));
  addMarked(
    sending,
    (call, socket) => sockets.send(call, socket),
    (call, stream) => (stream === 0 ? undefined : machine.output(call, stream)),
  );
  addMarked(
    receiving,
    (call, socket) => sockets.receive(call, socket),
    (call, stream) => (stream === 0 ? machine.input(call) : undefined),
  );
  hooks["pread64"] = onMarked((call) => MadeUpFile.of(call, call.fd ?? -1)?.read(call));
  addMarked(
    ["fstat", "ioctl"],
    () => {},
    (call, stream) => machine.ask(call, stream),
  );
  return defineHooks(
    { ...hooks, ...unseenTransfers },
    {
      ended: () => {
        files.end();
        writer.end();
      },
    },
  );
}
