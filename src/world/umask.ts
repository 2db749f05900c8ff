import { readFileSync } from "node:fs";

/** What a thread's new files may not be (proc_pid_status(5), Umask). */
export function umaskOf(tid: number): number {
  const line = /^Umask:\s*([0-7]+)$/m.exec(readFileSync(`/proc/${tid}/status`, "latin1"));
  return Number.parseInt(line?.[1] ?? "022", 8);
}
