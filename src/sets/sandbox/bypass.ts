/** Calls that lead round the other policies: files without a path, other mounts, other processes, calls without a call. */
import type { CallName } from "../../hooks/types.ts";
import type { Policy } from "./policy.ts";

const calls = (
  "io_uring_setup open_by_handle_at mount umount2 pivot_root move_mount open_tree fsmount mount_setattr " +
  "ptrace process_vm_writev pidfd_getfd"
).split(" ") as CallName[];

export function bypassPolicy(): Policy {
  return {
    name: "bypass",
    calls,
    // Programs that would use io_uring do without where a kernel has none.
    violation: ({ name }) => ({ what: name, error: name === "io_uring_setup" ? "ENOSYS" : "EPERM" }),
  };
}
