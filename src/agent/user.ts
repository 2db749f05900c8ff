/** The agent's rights are those of the target's main process: what that may not read, it may not. */
import type { Identity } from "./identity.ts";

/**
 * Takes over user and groups, in all threads (nptl(7): glibc and musl tell each of them).
 * @throws Error where this process has no right to: EPERM
 */
export function becomeUser({ euid = 0, egid = 0, groups = [] }: Identity): void {
  const { getgroups, setgroups, geteuid, getegid, setuid, setgid } = process;
  if (!getgroups || !setgroups || !geteuid || !getegid || !setuid || !setgid) return; // no Unix: never
  if (!isSame(getgroups(), groups)) setgroups([...groups]);
  if (getegid() !== egid) setgid(egid);
  if (geteuid() !== euid) setuid(euid);
}

/** Node.js adds the effective group to the list. */
function isSame(own: readonly number[], wanted: readonly number[]): boolean {
  const set = new Set(own);
  const effective = process.getegid?.();
  return wanted.every((group) => set.has(group)) && own.every((group) => group === effective || wanted.includes(group));
}
