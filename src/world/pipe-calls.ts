/** Calls on descriptors of the target's named pipes. Reading, writing and waiting are the kernel's. */
import { onMarked } from "../hooks/define.ts";
import { statOf } from "../hooks/stat.ts";
import type { BaseCall, Hooks, Outcome } from "../hooks/types.ts";
import { fill } from "./structures.ts";
import { TargetPipe } from "./target-pipe.ts";

interface OnDescriptor extends BaseCall {
  readonly fd: number;
}

const on = <C extends OnDescriptor>(answer: (call: C, pipe: TargetPipe) => Outcome | Promise<Outcome>) =>
  onMarked((call: C): Outcome | Promise<Outcome> => {
    const pipe = TargetPipe.behind(call.process.descriptors.get(call.fd));
    return pipe === undefined ? undefined : answer(call, pipe);
  });

export const pipeCalls: Hooks = {
  fstat: on(async ({ args }, pipe) => {
    const statx = await pipe.stat();
    return typeof statx === "number" ? statx : fill(args.statbuf, statOf(statx));
  }),
  fchmod: on(({ args }, pipe) => pipe.files.setAttributes(pipe.place, { mode: args.mode & 0o7777 })),
  fchown: on(({ args }, pipe) => pipe.files.setAttributes(pipe.place, { uid: args.user >>> 0, gid: args.group >>> 0 })),
  write: on((call, pipe) => (pipe.isForBoth ? pipe.write(call.buffer.read(), call.signal) : undefined)),
  writev: on((call, pipe) => (pipe.isForBoth ? pipe.write(call.buffer.read(), call.signal) : undefined)),
};
