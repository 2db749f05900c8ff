/** The calls that name files, as far as a recording knows them. What changes the machine itself is the kernel's. */
import { callsWithPaths } from "../../hooks/call-paths.ts";
import type { CallName } from "../../hooks/types.ts";

const machines =
  /^(?:mount|umount|pivot_root|chroot|swap|acct|quotactl|uselib|fs|move_mount|open_tree|fanotify|name_to_handle)/;

export const recordedPathCalls = (): CallName[] => callsWithPaths.filter((name) => !machines.test(name));
