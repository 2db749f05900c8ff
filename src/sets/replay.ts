/** `replay`: the same program, fed from a recording. */
import { resolve } from "node:path";
import { z } from "zod";
import { defineHooks, type HookSet, onMarked } from "../hooks/define.ts";
import type { AnyCall, CallName, Hook, Outcome } from "../hooks/types.ts";
import { checkOptions } from "./options.ts";
import { Recording } from "./recording/contents.ts";
import { describeDifference, type Difference } from "./recording/differences.ts";
import { recordedPathCalls } from "./recording/path-calls.ts";
import { MetProcesses } from "./recording/processes.ts";
import { MachineReplayer } from "./recording/replay-machine.ts";
import { receiving, sending } from "./recording/record-sockets.ts";
import { ReplayedParts } from "./recording/parts.ts";
import { type ReplayedSocket, SocketReplayer } from "./recording/replay-sockets.ts";
import { markStandardStreams, standardStream } from "./recording/standard.ts";
import { unseenTransfers } from "./recording/unseen.ts";
import { FileReplayer } from "./recording/replay-files.ts";
import { compareResults, putResults } from "./recording/results.ts";
import { checkStart, chdirTo } from "./recording/start.ts";
import { Scratch } from "./recording/scratch.ts";

/** How `replay` replays, and who hears what is different. */
export interface ReplayOptions {
  /** What becomes of the files that the program writes: compared with those of the recorded run ("compare"), or put on the disk as well. */
  readonly writes?: "compare" | "real";
  /** What the program gets that asks for what was not recorded: an error ("fail"), or this machine's answer. */
  readonly unknown?: "fail" | "real";
  /** Told of whatever is different; prints to standard error where it is not given. */
  readonly onDifference?: (difference: Difference) => void;
  /** Told when all who came to the program have come again and got their answers: a server may be ended then. */
  readonly onServed?: () => void;
}

const callback = z
  .unknown()
  .refine((value) => typeof value === "function", "must be a function")
  .optional();
const schema = z.strictObject({
  writes: z.enum(["compare", "real"]).optional(),
  unknown: z.enum(["fail", "real"]).optional(),
  onDifference: callback,
  onServed: callback,
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
  const sockets = new SocketReplayer(recording, unknown, tell, () => options.onServed?.());
  const machine = new MachineReplayer(recording, tell);
  const parts = new ReplayedParts(recording);
  let root: number | undefined;
  const processes = new MetProcesses((process) => {
    parts.begin(process);
    if (process.id !== 0) return;
    root = process.pid;
    checkStart(recording, process.pid, tell);
  });
  let ready: Promise<void> | undefined;
  const hooks: Record<string, Hook<AnyCall>> = {};
  const add = (names: readonly CallName[], hook: Hook<AnyCall>): void => {
    for (const name of names)
      hooks[name] = async (call): Promise<Outcome> => {
        processes.of(call);
        if (ready === undefined && call.process.pid === root) {
          markStandardStreams(call);
          ready = chdirTo(call, recording, scratch, tell);
        }
        await ready;
        return hook(call);
      };
  };
  /** Hooks of calls on descriptors that are marked: sockets and standard streams. */
  const addMarked = (
    names: readonly CallName[],
    onSocket: (call: AnyCall, socket: ReplayedSocket) => Outcome | Promise<Outcome>,
    onStream: (call: AnyCall, stream: number) => Outcome | Promise<Outcome> = () => {},
  ): void => {
    for (const name of names)
      hooks[name] = onMarked((call) => {
        const socket = sockets.of(call, call.fd ?? -1);
        if (socket !== undefined) return onSocket(call, socket);
        const stream = standardStream(call, call.fd ?? -1);
        return stream === undefined ? undefined : onStream(call, stream);
      });
  };
  add([...recordedPathCalls(), "getcwd"], (call) => files.serve(call));
  add(["fstat"], (call) => {
    const stream = standardStream(call, call.fd ?? -1);
    return stream === undefined ? files.examine(call) : machine.ask(call, stream);
  });
  add(["fcntl"], () => {}); // the first call of most programs: os.NewFile
  add(["getrandom"], (call) => machine.random(call, parts.of(processes.of(call).id)));
  add(["uname"], (call) => machine.uname(call));
  add(["socket"], (call) => sockets.socket(call));
  addMarked(["connect"], (call, socket) => sockets.connect(call, socket));
  addMarked(["bind"], (call, socket) => sockets.bind(call, socket));
  addMarked(["listen"], (call, socket) => sockets.listen(call, socket));
  addMarked(["accept", "accept4"], (call, socket) => sockets.accept(call, socket));
  addMarked(["getsockname", "getpeername"], (call, socket) => sockets.name(call, socket));
  addMarked(["getsockopt", "setsockopt"], (call) => sockets.option(call));
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
  addMarked(
    ["ioctl"],
    () => {},
    (call, stream) => machine.ask(call, stream),
  );
  return defineHooks(
    { ...hooks, ...unseenTransfers },
    {
      ended: () => {
        machine.end();
        compareResults(recording, scratch, files.changes, tell);
        if (writes === "real") putResults(scratch, files.changes);
        scratch[Symbol.dispose]();
        sockets[Symbol.dispose]();
      },
    },
  );
}
