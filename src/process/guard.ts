/**
 * What sees to it that no hooked program is left when this process is killed, whatever it is doing. (The calls that
 * should have been answered end it by themselves: `deadly` in mailbox/layout.ts.) A shell that reads from a pipe which nobody
 * but this process has open for writing, and which the kernel closes with it. For programs that must not go on with the
 * kernel's own answers, since they would be about another machine than they believe to be on.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Writable } from "node:stream";
import type { Call } from "./call.ts";

/** include/uapi/linux/prctl.h */
const PR_SET_PDEATHSIG = 1n;
const SIGKILL = 9n;

/**
 * Has the kernel itself kill a program that this process has started, at once when this process dies. Not one that
 * another program has started: its parent is a thread, which may end before its process does.
 * @param number of the call prctl
 */
export function dieWithParent(call: Call, number: number, done: () => void): void {
  const status = readFileSync(`/proc/${call.process.pid}/status`, "latin1");
  const isOurs = Number(/^PPid:\s*(\d+)$/m.exec(status)?.[1]) === process.pid;
  if (isOurs) call.run(done, number, [PR_SET_PDEATHSIG, SIGKILL], false);
  else done();
}

/** Kills whoever has the memory object $1 (an inode) mapped, until nobody has: a fork may have been under way. */
const script = `
trap '' HUP INT QUIT TERM
read -r word && exit
while found= ; for maps in /proc/[0-9]*/maps; do
  grep -q " $1 */memfd:" "$maps" || continue
  found=1 process=\${maps#/proc/}
  kill -9 "\${process%/maps}"
done; [ -n "$found" ]; do :; done 2>/dev/null`;

export class Guard implements Disposable {
  readonly #shell: ChildProcess & { readonly stdin: Writable };

  /** @param inode of the mailbox */
  constructor(inode: number) {
    this.#shell = spawn("/bin/sh", ["-c", script, "elsewhere-guard", String(inode)], {
      stdio: ["pipe", "ignore", "ignore"],
      cwd: "/",
      detached: true, // Ctrl-C is not meant for it
    });
    this.#shell.on("error", () => undefined); // then nobody guards
    this.#shell.stdin.on("error", () => undefined);
    this.#shell.unref();
  }

  /** The programs may go on. */
  [Symbol.dispose](): void {
    this.#shell.stdin.end("done\n");
  }
}
