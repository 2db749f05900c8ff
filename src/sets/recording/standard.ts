/** Standard input, output and error of the program that was started, and whatever descriptors lead to them. */
import type { AnyCall } from "../../hooks/types.ts";
import { streamKey } from "./socket-calls.ts";

/** At the program's first call: from now on calls on these descriptors are asked for. */
export function markStandardStreams({ process: { descriptors } }: AnyCall): void {
  for (const fd of [0, 1, 2]) {
    const file = descriptors.get(fd);
    if (file === undefined) continue;
    // Output and error are often one open file: it is the output then.
    if (!file.data.has(streamKey)) file.data.set(streamKey, fd);
    descriptors.mark(fd);
  }
}

/** 0, 1 or 2 for what leads to a standard stream. */
export const standardStream = ({ process: { descriptors } }: AnyCall, fd: number): number | undefined =>
  descriptors.get(fd)?.data.get(streamKey) as number | undefined;

/** What is asked of a standard stream: under this key the answer is kept. */
export function questionOf(call: AnyCall, stream: number): string | undefined {
  if (call.is("fstat")) return `fstat ${stream}`;
  return call.is("ioctl") ? `ioctl ${stream} ${call.args.cmd}` : undefined;
}

/** Bytes of an answer: struct stat, struct termios and winsize as the kernel has them; other commands are not kept. */
export function answerSize(call: AnyCall, statSize: number): number | undefined {
  if (call.is("fstat")) return statSize;
  return call.is("ioctl") ? ioctls[call.args.cmd] : undefined;
}

/** TCGETS and TIOCGWINSZ (include/uapi/asm-generic/ioctls.h, termbits.h, termios.h). */
const ioctls: Readonly<Record<number, number>> = { 0x5401: 36, 0x5413: 8 };

/** Where the call has its answer put. */
export const answerAddress = ({ registers, name }: AnyCall): bigint => registers[name === "fstat" ? 1 : 2] ?? 0n;
