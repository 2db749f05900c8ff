/**
 * io_uring carries out calls without system call instructions, so it would go past hooks. While a
 * hook names a call that a ring can make, io_uring_setup fails with ENOSYS, as in a kernel that was built without:
 * programs have another way for that.
 */
import { callGroups } from "../linux/groups.ts";
import { defineHooks, type HookSet } from "./define.ts";

/** Calls that a ring can make and that are not about files, descriptors or sockets (enum io_uring_op). */
const others: readonly string[] = ["futex", "madvise", "waitid"];

/** Whether a ring could make this call past its hooks. */
export const isInRing = (name: string): boolean =>
  others.includes(name) ||
  (!name.startsWith("io_uring_") && ["file", "desc", "network"].some((group) => callGroups[group]?.has(name) === true));

/** Behind all other hooks, so that one which names io_uring_setup itself decides. */
export const withoutRings: HookSet = defineHooks({
  io_uring_setup: (call) => call.fail("ENOSYS"),
});
