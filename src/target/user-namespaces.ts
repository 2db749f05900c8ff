/** Settings of a kernel that keep users from making namespaces. */
import { readFileSync } from "node:fs";

const settings: readonly { readonly name: string; readonly refuses: string; readonly means: string }[] = [
  // Debian's and Ubuntu's own (kernel/fork.c with their patch)
  { name: "kernel.unprivileged_userns_clone", refuses: "0", means: "=1" },
  // Ubuntu 23.10 and newer (security/apparmor/lsm.c)
  {
    name: "kernel.apparmor_restrict_unprivileged_userns",
    refuses: "1",
    means: "=0, or an AppArmor profile with userns",
  },
  // kernel/ucount.c
  { name: "user.max_user_namespaces", refuses: "0", means: "=15000" },
];

/** What to change, "sysctl kernel.unprivileged_userns_clone=1"; undefined where none of them is in the way. */
export function namespaceSettingInTheWay(): string | undefined {
  for (const { name, refuses, means } of settings)
    if (read(name) === refuses) return `user namespaces are switched off: sysctl ${name}${means}`;
  return undefined;
}

function read(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name.replaceAll(".", "/")}`, "utf8").trim();
  } catch {
    return undefined; // a kernel without it
  }
}
