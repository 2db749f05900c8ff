/** Calls that start a program, for those who have it started from another file than the one that it names. */

/** What is started in the place of what the call names. */
export interface Started {
  /** The file, absolute. */
  readonly file: string;
  /** What the program sees as its own path (/proc/self/exe, AT_EXECFN), where that is not the file's. */
  readonly program?: string | undefined;
  /** Other arguments than the call's own, without NUL. */
  readonly argv?: readonly Uint8Array[] | undefined;
}

export interface StartingCall {
  /**
   * Goes on as `proceed` does, with another file.
   * @returns −errno; null when the program was started
   */
  startAs(started: Started): Promise<number | null>;
}

export const startsProgram = (name: string): boolean => name === "execve" || name === "execveat";

/** Whether a hook's call is one that starts a program. */
export const isStarting = <C extends { readonly name: string }>(call: C): call is C & StartingCall =>
  startsProgram(call.name);
