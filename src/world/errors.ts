/** Results of calls that are refused here. */
import type { ErrnoName } from "../hooks/generated/calls.ts";
import { errnoNumber } from "../linux/errno.ts";

export const error = (name: ErrnoName): number => -(errnoNumber(name) ?? 0);
