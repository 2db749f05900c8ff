/** Calls on descriptors of the target's named pipes. Reading, writing and waiting are the kernel's. */
import { onMarked } from "../hooks/define.ts";
import { statOf } from "../hooks/stat.ts";
import type { BaseCall, Hooks, Outcome } from "../hooks/types.ts";
import type { Attributes } from "../session/remote-files.ts";
import { error } from "./errors.ts";
import { valueInto } from "./path-calls.ts";
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

const change = async (pipe: TargetPipe, attributes: Attributes): Promise<number> =>
  pipe.isReadOnly ? error("EROFS") : pipe.files.setAttributes(pipe.place, attributes);

export const pipeCalls: Hooks = {
  fstat: on(async ({ args }, pipe) => {
    const statx = await pipe.stat();
    return typeof statx === "number" ? statx : fill(args.statbuf, statOf(statx));
  }),
  fchmod: on(({ args }, pipe) => change(pipe, { mode: args.mode & 0o7777 })),
  fchown: on(({ args }, pipe) => change(pipe, { uid: args.user >>> 0, gid: args.group >>> 0 })),
  fgetxattr: on(async (call, { files, place }) => {
    const { name, size } = call.args;
    return valueInto(call.buffer, size, await files.getExtendedAttribute(place, name, size));
  }),
  flistxattr: on(async (call, { files, place }) => {
    const { size } = call.args;
    return valueInto(call.buffer, size, await files.listExtendedAttributes(place, size));
  }),
  fsetxattr: on(async ({ args, buffer }, { files, place, isReadOnly }) =>
    isReadOnly ? error("EROFS") : files.setExtendedAttribute(place, args.name, buffer.read(), args.flags),
  ),
  fremovexattr: on(async ({ args }, { files, place, isReadOnly }) =>
    isReadOnly ? error("EROFS") : files.removeExtendedAttribute(place, args.name),
  ),
  write: on((call, pipe) => (pipe.isForBoth ? pipe.write(call.buffer.read(), call.signal) : undefined)),
  writev: on((call, pipe) => (pipe.isForBoth ? pipe.write(call.buffer.read(), call.signal) : undefined)),
};
