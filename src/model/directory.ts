/**
 * Working directory and root (`struct fs_struct`), which threads share and CLONE_FS may share
 * between processes. The kernel's own answer is read each time it is wanted: any process may
 * rename a directory above, so nothing that is remembered would be right. What is
 * remembered is what the kernel cannot know: a directory that exists for the program only.
 */
import { readLink } from "./kernel.ts";

export class WorkingDirectory {
  /**
   * Set by whoever answers `chdir` to a directory that the kernel does not have; a real
   * `chdir` or `fchdir` that succeeds ends it.
   */
  virtual: string | undefined;

  /** What fork and unshare make of it. */
  copy(): WorkingDirectory {
    const copy = new WorkingDirectory();
    copy.virtual = this.virtual;
    return copy;
  }

  /** As the program would be told by getcwd(2); undefined where the thread is gone. */
  pathFor(tid: number): string | undefined {
    if (this.virtual !== undefined) return this.virtual;
    const root = rootOf(tid);
    const path = readLink(`/proc/${tid}/cwd`);
    return root === undefined || path === undefined ? undefined : insideRoot(path, root);
  }
}

/** The thread's root directory, as this process sees it. */
export const rootOf = (tid: number): string | undefined => readLink(`/proc/${tid}/root`);

/** A path as this process sees it → as a thread with this root does. A path outside of it stays as it is. */
export function insideRoot(path: string, root: string): string {
  if (root === "/" || root === "") return path;
  if (path === root) return "/";
  return path.startsWith(`${root}/`) ? path.slice(root.length) : path;
}
