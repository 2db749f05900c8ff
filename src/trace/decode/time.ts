/** Times and timers. */
import { decimal, type Format } from "./format.ts";
import { enumeration } from "./named.ts";
import { nested, outputOf, pointerTo, structure, type Structure } from "./structure.ts";

export const timespecStructure: Structure = structure("__kernel_timespec", { tv_sec: decimal, tv_nsec: decimal });
export const timevalStructure: Structure = structure("__kernel_old_timeval", { tv_sec: decimal, tv_usec: decimal });

export const timespec: Format = pointerTo(timespecStructure);
export const timeval: Format = pointerTo(timevalStructure);
export const outputTimespec: ReturnType<typeof outputOf> = outputOf(timespecStructure);
export const outputTimeval: ReturnType<typeof outputOf> = outputOf(timevalStructure);

export const itimerspecStructure: Structure = structure("__kernel_itimerspec", {
  it_interval: nested(timespecStructure),
  it_value: nested(timespecStructure),
});
export const itimervalStructure: Structure = structure("__kernel_old_itimerval", {
  it_interval: nested(timevalStructure),
  it_value: nested(timevalStructure),
});

export const clock: Format = enumeration("clock", "CLOCK_???");
